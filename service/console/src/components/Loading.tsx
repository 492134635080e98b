/** Says that something is on its way, where it will stand. */
import styles from "./states.module.css";

export function Loading({ what }: { what: string }) {
  return (
    <div className={styles["loading"]} role="status">
      <span className={styles["pulse"]} aria-hidden="true" />
      Loading {what} …
    </div>
  );
}

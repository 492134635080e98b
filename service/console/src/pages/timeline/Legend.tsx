/** What the marks mean, and which keys move the view. */
import { classes } from "../../components/classes";
import styles from "./Legend.module.css";
import { lookOf } from "../../components/Status";

const STATUSES = ["SUCCESS", "FAILED", "TIMEOUT", "LOST", "CANCELLED", "RUNNING"];

export function Legend() {
  return (
    <div className={styles["legend"]}>
      <ul aria-label="What the marks mean" className={styles["marks"]}>
        {STATUSES.map((status) => (
          <li key={status}>
            <span className={classes(styles["bar"], styles[lookOf(status).tone])} aria-hidden="true" />
            {lookOf(status).word}
          </li>
        ))}
        <li>
          <span className={styles["fire"]} aria-hidden="true" />
          Fire to come
        </li>
        <li>
          <span className={styles["idle"]} aria-hidden="true" />
          Fire that started nothing
        </li>
        <li>
          <span className={styles["bucket"]} aria-hidden="true">
            12
          </span>
          Counts, where there are many
        </li>
      </ul>
      <p className={styles["keys"]}>
        <kbd>←</kbd> <kbd>→</kbd> move, <kbd>+</kbd> <kbd>−</kbd> zoom, <kbd>n</kbd> now. Click a gap: why
        nothing ran. Click a name: all of its lane.
      </p>
    </div>
  );
}

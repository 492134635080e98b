/** A long text or JSON value, as it is: it wraps, and scrolls where it is long. */
import { CopyButton } from "../../components/Copy";
import styles from "./TextBlock.module.css";

export function TextBlock({ label, text }: { label: string; text: string }) {
  return (
    <div className={styles["block"]}>
      <pre className={styles["text"]} tabIndex={0} role="region" aria-label={label}>
        {text}
      </pre>
      <div className={styles["copy"]}>
        <CopyButton text={text} label={`Copy: ${label}`} />
      </div>
    </div>
  );
}

/** Says that there is nothing, why, and what to do next. */
import type { ReactNode } from "react";
import styles from "./states.module.css";

export function Empty({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <div className={styles["empty"]}>
      <p className={styles["title"]}>{title}</p>
      {children !== undefined && <div className={styles["advice"]}>{children}</div>}
    </div>
  );
}

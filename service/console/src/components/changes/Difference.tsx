/** Fields with what they held before, and what after. */
import type { FieldChange } from "../../api/types";
import styles from "./changes.module.css";
import { valueText } from "./values";

export function Difference({ changes }: { changes: readonly FieldChange[] }) {
  return (
    <dl className={styles["difference"]}>
      {changes.map(({ field, before, after }) => (
        <div key={field} className={styles["field"]}>
          <dt>
            <code>{field}</code>
          </dt>
          <dd>
            <del className={styles["before"]}>
              <span className="visually-hidden">before: </span>
              <bdi>{valueText(before)}</bdi>
            </del>
            <span aria-hidden="true"> → </span>
            <ins className={styles["after"]}>
              <span className="visually-hidden">after: </span>
              <bdi>{valueText(after)}</bdi>
            </ins>
          </dd>
        </div>
      ))}
    </dl>
  );
}

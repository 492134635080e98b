/** A table with its head; it scrolls sideways where it does not fit, by the keyboard, too. */
import type { ReactNode } from "react";
import { classes } from "./classes";
import styles from "./table.module.css";

interface TableProps {
  /** Of the part of the page that scrolls. */
  label: string;
  /** What the table is, for those who do not see it; missing: the label. */
  caption?: string;
  columns: readonly (string | Column)[];
  /** Another answer is on its way. */
  isBusy?: boolean;
  /** Of the part that scrolls. */
  className?: string | undefined;
  /** The rows. */
  children: ReactNode;
}

interface Column {
  name: string;
  isNumber: true;
}

export function Table({ label, caption = label, columns, isBusy, className, children }: TableProps) {
  return (
    <div
      className={classes(styles["wrap"], className)}
      role="region"
      aria-label={label}
      tabIndex={0}
      aria-busy={isBusy}
    >
      <table className={styles["table"]}>
        <caption className="visually-hidden">{caption}</caption>
        <thead>
          <tr>
            {columns.map((column) =>
              typeof column === "string" ? (
                <th key={column} scope="col">
                  {column}
                </th>
              ) : (
                <th key={column.name} scope="col" className={styles["number"]}>
                  {column.name}
                </th>
              ),
            )}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </div>
  );
}

/** The next fires on the clocks of the job, of UTC and of this browser. */
import type { Preview } from "../../api/types";
import { classes } from "../../components/classes";
import { inAllZones } from "../../components/When";
import table from "../../components/table.module.css";
import styles from "./Preview.module.css";
import { weekdayOf, zoneColumns } from "./zones";

interface FireTableProps {
  preview: Preview;
  zone: string;
  /** Whether fires that today's plan does not have are marked. */
  marksNew: boolean;
}

export function FireTable({ preview, zone, marksNew }: FireTableProps) {
  const { fireTimes, planChange } = preview;
  const columns = zoneColumns(fireTimes, zone);
  const added = new Set(marksNew ? planChange?.added.map((instant) => Date.parse(instant)) : []);
  const areWhole = fireTimes.every(({ fireTime }) => Date.parse(fireTime) % 60_000 === 0);
  // On each row where it changes, else once for all.
  const offsets = new Set(fireTimes.map(({ localTime }) => offsetIn(localTime)));
  return (
    <div className={table["wrap"]} role="region" aria-label="Next fires" tabIndex={0}>
      <table className={classes(table["table"], styles["fires"])}>
        <caption className="visually-hidden">The next {fireTimes.length} fires of this schedule</caption>
        <thead>
          <tr>
            <th scope="col" className={styles["mark"]}>
              <span className="visually-hidden">Change</span>
            </th>
            {columns.map(({ zone: each, names }, column) => (
              <th key={each} scope="col">
                <bdi>{each.replaceAll("_", " ")}</bdi>
                {column === 0 && offsets.size === 1 && each !== "UTC" && (
                  <span className={styles["offset"]}> {offsets}</span>
                )}
                {names.join() !== each && <span className={styles["role"]}>{names.join(", ")}</span>}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {fireTimes.map(({ fireTime, localTime }, row) => {
            const isNew = added.has(Date.parse(fireTime));
            return (
              <tr
                key={fireTime}
                className={isNew ? (styles["new"] ?? "") : ""}
                title={inAllZones(fireTime, zone)}
              >
                <td className={styles["mark"]}>
                  {isNew && (
                    <>
                      <span aria-hidden="true">+</span>
                      <span className="visually-hidden">new</span>
                    </>
                  )}
                </td>
                {columns.map(({ zone: each, times }, column) => {
                  const [date = "", time = ""] = (times[row] ?? "").split(" ");
                  return (
                    <td key={each}>
                      <time dateTime={fireTime}>
                        {weekdayOf(date)} {column === 0 && <span className={styles["date"]}>{date} </span>}
                        <span className={styles["time"]}>{areWhole ? time.slice(0, 5) : time}</span>
                        {column === 0 && offsets.size > 1 && (
                          <span className={styles["offset"]}> {offsetIn(localTime)}</span>
                        )}
                      </time>
                    </td>
                  );
                })}
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

/** The offset of ISO 8601, such as "−05:00". */
function offsetIn(localTime: string): string {
  return localTime.slice(19).replace("-", "−");
}

/** The next fires on the clocks of the job, of UTC and of this browser. */
import type { Preview } from "../../api/types";
import { inAllZones } from "../../components/When";
import table from "../../components/table.module.css";
import { classes } from "../../components/classes";
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
  return (
    <div className={table["wrap"]} role="region" aria-label="Next fires" tabIndex={0}>
      <table className={classes(table["table"], styles["fires"])}>
        <caption className="visually-hidden">The next {fireTimes.length} fires of this schedule</caption>
        <thead>
          <tr>
            {columns.map(({ zone: each, names }) => (
              <th key={each} scope="col">
                <bdi>{each.replaceAll("_", " ")}</bdi>
                {names.join() !== each && <span className={styles["role"]}>{names.join(", ")}</span>}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {fireTimes.map(({ fireTime, localTime }, row) => (
            <tr key={fireTime} title={inAllZones(fireTime, zone)}>
              {columns.map(({ zone: each, times }, column) => {
                const [date = "", time = ""] = (times[row] ?? "").split(" ");
                return (
                  <td key={each}>
                    <time dateTime={fireTime}>
                      {weekdayOf(date)} {column === 0 && <span className={styles["date"]}>{date} </span>}
                      <span className={styles["time"]}>{areWhole ? time.slice(0, 5) : time}</span>
                      {column === 0 && <span className={styles["offset"]}> {offsetIn(localTime)}</span>}
                    </time>
                    {column === 0 && added.has(Date.parse(fireTime)) && (
                      <span className={styles["new"]}>new</span>
                    )}
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** The offset of ISO 8601, such as "−05:00". */
function offsetIn(localTime: string): string {
  return localTime.slice(19).replace("-", "−");
}

/** The clock changes ahead, and what each means for the schedule. */
import type { Preview } from "../../api/types";
import { At } from "../../components/When";
import styles from "./Preview.module.css";
import { weekdayOf } from "./zones";

export function OddDays({ preview, zone }: { preview: Preview; zone: string }) {
  const { oddDays, tzdataVersion } = preview;
  if (oddDays.length === 0) return null;
  const affected = oddDays.filter(({ isAffected }) => isAffected);
  return (
    <section>
      <h3>Clock changes</h3>
      {affected.length === 0 && (
        <p className={styles["quiet"]}>
          None of the {oddDays.length} clock changes of the next 13 months affects a fire.
        </p>
      )}
      {affected.length > 0 && (
        <ul className={styles["odd"]}>
          {affected.map(({ clockChange, localBefore, localAfter, effect }) => (
            <li key={clockChange}>
              <strong>
                {weekdayOf(localBefore.slice(0, 10))} {localBefore.slice(0, 10)}
              </strong>
              , {localBefore.slice(11, 16)} becomes {localAfter.slice(11, 16)}: {effect}.{" "}
              <span className="visually-hidden">
                The clocks change at <At instant={clockChange} zone={zone} />.
              </span>
            </li>
          ))}
        </ul>
      )}
      <p className={styles["quiet"]}>Zone data {tzdataVersion}.</p>
    </section>
  );
}

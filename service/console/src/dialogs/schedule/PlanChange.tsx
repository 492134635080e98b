/** What the schedule changes of today's plan: the fires of both, each marked. */
import type { Preview } from "../../api/types";
import { classes } from "../../components/classes";
import { inAllZones } from "../../components/When";
import { absolute, localTime } from "../../time/format";
import { NO_CHANGE, planSteps, planWords, type PlanStep } from "./plan";
import styles from "./Preview.module.css";
import { weekdayOf } from "./zones";

const MARKS: Record<PlanStep["change"], { mark: string; word: string }> = {
  added: { mark: "+", word: "new" },
  removed: { mark: "−", word: "falls away" },
  kept: { mark: "=", word: "stays" },
};

interface PlanProps {
  preview: Preview;
  zone: string;
  /** The preview is of what was typed before: that it changes nothing says nothing. */
  isOld: boolean;
}

export function PlanChange({ preview, zone, isOld }: PlanProps) {
  const words = planWords(preview);
  const until = preview.planChange?.until;
  const isChange = words !== NO_CHANGE;
  if (words === null || (isOld && !isChange)) return null;
  const days = byDay(planSteps(preview), zone);
  return (
    <section>
      <h3>Against today’s plan</h3>
      <p>
        {until ? (
          <>
            Up to {absolute(until, zone)}, {words}.
          </>
        ) : (
          "There are no fires to compare."
        )}
      </p>
      {isChange && (
        <div className={styles["plan"]} role="region" aria-label="Today’s plan and the new one" tabIndex={0}>
          <dl>
            {days.map(([date, steps]) => (
              <div key={date} className={styles["day"]}>
                <dt>
                  {weekdayOf(date)} {date}
                </dt>
                <dd>
                  <ul className={styles["steps"]}>
                    {steps.map(({ instant, change }) => (
                      <li
                        key={instant}
                        className={classes(styles["step"], styles[change])}
                        title={`${MARKS[change].word}\n${inAllZones(instant, zone)}`}
                      >
                        <span aria-hidden="true">{MARKS[change].mark} </span>
                        <span className="visually-hidden">{MARKS[change].word}: </span>
                        <time dateTime={instant}>{timeIn(instant, zone)}</time>
                      </li>
                    ))}
                  </ul>
                </dd>
              </div>
            ))}
          </dl>
        </div>
      )}
    </section>
  );
}

function byDay(steps: readonly PlanStep[], zone: string): [string, PlanStep[]][] {
  const days = new Map<string, PlanStep[]>();
  for (const step of steps) {
    const { date } = localTime(step.instant, zone);
    days.set(date, [...(days.get(date) ?? []), step]);
  }
  return [...days];
}

function timeIn(instant: string, zone: string): string {
  return localTime(instant, zone).time.replace(/:00$/, "");
}

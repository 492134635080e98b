/** The schedule for those who may look at it only. */
import type { Schedule } from "./editing";
import { policyWords } from "./policies";
import styles from "./ScheduleDialog.module.css";

export function ReadOnly({ schedule, words }: { schedule: Schedule; words: string | null }) {
  const isManual = schedule.type === "MANUAL";
  return (
    <div className={styles["form"]}>
      <p className={styles["quiet"]}>
        {isManual
          ? "Only an admin can give this job a schedule."
          : "You may look at the schedule, not change it."}
      </p>
      <dl className={styles["facts"]}>
        {isManual ? (
          <div>
            <dt>Runs</dt>
            <dd>only when somebody triggers it</dd>
          </div>
        ) : (
          <>
            <div>
              <dt>Cron expression</dt>
              <dd>
                <code>
                  <bdi>{schedule.cron}</bdi>
                </code>
                {words !== null && <div className={styles["quiet"]}>{words}</div>}
              </dd>
            </div>
            <div>
              <dt>Time zone</dt>
              <dd>
                <bdi>{schedule.zone}</bdi>
              </dd>
            </div>
            <div>
              <dt>When the clocks change</dt>
              <dd>{policyWords(schedule.policy)}</dd>
            </div>
          </>
        )}
      </dl>
    </div>
  );
}

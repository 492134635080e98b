/** The facts of a job, each in two lines: the same in a row of the table and on a card. */
import type { ReactNode } from "react";
import type { Job } from "../../api/types";
import { classes } from "../../components/classes";
import { ExecutionLink, JobLink } from "../../components/Link";
import { Status } from "../../components/Status";
import { Ago, Countdown, inAllZones } from "../../components/When";
import { useNow } from "../../time/clock";
import { absolute, count, duration, localTime, relative } from "../../time/format";
import styles from "./facts.module.css";

function Fact({ first, second, title }: { first: ReactNode; second?: ReactNode; title?: string }) {
  return (
    <div className={styles["fact"]}>
      <div className={styles["line"]} {...(title !== undefined && { title })}>
        {first}
      </div>
      {second !== undefined && <div className={classes(styles["line"], styles["second"])}>{second}</div>}
    </div>
  );
}

export function NameFact({ job, withGroup }: { job: Job; withGroup: boolean }) {
  const about = [job.displayName, job.description, `handler ${job.handler}`].filter(Boolean).join("\n");
  return (
    <div className={styles["fact"]}>
      <JobLink jobId={job.name} className={styles["name"]} title={about}>
        <bdi>{job.displayName}</bdi>
      </JobLink>
      <div className={classes(styles["line"], styles["second"])}>
        <code>{job.name}</code>
        {withGroup && (
          <>
            {" · "}
            <bdi>{job.jobGroup}</bdi>
          </>
        )}
      </div>
    </div>
  );
}

export function ScheduleFact({ job }: { job: Job }) {
  if (job.scheduleType === "MANUAL")
    return <Fact first={<span className={styles["none"]}>Manual</span>} second="runs when asked to" />;
  const expression = (
    <>
      <code>{job.schedule}</code> <bdi>{job.timeZone}</bdi>
    </>
  );
  const title = [job.scheduleDescription, job.schedule, job.timeZone].filter(Boolean).join("\n");
  // Where words would mislead, the expression speaks for itself.
  if (job.scheduleDescription === null)
    return <Fact first={<code>{job.schedule}</code>} second={<bdi>{job.timeZone}</bdi>} title={title} />;
  return <Fact first={job.scheduleDescription} second={expression} title={title} />;
}

/** The outcome, time and duration of the last execution that has ended. */
export function LastRunFact({ job }: { job: Job }) {
  if (job.lastRunStatus === null) return <span className={styles["none"]}>Never</span>;
  const { lastRunTime, lastExecutionId, lastRunDurationMs, failuresInSuccession } = job;
  // Time and id may be those of an execution that runs, which has no outcome yet.
  const isOfEnded = job.runningSince === null;
  const status = <Status status={job.lastRunStatus} />;
  return (
    <Fact
      first={
        <>
          {isOfEnded && lastExecutionId ? (
            <ExecutionLink executionId={lastExecutionId}>{status}</ExecutionLink>
          ) : (
            status
          )}
          {failuresInSuccession > 1 && (
            <span className={styles["faulty"]} title={`${failuresInSuccession} failures in succession`}>
              {" "}
              × {count(failuresInSuccession)}
            </span>
          )}
        </>
      }
      second={
        <>
          {isOfEnded && lastRunTime && <Ago instant={lastRunTime} zone={job.timeZone} />}
          {isOfEnded && lastRunTime && lastRunDurationMs !== null && " · "}
          {lastRunDurationMs !== null && (isOfEnded ? "" : "took ") + duration(lastRunDurationMs)}
        </>
      }
    />
  );
}

export function NextRunFact({ job }: { job: Job }) {
  if (job.nextRunTime === null)
    return (
      <span className={styles["none"]}>
        <span aria-hidden="true">—</span>
        <span className="visually-hidden">none</span>
      </span>
    );
  const { nextRunTime, timeZone } = job;
  return (
    <Fact
      first={
        <span className={styles["figures"]}>
          {job.isOverdue ? (
            <span className={styles["late"]}>
              <DueFor instant={nextRunTime} zone={timeZone} />
            </span>
          ) : (
            <Countdown instant={nextRunTime} zone={timeZone} />
          )}
        </span>
      }
      second={<ClockTime instant={nextRunTime} zone={timeZone} />}
    />
  );
}

/** How long ago a fire was due. */
export function DueFor({ instant, zone }: { instant: string; zone: string }) {
  const text = useNow((nowMs) => relative(instant, nowMs));
  return (
    <time dateTime={instant} title={inAllZones(instant, zone)}>
      due {text}
    </time>
  );
}

/** An instant on the clocks of a zone: without its date today, without its seconds where they are zero. */
export function ClockTime({ instant, zone }: { instant: string; zone: string }) {
  const { date, weekday, time, zoneName } = localTime(instant, zone);
  const isToday = useNow((nowMs) => localTime(nowMs, zone).date === date);
  const isThisWeek = useNow((nowMs) => Date.parse(instant) - nowMs < 6 * 86_400_000);
  // Of a day further off the year can be read off the distance.
  const day = isToday ? "" : isThisWeek ? `${weekday} ` : `${date.slice(5)} `;
  return (
    <span className={styles["figures"]} title={absolute(instant, zone)}>
      {day}
      {time.endsWith(":00") ? time.slice(0, 5) : time} {zoneName}
    </span>
  );
}

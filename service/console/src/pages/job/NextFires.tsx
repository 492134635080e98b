/** The schedule in words, and when it fires next. */
import { useQuery } from "@tanstack/react-query";
import { nextFiresQuery } from "../../api/job_history";
import type { JobDetail } from "../../api/types";
import { Empty } from "../../components/Empty";
import { Failure } from "../../components/Failure";
import { Loading } from "../../components/Loading";
import { At, Countdown } from "../../components/When";
import { BROWSER_ZONE, localTime } from "../../time/format";
import styles from "./NextFires.module.css";

export function NextFires({ job }: { job: JobDetail }) {
  const {
    data: preview,
    error,
    isPending,
    refetch,
  } = useQuery({
    ...nextFiresQuery(job.name, job.revision),
    enabled: job.scheduleCron !== null,
  });
  if (job.scheduleCron === null || job.scheduleType === "MANUAL") {
    return <Empty title="No schedule">It runs when somebody starts it.</Empty>;
  }
  return (
    <>
      <Words job={job} />
      {isPending && (
        <div className={styles["awaited"]}>
          <Loading what="the next fires" />
        </div>
      )}
      {error && <Failure fault={error} what="the next fires" onRetry={() => void refetch()} />}
      {preview?.error && (
        <p role="alert">
          <bdi>{preview.error.message}</bdi>
        </p>
      )}
      {preview && !preview.error && (
        <>
          {job.pausedBy && <p className={styles["muted"]}>Were it not held back, it would fire:</p>}
          <ol className={styles["fires"]} aria-label="Next fires">
            {preview.fireTimes.map(({ fireTime }, index) => (
              <li key={fireTime}>
                <Fire instant={fireTime} zone={job.timeZone} />
                {index === 0 && !job.pausedBy && (
                  <span className={styles["countdown"]}>
                    <Countdown instant={fireTime} zone={job.timeZone} />
                  </span>
                )}
              </li>
            ))}
          </ol>
        </>
      )}
    </>
  );
}

function Words({ job }: { job: JobDetail }) {
  return (
    <p className={styles["words"]}>
      {job.scheduleDescription ? <strong>{job.scheduleDescription}</strong> : null}{" "}
      <code>
        <bdi>{job.scheduleCron}</bdi>
      </code>{" "}
      <span className={styles["muted"]}>
        in <bdi>{job.timeZone}</bdi>
        {job.clockChangePolicy === "WALL" && ", as the wall clock shows"}
      </span>
    </p>
  );
}

function Fire({ instant, zone }: { instant: string; zone: string }) {
  const { weekday } = localTime(instant, zone);
  const isElsewhere = localTime(instant, zone).time !== localTime(instant, BROWSER_ZONE).time;
  return (
    <span>
      {weekday} <At instant={instant} zone={zone} />
      {isElsewhere && <span className={styles["muted"]}> · {localTime(instant).time.slice(0, 5)} here</span>}
    </span>
  );
}

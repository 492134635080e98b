/** The state of a job, and why it is so. */
import type { Job } from "../../api/types";
import { classes } from "../../components/classes";
import { ExecutionLink } from "../../components/Link";
import { Status } from "../../components/Status";
import { At, Elapsed } from "../../components/When";
import { DueFor } from "./facts";
import styles from "./facts.module.css";
import { stateOf, stillStateOf, type JobState } from "./state";
import type { Unfinished } from "./unfinished";

export function StateFact({ job, unfinished }: { job: Job; unfinished: Unfinished | undefined }) {
  const state = stateOf(job);
  return (
    <div className={styles["fact"]}>
      <div className={styles["line"]}>
        {state === "RUNNING" ? <Running unfinished={unfinished} /> : <Status status={state} />}
      </div>
      <div className={classes(styles["line"], styles["second"])}>
        {state === "RUNNING" && unfinished && unfinished.running > 1 && `${unfinished.running} at once `}
        {state === "RUNNING" && <Besides state={stillStateOf(job)} />}
        <Reason job={job} />
      </div>
    </div>
  );
}

function Running({ unfinished }: { unfinished: Unfinished | undefined }) {
  if (!unfinished) return <Status status="RUNNING" />;
  const status = unfinished.running > 0 ? "RUNNING" : "QUEUED";
  return (
    <ExecutionLink executionId={unfinished.executionId}>
      <Status status={status} />{" "}
      <span className={styles["figures"]}>
        <Elapsed since={unfinished.since} />
      </span>
    </ExecutionLink>
  );
}

const BESIDES: Record<JobState, string> = {
  RUNNING: "",
  IDLE: "",
  DISABLED: "disabled",
  PAUSED: "paused: ",
  OVERDUE: "overdue: ",
  UNPLANNED: "",
};

function Besides({ state }: { state: JobState }) {
  return <>{BESIDES[state]}</>;
}

function Reason({ job }: { job: Job }) {
  switch (stillStateOf(job)) {
    case "PAUSED":
      return job.pausedBy === "ALL" ? "all jobs are paused" : <PauseReason job={job} />;
    case "UNPLANNED":
      return (
        <span className={styles["faulty"]} title={job.scheduleError ?? ""}>
          <bdi>{job.scheduleError}</bdi>
        </span>
      );
    case "OVERDUE":
      return job.nextRunTime && <DueFor instant={job.nextRunTime} zone={job.timeZone} />;
    default:
      return null;
  }
}

function PauseReason({ job: { pauseReason, pausedUntil, timeZone } }: { job: Job }) {
  return (
    <span title={pauseReason ?? ""}>
      {pauseReason !== null && (
        <>
          <bdi>{pauseReason}</bdi>
          {" · "}
        </>
      )}
      {pausedUntil === null ? (
        "until resumed"
      ) : (
        <>
          until <At instant={pausedUntil} zone={timeZone} />
        </>
      )}
    </span>
  );
}

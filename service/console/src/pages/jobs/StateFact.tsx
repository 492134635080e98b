/** The state of a job, and why it is so. */
import type { ReactNode } from "react";
import type { Job } from "../../api/types";
import { classes } from "../../components/classes";
import { ExecutionLink } from "../../components/Link";
import { Status } from "../../components/Status";
import { Elapsed } from "../../components/When";
import { ClockTime, DueFor } from "./facts";
import styles from "./facts.module.css";
import { stateOf, stillStateOf } from "./state";

export function StateFact({ job }: { job: Job }) {
  const state = stateOf(job);
  const reason = reasonOf(job, state === "RUNNING");
  return (
    <div className={styles["fact"]}>
      <div className={classes(styles["line"], state === "IDLE" && styles["calm"])}>
        {state === "RUNNING" ? <Running job={job} /> : <Status status={state} />}
      </div>
      {reason !== null && <div className={classes(styles["line"], styles["second"])}>{reason}</div>}
    </div>
  );
}

/** What runs, with a link to it; an execution that only waits for its turn has no time yet. */
function Running({ job: { runningExecutionId, runningSince } }: { job: Job }) {
  if (runningExecutionId === null || runningSince === null) return <Status status="QUEUED" />;
  return (
    <ExecutionLink executionId={runningExecutionId}>
      <Status status="RUNNING" />{" "}
      <span className={styles["figures"]}>
        <Elapsed since={runningSince} />
      </span>
    </ExecutionLink>
  );
}

/** Why it is so; with `isBesides` of a job that runs meanwhile. */
function reasonOf(job: Job, isBesides: boolean): ReactNode {
  switch (stillStateOf(job)) {
    case "DISABLED":
      return isBesides ? "disabled" : null;
    case "PAUSED":
      return (
        <>
          {isBesides && "paused: "}
          {job.pausedBy === "ALL" ? "all jobs are paused" : <PauseReason job={job} />}
        </>
      );
    case "UNPLANNED":
      return (
        <span className={styles["faulty"]} title={job.scheduleError ?? ""}>
          <bdi>{job.scheduleError}</bdi>
        </span>
      );
    case "OVERDUE":
      return (
        <>
          {isBesides && "overdue: "}
          {job.nextRunTime && <DueFor instant={job.nextRunTime} zone={job.timeZone} />}
        </>
      );
    case "IDLE":
      return null;
  }
}

function PauseReason({ job: { pauseReason, pausedUntil, timeZone } }: { job: Job }) {
  if (pausedUntil === null && pauseReason === null) return "until somebody resumes";
  return (
    <span title={[pauseReason, pausedUntil === null && "until somebody resumes"].filter(Boolean).join("\n")}>
      {pausedUntil !== null && (
        <>
          until <ClockTime instant={pausedUntil} zone={timeZone} />
        </>
      )}
      {pausedUntil !== null && pauseReason !== null && " · "}
      {pauseReason !== null && <bdi>{pauseReason}</bdi>}
    </span>
  );
}

/** The line under a job's name: its id, how it is, and what keeps it from firing. */
import type { JobDetail } from "../../api/types";
import { CopyButton } from "../../components/Copy";
import { ExecutionLink } from "../../components/Link";
import { OutcomeStrip } from "../../components/OutcomeStrip";
import { Status } from "../../components/Status";
import { Ago, At } from "../../components/When";
import { duration } from "../../time/format";
import styles from "./JobPage.module.css";

export function JobHead({ job }: { job: JobDetail }) {
  return (
    <div className={styles["head"]}>
      <div className={styles["line"]}>
        <code>
          <bdi>{job.name}</bdi>
        </code>
        <CopyButton text={job.name} label={`Copy the id ${job.name}`} />
        <Status status={job.status} />
        {job.isOverdue && <Status status="OVERDUE" />}
        {!job.enabled && <Status status="DISABLED" />}
        <OutcomeStrip outcomes={job.recentOutcomes} />
        <LastRun job={job} />
      </div>
      {job.description && (
        <p className={styles["description"]}>
          <bdi>{job.description}</bdi>
        </p>
      )}
      <Hindrances job={job} />
    </div>
  );
}

function LastRun({ job }: { job: JobDetail }) {
  if (job.lastRunTime === null) return <span>Never ran</span>;
  const words = (
    <>
      last run <Ago instant={job.lastRunTime} zone={job.timeZone} />
    </>
  );
  return (
    <span>
      {job.lastExecutionId ? <ExecutionLink executionId={job.lastExecutionId}>{words}</ExecutionLink> : words}
      {job.status !== "RUNNING" && job.lastRunStatus && (
        <>
          {" "}
          <Status status={job.lastRunStatus} />
        </>
      )}
      {job.status !== "RUNNING" && job.lastRunDurationMs !== null && (
        <> in {duration(job.lastRunDurationMs)}</>
      )}
    </span>
  );
}

/** What is wrong, or on purpose: each in a sentence of its own. */
function Hindrances({ job }: { job: JobDetail }) {
  return (
    <>
      {job.scheduleError && (
        <p className={styles["problem"]} role="alert">
          The schedule does not work: <bdi>{job.scheduleError}</bdi>
        </p>
      )}
      {!job.handlerIsLive && (
        <p className={styles["problem"]} role="alert">
          No live replica knows the handler <bdi>{job.handler}</bdi>; nothing starts until one does.
        </p>
      )}
      {/* Until when, and why, the banner says. */}
      {job.pausedBy === "ALL" && <p className={styles["notice"]}>All jobs are paused.</p>}
      {job.pausedBy === "JOB" && (
        <p className={styles["notice"]}>
          This job is paused
          {job.pausedUntil ? (
            <>
              {" "}
              until <At instant={job.pausedUntil} zone={job.timeZone} />
            </>
          ) : (
            " until somebody resumes"
          )}
          {job.pauseReason && (
            <>
              : <bdi>{job.pauseReason}</bdi>
            </>
          )}
        </p>
      )}
      {job.failuresInSuccession > 1 && (
        <p className={styles["problem"]}>The last {job.failuresInSuccession} executions have failed.</p>
      )}
    </>
  );
}

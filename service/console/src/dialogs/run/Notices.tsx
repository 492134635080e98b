/** What will become of a run that is started now: whether it starts, waits, or is refused, and why. */
import { isUnfinished } from "../../api/executions";
import type { Handler, JobDetail } from "../../api/types";
import { classes } from "../../components/classes";
import { ExecutionLink, JobLink, Link } from "../../components/Link";
import { overlapWords } from "./overlap";
import styles from "./RunDialog.module.css";

export function Notices({ job, handler }: { job: JobDetail; handler: Handler | undefined }) {
  return (
    <>
      {!job.enabled && (
        <p className={classes(styles["notice"], styles["hindrance"])}>
          The job is disabled, and a disabled job is not run. Enable it with the switch on{" "}
          <JobLink jobId={job.name}>its page</JobLink> or in the list of jobs; then it can be run.
        </p>
      )}
      {!job.handlerIsLive && (
        <p className={classes(styles["notice"], styles["hindrance"])}>
          No live replica knows the handler <bdi>{job.handler}</bdi>: a run is refused until one does. See{" "}
          <Link to="/replicas">the replicas</Link>.
        </p>
      )}
      <Overlap job={job} />
      {(job.pausedBy === "JOB" || job.pausedBy === "ALL") && (
        <p className={styles["notice"]}>
          {job.pausedBy === "ALL" ? "All jobs are paused" : "The job is paused"}: its schedule fires nothing,
          but a run by hand starts all the same.
        </p>
      )}
      {job.handlerIsLive && handler?.paramsSchema === null && (
        <p className={styles["notice"]}>
          The replica that answers here does not know the handler, others do. Parameters are entered as JSON,
          and a changed one is refused unless one of the others takes it.
        </p>
      )}
    </>
  );
}

function Overlap({ job }: { job: JobDetail }) {
  const unfinished = (job.recentExecutions ?? []).filter(({ status }) => isUnfinished(status));
  if (job.status !== "RUNNING" && unfinished.length === 0) return null;
  const { words, isRefused } = overlapWords(job.overlapPolicy, unfinished.length);
  const [newest] = unfinished;
  return (
    <p className={classes(styles["notice"], isRefused && styles["hindrance"])}>
      {words}{" "}
      {newest && (
        <ExecutionLink executionId={newest.executionId}>
          {newest.status === "RUNNING" ? "Show the running execution" : "Show the queued execution"}
        </ExecutionLink>
      )}
    </p>
  );
}

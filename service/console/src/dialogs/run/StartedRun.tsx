/** What becomes of the run that was just started, as it goes on. */
import { useRunLog } from "../../api/execution_log";
import { isUnfinished, useExecution } from "../../api/executions";
import type { ExecutionDetail, JobDetail } from "../../api/types";
import { Button, LinkButton } from "../../components/Button";
import { DialogContent } from "../../components/Dialog";
import { Failure } from "../../components/Failure";
import { executionPath } from "../../components/Link";
import { Loading } from "../../components/Loading";
import { RunProgress } from "../../components/run/RunProgress";
import { Status } from "../../components/Status";
import { Elapsed } from "../../components/When";
import { duration } from "../../time/format";
import styles from "./RunDialog.module.css";

interface StartedRunProps {
  job: JobDetail;
  executionId: string;
  onClose: () => void;
}

export function StartedRun({ job, executionId, onClose }: StartedRunProps) {
  const { data: execution, error, isPending, refetch } = useExecution(executionId);
  const isOver = execution !== undefined && !isUnfinished(execution.status);
  return (
    <DialogContent
      title={
        <>
          <bdi>{job.displayName}</bdi> {isOver ? "has run" : "is started"}
        </>
      }
      onClose={onClose}
      actions={
        <>
          <LinkButton href={executionPath(executionId)} onPress={onClose}>
            Open its page
          </LinkButton>
          <Button autoFocus look="primary" onPress={onClose}>
            {isOver ? "Close" : "Run in background"}
          </Button>
        </>
      }
    >
      {execution ? (
        <Course execution={execution} />
      ) : isPending ? (
        <Loading what="the execution" />
      ) : (
        <Failure fault={error} what="the execution" onRetry={() => void refetch()} />
      )}
    </DialogContent>
  );
}

function Course({ execution }: { execution: ExecutionDetail }) {
  const { jobId, executionId, status, startTime, createdAt, durationMs, errorDetails } = execution;
  const log = useRunLog(jobId, executionId, status);
  const last = log.lines.at(-1);
  const failure = isUnfinished(status) || status === "SUCCESS" ? undefined : lastOf(errorDetails);
  return (
    <div className={styles["course"]}>
      <p className={styles["state"]}>
        <span role="status">
          <Status status={status} />
        </span>
        <span className={styles["elapsed"]}>
          {status === "QUEUED" ? (
            <>
              waiting for <Elapsed since={createdAt} />
            </>
          ) : durationMs === null ? (
            <>
              for <Elapsed since={startTime} />
            </>
          ) : (
            <>in {duration(durationMs)}</>
          )}
        </span>
      </p>
      <RunProgress execution={execution} />
      {failure !== undefined && (
        <p className={styles["failure"]}>
          <bdi>{failure}</bdi>
        </p>
      )}
      <div className={styles["last"]}>
        <span className={styles["name"]}>Last line of the log</span>
        {last ? (
          <p className={styles["line"]}>
            <bdi>{last.message}</bdi> <bdi className={styles["hint"]}>{last.fieldText}</bdi>
          </p>
        ) : (
          <p className={styles["hint"]}>{log.isComplete ? "It wrote nothing." : "Nothing yet."}</p>
        )}
      </div>
    </div>
  );
}

/** The message that ended it. */
function lastOf(details: unknown): string | undefined {
  const last: unknown = Array.isArray(details) ? details.at(-1) : undefined;
  return typeof last === "string" ? last : undefined;
}

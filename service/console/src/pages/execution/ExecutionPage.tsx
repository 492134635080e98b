/** The screen of one execution: how it is, what it said, what came of it, and what can be done about it. */
import { useQuery } from "@tanstack/react-query";
import { useParams } from "react-router";
import { ApiError } from "../../api/client";
import { jobQuery } from "../../api/queries";
import { useExecution } from "../../api/executions";
import { useMay } from "../../api/session";
import type { ExecutionDetail, JobDetail } from "../../api/types";
import { CopyButton } from "../../components/Copy";
import { Failure } from "../../components/Failure";
import { JobLink } from "../../components/Link";
import { Loading } from "../../components/Loading";
import { Card, Page } from "../../components/Page";
import { RunProgress } from "../../components/run/RunProgress";
import { Status } from "../../components/Status";
import { At } from "../../components/When";
import { AttemptsCard } from "./AttemptsCard";
import { ErrorCard } from "./ErrorCard";
import { ExecutionActions } from "./ExecutionActions";
import styles from "./ExecutionPage.module.css";
import { Facts } from "./Facts";
import { LogCard } from "./log/LogCard";
import { MissingExecution } from "./MissingExecution";
import { Steps } from "./Steps";
import { TextBlock } from "./TextBlock";

export default function ExecutionPage() {
  const { executionId = "" } = useParams();
  // Another execution is another screen: nothing of the last one's log, or of its keys, may stay.
  return <OneExecution key={executionId} executionId={executionId} />;
}

function OneExecution({ executionId }: { executionId: string }) {
  const { data: execution, error, isPending, refetch } = useExecution(executionId);
  if (isPending) {
    return (
      <Page title="Execution">
        <Loading what="the execution" />
      </Page>
    );
  }
  if (execution) return <Known execution={execution} />;
  if (error instanceof ApiError && (error.status === 404 || error.status === 400)) {
    return <MissingExecution executionId={executionId} />;
  }
  return (
    <Page title="Execution">
      <Failure fault={error} what="the execution" onRetry={() => void refetch()} />
    </Page>
  );
}

function Known({ execution }: { execution: ExecutionDetail }) {
  // A job that is gone leaves its executions behind.
  const { data: job, error } = useQuery(jobQuery(execution.jobId));
  const isGone = error instanceof ApiError && error.status === 404;
  const zone = job?.timeZone ?? "UTC";
  return (
    <Page
      title={`Execution of ${execution.jobName}`}
      heading={
        <>
          Execution of{" "}
          <JobLink jobId={execution.jobId}>
            <bdi>{execution.jobName}</bdi>
          </JobLink>
        </>
      }
      about={<Head execution={execution} isGone={isGone} job={job} />}
      actions={<ExecutionActions execution={execution} job={isGone ? undefined : job} />}
    >
      <Card>
        <div className={styles["course"]}>
          <Steps execution={execution} zone={zone} />
          <CancelNotice execution={execution} zone={zone} />
          <RunProgress execution={execution} />
        </div>
      </Card>
      <div className={styles["columns"]}>
        <div className={styles["main"]}>
          <ErrorCard execution={execution} />
          <LogCard execution={execution} zone={zone} />
          <AttemptsCard execution={execution} job={job} zone={zone} />
        </div>
        <div className={styles["side"]}>
          <Card title="Facts">
            <Facts execution={execution} zone={zone} />
          </Card>
          <Card title="Result">
            {execution.result === null ? (
              <p className={styles["none"]}>{resultWords(execution.status)}</p>
            ) : (
              <TextBlock label="The result" text={JSON.stringify(execution.result, null, 2)} />
            )}
          </Card>
          <Card title="Parameters">
            <TextBlock label="The parameters" text={JSON.stringify(execution.params, null, 2)} />
          </Card>
        </div>
      </div>
    </Page>
  );
}

function resultWords(status: string): string {
  if (status === "QUEUED" || status === "RUNNING") return "None yet.";
  return "None: the run has left no result behind.";
}

interface HeadProps {
  execution: ExecutionDetail;
  job: JobDetail | undefined;
  isGone: boolean;
}

function Head({ execution: { executionId, jobId, status, attempt, endTime }, job, isGone }: HeadProps) {
  const mayOperate = useMay("operator");
  return (
    <div className={styles["head"]}>
      <Status status={status} />
      <code>
        <bdi>{jobId}</bdi>
      </code>
      <span>
        <code>{executionId}</code> <CopyButton text={executionId} label="Copy the execution id" />
      </span>
      {attempt > 1 && <span>attempt {attempt}</span>}
      {isGone && <span>The job has been deleted; this is what is on record.</span>}
      {mayOperate && job?.enabled === false && endTime !== null && (
        <span>The job is disabled; enable it to run it again.</span>
      )}
    </div>
  );
}

/** Says who wants it to stop, while it has not. */
function CancelNotice({ execution, zone }: { execution: ExecutionDetail; zone: string }) {
  const { status, cancelRequestedAt, cancelRequestedBy } = execution;
  if (status !== "RUNNING" || cancelRequestedAt === null) return null;
  return (
    <p className={styles["notice"]} role="status">
      Cancellation requested by <bdi>{cancelRequestedBy ?? "somebody"}</bdi> at{" "}
      <At instant={cancelRequestedAt} zone={zone} />; the run goes on until its handler has stopped.
    </p>
  );
}

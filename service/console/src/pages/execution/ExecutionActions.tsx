/** What can be done with an execution: cancel it, try it again, run its job with other parameters. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Suspense, useState } from "react";
import { useNavigate } from "react-router";
import { keys } from "../../api/queries";
import { cancelExecution, isUnfinished, newKey, retryExecution } from "../../api/executions";
import { useMay } from "../../api/session";
import type { ExecutionDetail, JobDetail } from "../../api/types";
import { Button } from "../../components/Button";
import { Confirm } from "../../components/Dialog";
import { executionPath } from "../../components/Link";
import { Refusal } from "../../components/run/Refusal";
import { notify } from "../../components/toast_queue";
import { RunDialog } from "../../dialogs/lazy";
import styles from "./ExecutionPage.module.css";

interface ExecutionActionsProps {
  execution: ExecutionDetail;
  /** Undefined: the job is gone, or not known yet. */
  job: JobDetail | undefined;
}

export function ExecutionActions({ execution, job }: ExecutionActionsProps) {
  const mayOperate = useMay("operator");
  const [isRunOpen, setRunOpen] = useState(false);
  const { status, cancelRequestedAt } = execution;
  if (!mayOperate) return null;
  return (
    <>
      {isUnfinished(status)
        ? cancelRequestedAt === null && <CancelButton execution={execution} />
        : job?.enabled && <RetryButton executionId={execution.executionId} />}
      {job?.enabled && <Button onPress={() => setRunOpen(true)}>Run now</Button>}
      <Suspense>
        {isRunOpen && job && <RunDialog jobId={job.name} onClose={() => setRunOpen(false)} />}
      </Suspense>
    </>
  );
}

function CancelButton({ execution: { executionId, jobId, status } }: { execution: ExecutionDetail }) {
  const cache = useQueryClient();
  const [isAsking, setAsking] = useState(false);
  const cancel = useMutation({
    mutationFn: () => cancelExecution(executionId),
    onSuccess: (shown) => {
      cache.setQueryData(keys.execution(executionId), shown);
      void cache.invalidateQueries({ queryKey: keys.job(jobId) });
      setAsking(false);
      notify(
        isUnfinished(shown.status)
          ? { tone: "plain", title: "Cancellation requested", text: "Its replica stops it in a moment." }
          : { tone: "success", title: "Cancelled before it started" },
      );
    },
    onError: () => void cache.invalidateQueries({ queryKey: keys.execution(executionId) }),
  });
  const close = () => {
    setAsking(false);
    cancel.reset();
  };
  return (
    <>
      <Button look="danger" onPress={() => setAsking(true)}>
        Cancel the execution
      </Button>
      <Confirm
        title="Cancel this execution?"
        confirm="Cancel the execution"
        dismiss="Let it go on"
        isOpen={isAsking}
        isBusy={cancel.isPending}
        onConfirm={() => cancel.mutate()}
        onClose={close}
      >
        <p>
          {status === "QUEUED"
            ? "It has not started, and never will."
            : "Its replica tells the handler to stop. What it has done by then stays done."}{" "}
          It is not tried again by itself; you can retry it later.
        </p>
        {cancel.isError && <Refusal what="It was not cancelled" fault={cancel.error} />}
      </Confirm>
    </>
  );
}

function RetryButton({ executionId }: { executionId: string }) {
  const cache = useQueryClient();
  const navigate = useNavigate();
  // One key for this visit: whoever presses twice, or again after an answer got lost, starts one execution.
  const [key] = useState(newKey);
  const retry = useMutation({
    mutationFn: () => retryExecution(executionId, key),
    onSuccess: async (shown) => {
      cache.setQueryData(keys.execution(shown.executionId), shown);
      void cache.invalidateQueries({ queryKey: keys.execution(executionId), exact: true });
      void cache.invalidateQueries({ queryKey: keys.job(shown.jobId) });
      notify({ tone: "success", title: `Attempt ${shown.attempt} is queued`, text: "This page shows it." });
      await navigate(executionPath(shown.executionId));
    },
  });
  return (
    <>
      <Button look="primary" isDisabled={retry.isPending} onPress={() => retry.mutate()}>
        Retry with the same parameters
      </Button>
      {retry.isError && (
        <div className={styles["refusal"]}>
          <Refusal what="It was not tried again" fault={retry.error} />
        </div>
      )}
    </>
  );
}

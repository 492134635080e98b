/** Asks before a job is deleted, and once more where it runs. */
import { ApiError } from "../../api/client";
import { refusalWords, useDelete, type ReadJob } from "../../api/job_actions";
import { Confirm } from "../../components/Dialog";
import { ExecutionLink } from "../../components/Link";
import styles from "./DeleteDialog.module.css";

interface DeleteDialogProps {
  /** The job as it was read. */
  job: ReadJob;
  isOpen: boolean;
  onClose: () => void;
  /** Told when the job is gone, before the dialog closes. */
  onDeleted?: () => void;
}

export default function DeleteDialog({ job, isOpen, onClose, onDeleted }: DeleteDialogProps) {
  const deletion = useDelete(job);
  const { error } = deletion;
  const blockingId = error instanceof ApiError ? error.problem?.blockingExecutionId : null;
  const isRunning = Boolean(blockingId);
  const confirm = () => {
    deletion.mutate(isRunning, {
      onSuccess: () => {
        onDeleted?.();
        onClose();
      },
    });
  };
  return (
    <Confirm
      title={
        <>
          Delete <bdi>{job.displayName}</bdi>?
        </>
      }
      isOpen={isOpen}
      confirm={isRunning ? "Delete while it runs" : "Delete"}
      isBusy={deletion.isPending}
      onConfirm={confirm}
      onClose={onClose}
    >
      <p>
        <code>{job.name}</code> stops firing at once. Its executions, logs and changes stay on record, and it
        can be brought back from them as it is now.
      </p>
      {blockingId && (
        <p role="alert" className={styles["refusal"]}>
          It has an execution that has not ended: <ExecutionLink executionId={blockingId} />. Deleting the job
          does not stop it; it goes on to its end.
        </p>
      )}
      {error && !isRunning && (
        <p role="alert" className={styles["refusal"]}>
          <strong>Not deleted.</strong> <bdi>{refusalWords(error)}</bdi>
        </p>
      )}
    </Confirm>
  );
}

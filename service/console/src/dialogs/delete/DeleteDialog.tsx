/** Asks before a job is deleted, and once more where it runs. */
import { ApiError } from "../../api/client";
import { refusalWords, useDelete, type ReadJob } from "../../api/job_actions";
import { Confirm, DialogAlert } from "../../components/Dialog";
import { ExecutionLink } from "../../components/Link";

interface DeleteDialogProps {
  /** The job as it was read. */
  job: ReadJob;
  onClose: () => void;
  /** Told when the job is gone, before the dialog closes. */
  onDeleted?: () => void;
}

export default function DeleteDialog({ job, onClose, onDeleted }: DeleteDialogProps) {
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
      isOpen
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
        <DialogAlert>
          It has an execution that has not ended: <ExecutionLink executionId={blockingId} />. Deleting the job
          does not stop it; it goes on to its end.
        </DialogAlert>
      )}
      {error && !isRunning && (
        <DialogAlert>
          <strong>Not deleted.</strong> <bdi>{refusalWords(error)}</bdi>
        </DialogAlert>
      )}
    </Confirm>
  );
}

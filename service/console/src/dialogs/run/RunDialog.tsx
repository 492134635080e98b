/** Runs a job by hand: asks what is different this time, starts it once, and shows how it goes. */
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { handlersQuery, jobQuery } from "../../api/queries";
import { DialogContent, DialogFrame } from "../../components/Dialog";
import { Failure } from "../../components/Failure";
import { Loading } from "../../components/Loading";
import { useUnsaved } from "../../components/unsaved";
import { RunForm } from "./RunForm";
import { StartedRun } from "./StartedRun";

interface RunDialogProps {
  jobId: string;
  onClose: () => void;
}

export default function RunDialog({ jobId, onClose }: RunDialogProps) {
  const [isEdited, setEdited] = useState(false);
  const { close, question } = useUnsaved(
    isEdited,
    "Nothing has been started; what was entered would be lost.",
    onClose,
  );
  return (
    <DialogFrame isOpen onClose={close}>
      <Opened jobId={jobId} onClose={close} onEdited={setEdited} />
      {question}
    </DialogFrame>
  );
}

interface OpenedProps extends RunDialogProps {
  onEdited: (isEdited: boolean) => void;
}

function Opened({ jobId, onClose, onEdited }: OpenedProps) {
  const job = useQuery(jobQuery(jobId));
  const handlers = useQuery(handlersQuery);
  const [startedId, setStartedId] = useState<string | null>(null);
  const fault = job.error ?? handlers.error;
  if (!job.data || !handlers.data) {
    return (
      <DialogContent title="Run now" onClose={onClose}>
        {fault ? (
          <Failure
            fault={fault}
            what="the job"
            onRetry={() => {
              void job.refetch();
              void handlers.refetch();
            }}
          />
        ) : (
          <Loading what="the job" />
        )}
      </DialogContent>
    );
  }
  if (startedId !== null) return <StartedRun job={job.data} executionId={startedId} onClose={onClose} />;
  const handler = handlers.data.find(({ name }) => name === job.data.handler);
  return (
    <RunForm
      job={job.data}
      handler={handler}
      onClose={onClose}
      onEdited={onEdited}
      onStarted={setStartedId}
    />
  );
}

/** Runs a job by hand: asks what is different this time, starts it once, and shows how it goes. */
import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { useLocation } from "react-router";
import { handlersQuery, jobQuery } from "../../api/queries";
import { DialogContent, DialogFrame } from "../../components/Dialog";
import { Failure } from "../../components/Failure";
import { Loading } from "../../components/Loading";
import { useUnsaved } from "../../components/unsaved";
import { RunForm } from "./RunForm";
import { StartedRun } from "./StartedRun";

interface RunDialogProps {
  jobId: string;
  isOpen: boolean;
  onClose: () => void;
}

export default function RunDialog({ jobId, isOpen, onClose }: RunDialogProps) {
  useCloseOnNavigation(isOpen, onClose);
  const [isEdited, setEdited] = useState(false);
  const { close, question } = useUnsaved(
    isEdited,
    "Nothing has been started; what was entered would be lost.",
    onClose,
  );
  // What was entered, and the key under which it is sent, belong to one opening.
  return (
    <DialogFrame isOpen={isOpen} onClose={close}>
      <Opened jobId={jobId} onClose={close} onEdited={setEdited} />
      {question}
    </DialogFrame>
  );
}

interface OpenedProps extends Omit<RunDialogProps, "isOpen"> {
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

/** Whoever follows a link in the dialog wants to see what it leads to. */
function useCloseOnNavigation(isOpen: boolean, onClose: () => void) {
  const { key } = useLocation();
  const opened = useRef<string | null>(null);
  useEffect(() => {
    if (!isOpen) opened.current = null;
    else if (opened.current === null) opened.current = key;
    else if (opened.current !== key) onClose();
  }, [isOpen, key, onClose]);
}

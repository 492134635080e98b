/** Asks why, and until when, one job or all jobs shall start nothing by themselves. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState, type SyntheticEvent } from "react";
import { Form } from "react-aria-components";
import { ApiError, api, data } from "../../api/client";
import { readJob, refusalWords, type ReadJob } from "../../api/job_actions";
import { ifMatch } from "../../api/job_patch";
import { keys } from "../../api/queries";
import { Button } from "../../components/Button";
import { Dialog, DialogAlert } from "../../components/Dialog";
import { Select, TextField } from "../../components/fields";
import { notify } from "../../components/toast_queue";
import { useUnsaved } from "../../components/unsaved";
import { At } from "../../components/When";
import { now, useNow } from "../../time/clock";
import { absolute, BROWSER_ZONE } from "../../time/format";
import { wallTime } from "../../time/zoned";
import styles from "./PauseDialog.module.css";
import { CHOICES, untilOf, type UntilChoice } from "./until";

const LONGEST_REASON = 500;
const FORM = "pause";

interface PauseDialogProps {
  /** The job as it was read; null: all jobs. */
  job: ReadJob | null;
  onClose: () => void;
}

export default function PauseDialog({ job, onClose }: PauseDialogProps) {
  const [reason, setReason] = useState("");
  const [choice, setChoice] = useState<UntilChoice>("resumed");
  const [typed, setTyped] = useState(() => wallTime(now() + 3_600_000, BROWSER_ZONE));
  const pause = usePause(job, onClose);
  const { close, question } = useUnsaved(
    reason.trim() !== "",
    "Nothing is paused yet; the reason would be lost.",
    onClose,
  );
  const until = useNow((nowMs) => {
    const second = Math.floor(nowMs / 1000) * 1000;
    return untilOf(choice, typed, second) ?? (choice === "resumed" ? "" : "?");
  });
  const hasPassed = useNow((nowMs) => until !== "" && until !== "?" && Date.parse(until) <= nowMs);
  const fault = pause.error;
  const field = fault instanceof ApiError ? fault.problem?.field : null;
  const words = fault ? refusalWords(fault) : null;
  const untilError =
    until === "?" ? "Not a time." : hasPassed ? "This time has passed." : field === "until" ? words : null;

  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    const chosen = untilOf(choice, typed, now());
    if (chosen === undefined || untilError === "This time has passed.") return;
    pause.mutate({ reason: reason.trim() || null, until: chosen });
  };
  const actions = (
    <>
      <Button onPress={close}>Cancel</Button>
      <Button look="primary" type="submit" form={FORM} isDisabled={pause.isPending}>
        {job ? "Pause" : "Pause all jobs"}
      </Button>
    </>
  );
  return (
    <Dialog
      title={job ? <>Pause {<bdi>{job.displayName}</bdi>}</> : "Pause all jobs"}
      isOpen
      onClose={close}
      actions={actions}
    >
      <p>
        Nothing starts by itself until the pause ends; the fires go into the ledger as paused, and are not
        made up for. What runs goes on, and “Run now” still works.
      </p>
      <Form id={FORM} className={styles["form"] ?? ""} onSubmit={submit}>
        <TextField
          label="Reason"
          hint="Shown to everybody who wonders."
          placeholder="such as: the source is down until noon"
          value={reason}
          onChange={setReason}
          maxLength={LONGEST_REASON}
          autoFocus
          error={field === "reason" ? words : null}
        />
        <Select label="How long" value={choice} choices={CHOICES} onChange={setChoice} />
        {choice === "instant" && (
          <TextField
            label={`Time (${BROWSER_ZONE})`}
            type="datetime-local"
            value={typed}
            onChange={setTyped}
            error={untilError}
          />
        )}
        {until !== "" && until !== "?" && !hasPassed && (
          <p className={styles["until"]}>
            Ends at <At instant={until} zone={BROWSER_ZONE} />
            {BROWSER_ZONE !== "UTC" && <> ({absolute(until, "UTC")})</>}.
          </p>
        )}
      </Form>
      {words && field !== "reason" && field !== "until" && (
        <DialogAlert>
          <strong>Not paused.</strong> <bdi>{words}</bdi>
        </DialogAlert>
      )}
      {question}
    </Dialog>
  );
}

/** Pauses the job, or all jobs, and closes the dialog. */
function usePause(job: ReadJob | null, onClose: () => void) {
  const cache = useQueryClient();
  return useMutation({
    mutationFn: async (body: { reason: string | null; until: string | null }) => {
      if (job) {
        const params = { path: { jobId: job.name }, header: ifMatch(job.revision) };
        await data(api.POST("/v1/console/jobs/{jobId}/pause", { params, body }));
        await readJob(cache, job.name);
      } else {
        const pause = await data(api.POST("/v1/console/pause", { body }));
        cache.setQueryData(keys.pause, pause);
        await cache.invalidateQueries({ queryKey: keys.jobs });
      }
    },
    onSuccess: () => {
      notify({ tone: "success", title: job ? `${job.displayName} is paused` : "All jobs are paused" });
      onClose();
    },
    onError: () => job && readJob(cache, job.name),
  });
}

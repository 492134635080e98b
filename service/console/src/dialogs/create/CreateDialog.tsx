/** A new job: what it is and runs on one side, when it fires on the other. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState, type SyntheticEvent } from "react";
import { Form } from "react-aria-components";
import { api, ApiError, data } from "../../api/client";
import { readJob } from "../../api/job_actions";
import { wordsOf } from "../../api/words";
import type { JobCreation } from "../../api/types";
import { Button } from "../../components/Button";
import { Dialog, DialogAlert } from "../../components/Dialog";
import { notify } from "../../components/toast_queue";
import { useUnsaved } from "../../components/unsaved";
import { absolute } from "../../time/format";
import type { Schedule, Standing } from "../schedule/editing";
import { faultsOf } from "../schedule/faults";
import { FireTable } from "../schedule/FireTable";
import { ScheduleForm } from "../schedule/ScheduleForm";
import { usePreview } from "../schedule/use_preview";
import styles from "./CreateDialog.module.css";
import { JobFields } from "./JobFields";
import { creationOf, EMPTY, type Faults, type NewJob } from "./new_job";

const FORM = "new-job";
const NO_SCHEDULE: Schedule = { type: "MANUAL", cron: "", zone: "UTC", policy: "ONCE" };
const NOBODY = { revision: 0, updatedBy: "", updatedAt: "" };

interface CreateDialogProps {
  onClose: () => void;
}

export default function CreateDialog({ onClose }: CreateDialogProps) {
  const [job, setJob] = useState<NewJob>(EMPTY);
  const [schedule, setSchedule] = useState<Schedule>(NO_SCHEDULE);
  const [faults, setFaults] = useState<Faults>({});
  const creation = useCreation(onClose);
  const isChanged = JSON.stringify([job, schedule]) !== JSON.stringify([EMPTY, NO_SCHEDULE]);
  const { close, question } = useUnsaved(isChanged, "The new job is not created yet.", onClose);
  const stand: Standing = {
    base: { schedule: NO_SCHEDULE, ...NOBODY },
    draft: schedule,
    theirs: null,
    isChanged: true,
  };
  const preview = usePreview("", stand);
  const refusal = refusalOf(creation.error, job);
  // Nobody has typed an expression yet: the preview says what to do, and no field is red.
  const isUntouched = schedule.cron === "" && !creation.isError;
  const ofSchedule = faultsOf(isUntouched ? null : preview.error, refusal.field ? null : creation.error);
  const submit = () => {
    const { body, faults: found } = creationOf(job, schedule);
    setFaults(found);
    if (Object.keys(found).length === 0) creation.mutate(body);
  };
  const edit = (some: Partial<NewJob>) => {
    setJob((before) => ({ ...before, ...some }));
    setFaults({});
    if (creation.isError) creation.reset();
  };
  return (
    <Dialog
      title="New job"
      isOpen
      onClose={close}
      isWide
      actions={
        <>
          <Button onPress={close}>Cancel</Button>
          <Button look="primary" type="submit" form={FORM} isDisabled={creation.isPending}>
            {creation.isPending ? "Creating …" : "Create"}
          </Button>
        </>
      }
    >
      <Form
        id={FORM}
        validationBehavior="aria"
        className={styles["columns"] ?? ""}
        onSubmit={(event: SyntheticEvent) => {
          event.preventDefault();
          submit();
        }}
      >
        <div className={styles["fields"]}>
          <JobFields job={job} faults={{ ...refusal.faults, ...faults }} onChange={edit} />
        </div>
        <div className={styles["fields"]}>
          <ScheduleForm
            schedule={schedule}
            faults={{ ...ofSchedule, other: null }}
            words={preview.preview?.description ?? null}
            isOld={preview.isOld || isUntouched}
            isAdmin
            onChange={(some) => setSchedule((before) => ({ ...before, ...some }))}
            onEnter={submit}
          />
          {schedule.type === "CRON" && preview.preview?.valid && (
            <FireTable preview={preview.preview} zone={preview.zone} marksNew={false} />
          )}
        </div>
      </Form>
      {ofSchedule.other !== null && (
        <DialogAlert>
          <strong>Not created.</strong> <bdi>{ofSchedule.other}</bdi>
        </DialogAlert>
      )}
      {question}
    </Dialog>
  );
}

/** The field that a refusal is about, where it is one of what the job is. */
function refusalOf(fault: unknown, job: NewJob): { field: keyof NewJob | null; faults: Faults } {
  if (!(fault instanceof ApiError) || !fault.problem) return { field: null, faults: {} };
  const isTaken = fault.status === 409;
  const field = isTaken ? "jobId" : (fault.problem.field ?? "");
  if (!(field in job)) return { field: null, faults: {} };
  return { field: field as keyof NewJob, faults: { [field]: wordsOf(fault) } };
}

/** Creates the job, shows it in the list, and closes the dialog. */
function useCreation(onClose: () => void) {
  const cache = useQueryClient();
  return useMutation({
    mutationFn: async (body: JobCreation) => {
      const job = await data(api.POST("/v1/console/jobs", { body }));
      await readJob(cache, job.name);
      return job;
    },
    onSuccess: ({ displayName, nextRunTime, timeZone }) => {
      const first = nextRunTime && `It fires first at ${absolute(nextRunTime, timeZone)}.`;
      const text = first ?? "It runs when somebody triggers it.";
      notify({ tone: "success", title: `${displayName} is created`, text });
      onClose();
    },
  });
}

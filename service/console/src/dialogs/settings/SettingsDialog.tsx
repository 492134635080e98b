/** What a job runs, and its policies, for admins: sends only what was altered, and overwrites nobody's change. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { Form } from "react-aria-components";
import { ApiError } from "../../api/client";
import { jobQuery, keys } from "../../api/queries";
import { patchJob } from "../../api/job_patch";
import type { JobDetail, JobPatch } from "../../api/types";
import { wordsOf } from "../../api/words";
import { Button } from "../../components/Button";
import { Difference } from "../../components/changes/Difference";
import { differences } from "../../components/changes/values";
import { Dialog, DialogAlert } from "../../components/Dialog";
import { Failure } from "../../components/Failure";
import { inForceWords } from "../../components/in_force";
import { Loading } from "../../components/Loading";
import { notify } from "../../components/toast_queue";
import { useUnsaved } from "../../components/unsaved";
import { formOf, patchOf, type Faults, type SettingsForm } from "./form";
import { SettingsFields } from "./SettingsFields";
import styles from "./Settings.module.css";

const FORM = "settings-form";

interface SettingsDialogProps {
  jobId: string;
  onClose: () => void;
}

export default function SettingsDialog({ jobId, onClose }: SettingsDialogProps) {
  const { data: job, error, isPending } = useQuery(jobQuery(jobId));
  if (job) return <Opened job={job} onClose={onClose} />;
  return (
    <Dialog title="Edit settings" isOpen onClose={onClose}>
      {isPending && <Loading what="the job" />}
      {error && <Failure fault={error} what="the job" />}
    </Dialog>
  );
}

interface OpenedProps {
  job: JobDetail;
  onClose: () => void;
}

function Opened({ job, onClose }: OpenedProps) {
  const cache = useQueryClient();
  // The job that the form was filled from; `job` goes on, when somebody else changes it.
  const [base, setBase] = useState(job);
  const [form, setForm] = useState<SettingsForm>(() => formOf(job));
  const [faults, setFaults] = useState<Faults>({});
  const save = useMutation({
    mutationFn: (patch: JobPatch) => patchJob(base.name, patch, base.revision),
    onSuccess: (after) => {
      void cache.invalidateQueries({ queryKey: keys.job(base.name) });
      void cache.invalidateQueries({ queryKey: keys.jobs });
      notify({ tone: "success", title: `Settings of ${base.name} saved`, text: inForceWords(after.inForce) });
      onClose();
    },
    onError: (fault) => {
      const field = fault instanceof ApiError ? fault.problem?.field : undefined;
      if (field && field in form) setFaults({ [field]: wordsOf(fault) });
      void cache.invalidateQueries({ queryKey: keys.job(base.name) });
    },
  });
  const submit = () => {
    const { patch, faults: found } = patchOf(form, formOf(base));
    setFaults(found);
    if (Object.keys(found).length > 0) return;
    if (Object.keys(patch).length === 0) onClose();
    else save.mutate(patch);
  };
  const isChanged = JSON.stringify(form) !== JSON.stringify(formOf(base));
  const { close, question } = useUnsaved(
    isChanged,
    "The settings have been changed here, and are not saved.",
    onClose,
  );
  const isStale = job.revision !== base.revision;
  const isSaidAtField = Object.keys(faults).length > 0;
  return (
    <Dialog
      title={
        <>
          Settings of <bdi>{base.displayName}</bdi>
        </>
      }
      isOpen
      onClose={close}
      isWide
      actions={
        <>
          <Button onPress={close}>Cancel</Button>
          <Button look="primary" type="submit" form={FORM} isDisabled={save.isPending || isStale}>
            {save.isPending ? "Saving …" : "Save"}
          </Button>
        </>
      }
    >
      {isStale && !save.isPending && (
        <div role="alert" className={styles["conflict"]}>
          <p>
            <bdi>{job.updatedBy}</bdi> has changed this job meanwhile:
          </p>
          <Difference changes={differences({ ...base }, { ...job })} />
          <Button isSmall onPress={() => setBase(job)}>
            Keep my edits, over this version
          </Button>
        </div>
      )}
      {save.error && !isStale && !isSaidAtField && (
        <DialogAlert>
          <strong>Not saved.</strong> <bdi>{wordsOf(save.error)}</bdi>
        </DialogAlert>
      )}
      <Form
        id={FORM}
        validationBehavior="aria"
        onSubmit={(event) => {
          event.preventDefault();
          submit();
        }}
      >
        <SettingsFields
          form={form}
          faults={faults}
          onChange={(part) => setForm((before) => ({ ...before, ...part }))}
        />
      </Form>
      {question}
    </Dialog>
  );
}

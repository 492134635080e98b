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
import { Dialog } from "../../components/Dialog";
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
  isOpen: boolean;
  onClose: () => void;
}

export default function SettingsDialog({ jobId, isOpen, onClose }: SettingsDialogProps) {
  const { data: job, error, isPending } = useQuery(jobQuery(jobId));
  if (job) return <Opened opened={job} latest={job} isOpen={isOpen} onClose={onClose} />;
  return (
    <Dialog title="Edit settings" isOpen={isOpen} onClose={onClose}>
      {isPending && <Loading what="the job" />}
      {error && <Failure fault={error} what="the job" />}
    </Dialog>
  );
}

interface OpenedProps {
  opened: JobDetail;
  latest: JobDetail;
  isOpen: boolean;
  onClose: () => void;
}

function Opened({ opened, latest, isOpen, onClose }: OpenedProps) {
  const cache = useQueryClient();
  // The job that the form was filled from; `latest` goes on, when somebody else changes it.
  const [base, setBase] = useState(opened);
  const [form, setForm] = useState<SettingsForm>(() => formOf(opened));
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
  const isStale = latest.revision !== base.revision;
  const isSaidAtField = Object.keys(faults).length > 0;
  return (
    <Dialog
      title={
        <>
          Settings of <bdi>{base.displayName}</bdi>
        </>
      }
      isOpen={isOpen}
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
            <bdi>{latest.updatedBy}</bdi> has changed this job meanwhile:
          </p>
          <Difference changes={differences({ ...base }, { ...latest })} />
          <Button isSmall onPress={() => setBase(latest)}>
            Keep my edits, over this version
          </Button>
        </div>
      )}
      {save.error && !isStale && !isSaidAtField && (
        <p role="alert" className={styles["refused"]}>
          <strong>Not saved.</strong> <bdi>{wordsOf(save.error)}</bdi>
        </p>
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

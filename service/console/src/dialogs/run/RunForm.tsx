/** The form of a run by hand: what is different from the job this time, and why. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useId, useLayoutEffect, useRef, useState, type SubmitEvent } from "react";
import { ApiError } from "../../api/client";
import { newKey, triggerJob } from "../../api/executions";
import { keys } from "../../api/queries";
import type { Handler, JobDetail, TriggerRequest } from "../../api/types";
import { wordsOf } from "../../api/words";
import { Button } from "../../components/Button";
import { DialogContent } from "../../components/Dialog";
import { TextField } from "../../components/fields";
import { Refusal } from "../../components/run/Refusal";
import { faultName, fieldsOf, isAnythingEntered, requestOf, type Faults, type FormState } from "./form";
import { Notices } from "./Notices";
import { ParameterField } from "./ParameterField";
import { parametersOf } from "./parameters";
import styles from "./RunDialog.module.css";
import { WindowFields } from "./WindowFields";

interface RunFormProps {
  job: JobDetail;
  handler: Handler | undefined;
  onClose: () => void;
  /** Told whether there is something to lose. */
  onEdited: (isEdited: boolean) => void;
  onStarted: (executionId: string) => void;
}

export function RunForm({ job, handler, onClose, onEdited, onStarted }: RunFormProps) {
  const formId = useId();
  const element = useRef<HTMLFormElement>(null);
  const [form, setForm] = useState<FormState>(() => ({
    entries: {},
    reason: "",
    windowStart: "",
    windowEnd: "",
    zone: job.timeZone,
  }));
  const [isTried, setTried] = useState(false);
  const start = useStart(job.name, onStarted);
  const isEdited = isAnythingEntered(form);
  // Before the next key is heard: that may be Escape.
  useLayoutEffect(() => {
    onEdited(isEdited);
    return () => onEdited(false);
  }, [isEdited, onEdited]);

  const fields = fieldsOf(parametersOf(handler?.paramsSchema, handler?.overridable ?? []), job.params);
  const { body, faults: own } = requestOf(fields, form);
  const faults: Faults = { ...shownOf(own, isTried), ...fieldFaultOf(start.error) };
  const change = (part: Partial<FormState>) => {
    setForm((before) => ({ ...before, ...part }));
    start.reset();
  };
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    setTried(true);
    if (Object.keys(own).length === 0) start.mutate(body);
    else requestAnimationFrame(() => focusFirstFault(element.current));
  };

  const overridden = Object.keys(body.params).length;
  return (
    <DialogContent
      title={
        <>
          Run <bdi>{job.displayName}</bdi> now
        </>
      }
      onClose={onClose}
      actions={
        <>
          <Button onPress={onClose}>Cancel</Button>
          <Button look="primary" type="submit" form={formId} isDisabled={start.isPending || !job.enabled}>
            {overridden === 0
              ? "Run now"
              : `Run now with ${overridden} changed ${overridden === 1 ? "parameter" : "parameters"}`}
          </Button>
        </>
      }
    >
      <form id={formId} ref={element} onSubmit={submit} noValidate className={styles["form"]}>
        <Notices job={job} handler={handler} />
        {start.isError &&
          isGeneral(
            start.error,
            own,
            fields.map(({ parameter }) => parameter.name),
          ) && <Refusal what="It was not started" fault={start.error} />}
        {fields.length > 0 && (
          <fieldset className={styles["parameters"]}>
            <legend>Parameters of this run</legend>
            {fields.map((field) => {
              const { name } = field.parameter;
              return (
                <ParameterField
                  key={name}
                  field={field}
                  entry={form.entries[name]}
                  error={faults[faultName(name)]}
                  onChange={(entry) => change({ entries: withEntry(form.entries, name, entry) })}
                />
              );
            })}
          </fieldset>
        )}
        <Fixed job={job} names={fields.map(({ parameter }) => parameter.name)} />
        <TextField
          label="Reason (optional)"
          hint="It stays on record with the execution."
          rows={2}
          value={form.reason}
          onChange={(reason) => change({ reason })}
          error={faults["reason"]}
        />
        <WindowFields form={form} jobZone={job.timeZone} faults={faults} onChange={change} />
      </form>
    </DialogContent>
  );
}

/** Starts the run: once, however often the same is asked for. */
function useStart(jobId: string, onStarted: (executionId: string) => void) {
  const cache = useQueryClient();
  // Whoever asks for something else asks anew: under the same key the server would refuse it.
  const asked = useRef<{ key: string; text: string } | null>(null);
  const [firstKey] = useState(newKey);
  return useMutation({
    mutationFn: (body: TriggerRequest) => {
      const text = JSON.stringify(body);
      asked.current ??= { key: firstKey, text };
      if (asked.current.text !== text) asked.current = { key: newKey(), text };
      return triggerJob(jobId, asked.current.key, body);
    },
    onSuccess: ({ executionId }) => {
      void cache.invalidateQueries({ queryKey: keys.job(jobId) });
      if (executionId) onStarted(executionId);
    },
    onError: () => void cache.invalidateQueries({ queryKey: keys.job(jobId) }),
  });
}

/** Parameters that only an edit of the job changes. */
function Fixed({ job, names }: { job: JobDetail; names: readonly string[] }) {
  const fixed = Object.fromEntries(Object.entries(job.params).filter(([name]) => !names.includes(name)));
  if (Object.keys(fixed).length === 0) {
    return names.length > 0 ? null : <p className={styles["hint"]}>The job has no parameters to change.</p>;
  }
  return (
    <div className={styles["fixed"]}>
      <span className={styles["name"]}>
        {names.length > 0 ? "Other parameters, as the job has them" : "Parameters, as the job has them"}
      </span>
      <pre tabIndex={0} role="region" aria-label="Parameters that cannot be changed here">
        {JSON.stringify(fixed, null, 2)}
      </pre>
      <span className={styles["hint"]}>The handler lets no run change them; edit the job instead.</span>
    </div>
  );
}

function withEntry(
  entries: FormState["entries"],
  name: string,
  entry: string | null | undefined,
): FormState["entries"] {
  const after = Object.fromEntries(Object.entries(entries).filter(([each]) => each !== name));
  return entry === undefined ? after : { ...after, [name]: entry };
}

/** A missing end of the window is no fault while somebody is still typing. */
function shownOf(faults: Faults, isTried: boolean): Faults {
  if (isTried) return faults;
  return Object.fromEntries(Object.entries(faults).filter(([name]) => !name.startsWith("window")));
}

function fieldFaultOf(fault: unknown): Faults {
  const field = fault instanceof ApiError && fault.status === 400 ? fault.problem?.field : null;
  return field ? { [field]: wordsOf(fault) } : {};
}

/** Whether an error belongs to no field that is shown. */
function isGeneral(fault: unknown, own: Faults, names: readonly string[]): boolean {
  const shown = new Set(["reason", "windowStart", "windowEnd", ...names.map(faultName), ...Object.keys(own)]);
  return !Object.keys(fieldFaultOf(fault)).some((name) => shown.has(name));
}

function focusFirstFault(form: HTMLFormElement | null): void {
  form?.querySelector<HTMLElement>("[aria-invalid='true']")?.focus();
}

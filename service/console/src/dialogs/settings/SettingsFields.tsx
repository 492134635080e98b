/** The fields of a job's settings. */
import { useQuery } from "@tanstack/react-query";
import { handlersQuery } from "../../api/queries";
import { Select, TextField } from "../../components/fields";
import { CLOCK_CHANGE, MISFIRE, ON_LOST, OVERLAP } from "../../components/policies";
import { PARAMS_HINT } from "../params";
import type { Faults, SettingsForm } from "./form";
import styles from "./Settings.module.css";

interface FieldsProps {
  form: SettingsForm;
  faults: Faults;
  onChange: (part: Partial<SettingsForm>) => void;
}

export function SettingsFields({ form, faults, onChange }: FieldsProps) {
  const text = (field: keyof SettingsForm) => ({
    value: form[field],
    error: faults[field],
    onChange: (value: string) => onChange({ [field]: value }),
  });
  const number = (field: keyof SettingsForm) => ({ ...text(field), inputMode: "numeric" as const });
  const policy = (field: keyof SettingsForm, words: Record<string, string>) => ({
    value: form[field],
    choices: Object.keys(words).map((id) => ({ id, name: id })),
    hint: words[form[field]] ?? "",
    onChange: (value: string) => onChange({ [field]: value }),
  });
  return (
    <div className={styles["fields"]}>
      <TextField label="Name" {...text("displayName")} isRequired />
      <TextField label="Group" {...text("jobGroup")} isRequired />
      <div className={styles["wide"]}>
        <TextField label="Description" {...text("description")} rows={2} />
      </div>
      <HandlerField form={form} faults={faults} onChange={onChange} />
      <div className={styles["wide"]}>
        <TextField label="Parameters" hint={PARAMS_HINT} {...text("params")} isCode rows={6} />
      </div>
      <PolicyField label="Overlap" {...policy("overlapPolicy", OVERLAP)} />
      <PolicyField label="Misfire" {...policy("misfirePolicy", MISFIRE)} />
      <PolicyField label="Clock change" {...policy("clockChangePolicy", CLOCK_CHANGE)} />
      <PolicyField label="When lost" {...policy("onLost", ON_LOST)} />
      <TextField label="Timeout, in seconds" hint="Empty: none." {...number("timeoutSeconds")} />
      <TextField
        label="Misfire grace, in seconds"
        hint="Older fires are not run."
        {...number("misfireGraceSeconds")}
      />
      <TextField label="Most attempts" {...number("maxAttempts")} />
      <TextField label="First pause before a retry, in seconds" {...number("retryBackoffSeconds")} />
      <TextField label="Overdue after, in seconds" {...number("overdueAfterSeconds")} />
    </div>
  );
}

interface PolicyFieldProps {
  label: string;
  value: string;
  choices: { id: string; name: string }[];
  hint: string;
  onChange: (value: string) => void;
}

function PolicyField({ hint, ...props }: PolicyFieldProps) {
  return (
    <div>
      <Select {...props} />
      <p className={styles["hint"]}>{hint}</p>
    </div>
  );
}

/** The handler: one that a replica knows, or another name, for a row may come before the deployment. */
function HandlerField({ form, faults, onChange }: FieldsProps) {
  const { data: handlers } = useQuery(handlersQuery);
  const chosen = handlers?.find(({ name }) => name === form.handler);
  const hint = chosen
    ? `${chosen.description ?? "No description."} On ${chosen.liveReplicas} live replicas.`
    : handlers && `No live replica knows it. They know: ${handlers.map(({ name }) => name).join(", ")}.`;
  return (
    <div className={styles["wide"]}>
      <TextField
        label="Handler"
        value={form.handler}
        error={faults["handler"]}
        hint={hint ?? ""}
        onChange={(handler) => onChange({ handler })}
        isCode
        isRequired
      />
    </div>
  );
}

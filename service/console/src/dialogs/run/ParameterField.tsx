/** A field for one parameter, of the kind that its type wants, with what the job itself says. */
import type { ReactNode } from "react";
import { Button } from "../../components/Button";
import { Select, Switch, TextField } from "../../components/fields";
import type { Field } from "./form";
import styles from "./RunDialog.module.css";
import { baseWords, boundWords, entryOf, shortText, type Entry } from "./values";

interface ParameterFieldProps {
  field: Field;
  /** Undefined: as the job has it. */
  entry: Entry | undefined;
  error: string | undefined;
  onChange: (entry: Entry | undefined) => void;
}

export function ParameterField({ field, entry, error, onChange }: ParameterFieldProps) {
  const { parameter, base } = field;
  const shown = entry === undefined ? entryOf(field.kind, base.value) : entry;
  const isNullable = parameter.isNullable && field.kind !== "choice";
  return (
    <div className={styles["parameter"]}>
      <div className={styles["control"]}>
        <Control field={field} entry={shown} error={error} onChange={onChange} />
      </div>
      <div className={styles["beside"]}>
        {isNullable && (
          <Switch
            isSelected={shown === null}
            onChange={(isNone) => onChange(isNone ? null : (entryOf(field.kind, base.value) ?? ""))}
            aria-label={`${parameter.name}: none`}
          >
            None
          </Switch>
        )}
        {entry !== undefined && (
          <Button
            isSmall
            look="quiet"
            aria-label={`${parameter.name}: as in the job`}
            onPress={() => onChange(undefined)}
          >
            As in the job
          </Button>
        )}
      </div>
    </div>
  );
}

interface ControlProps {
  field: Field;
  entry: Entry;
  error: string | undefined;
  onChange: (entry: Entry) => void;
}

const MARKS: Partial<Record<string, string>> = {
  instant: "2026-11-24T15:59:00Z",
  texts: "one per line",
};

function Control({ field, entry, error, onChange }: ControlProps) {
  const { parameter, kind } = field;
  const { name, choices, isNullable } = parameter;
  const hint = <Hint field={field} />;
  if (kind === "choice") {
    const names = choices.map((value) => ({ id: JSON.stringify(value), name: shortText(value) }));
    return (
      <Beneath hint={hint} error={error}>
        <Select
          label={name}
          value={entry ?? "null"}
          choices={isNullable ? [...names, { id: "null", name: "none" }] : names}
          onChange={onChange}
        />
      </Beneath>
    );
  }
  if (kind === "truth") {
    return (
      <Beneath hint={hint} error={error}>
        <Switch isSelected={entry === "true"} onChange={(isOn) => onChange(String(isOn))}>
          <span className={styles["name"]}>{name}</span>
        </Switch>
      </Beneath>
    );
  }
  return (
    <TextField
      label={name}
      value={entry ?? ""}
      onChange={onChange}
      isDisabled={entry === null}
      isCode={kind === "json"}
      rows={kind === "json" || kind === "texts" ? 3 : 1}
      hint={hint}
      error={error}
      placeholder={MARKS[kind] ?? ""}
      {...(kind === "date" && { type: "date" })}
      {...((kind === "whole" || kind === "number") && { inputMode: "decimal" as const })}
    />
  );
}

function Beneath({
  hint,
  error,
  children,
}: {
  hint: ReactNode;
  error: string | undefined;
  children: ReactNode;
}) {
  return (
    <div className={styles["beneath"]}>
      {children}
      <span className={styles["hint"]}>{hint}</span>
      {error !== undefined && <span className={styles["error"]}>{error}</span>}
    </div>
  );
}

const KINDS: Partial<Record<string, string>> = {
  whole: "a whole number",
  number: "a number",
  texts: "one per line",
  json: "JSON",
  instant: "an instant, RFC 3339",
};

function Hint({ field: { parameter, base, kind } }: { field: Field }) {
  const kindWords = [KINDS[kind], boundWords(parameter.lowest, parameter.highest)].filter(Boolean).join(" ");
  return (
    <>
      {parameter.description !== undefined && (
        <>
          <bdi>{parameter.description}</bdi>
          <br />
        </>
      )}
      <bdi>{baseWords(base)}</bdi>
      {kindWords && ` · ${kindWords}`}
    </>
  );
}

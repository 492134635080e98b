/** One field of the expression in the builder: which form it has, and what varies in it. */
import { useState } from "react";
import { classes } from "../../components/classes";
import { Select } from "../../components/fields";
import styles from "./Builder.module.css";
import { NamedValue, NumberInput, Toggles, Typed, ValuePicker } from "./controls";
import { composeField, parseField, type Field, type Shape } from "./cron_fields";
import { beginning, formsOf, nthOf, NTHS, pickOf, picksOf, startsOf, type Pickable } from "./shapes";

interface RowProps {
  field: Field;
  raw: string;
  isFaulty: boolean;
  onChange: (raw: string) => void;
}

export function FieldRow({ field, raw, isFaulty, onChange }: RowProps) {
  // What was chosen here stays as it was chosen, though the text could be read as another form: each 1 is every.
  const [chosen, setChosen] = useState<{ raw: string; shape: Shape } | null>(null);
  const shape = chosen?.raw === raw ? chosen.shape : parseField(field, raw);
  const choose = (next: Shape) => {
    const written = composeField(field, next);
    setChosen({ raw: written, shape: next });
    onChange(written);
  };
  return (
    <div
      role="group"
      aria-label={field.label}
      className={classes(
        styles["row"],
        isFaulty && styles["faulty"],
        shape.kind === "every" && styles["open"],
      )}
    >
      <span className={styles["name"]}>
        {field.label}
        {isFaulty && <span className="visually-hidden"> (at fault)</span>}
      </span>
      <Select
        label={`${field.label}: form`}
        isLabelHidden
        value={shape.kind}
        choices={formsOf(field)}
        onChange={(kind) => choose(beginning(field, kind, raw))}
      />
      <div className={styles["values"]}>
        <Values field={field} shape={shape} onChange={choose} />
      </div>
    </div>
  );
}

interface ValuesProps {
  field: Field;
  shape: Shape;
  onChange: (shape: Shape) => void;
}

function Values({ field, shape, onChange }: ValuesProps) {
  const name = field.label;
  switch (shape.kind) {
    case "every":
      return <span className={styles["quiet"]}>every {field.unit.slice(0, -1)}</span>;
    case "last-workday":
      return <span className={styles["quiet"]}>of the month</span>;
    case "step":
      return (
        <>
          each
          <NumberInput
            label={`${name}: each`}
            value={shape.step}
            min={1}
            max={field.last}
            onChange={(step) => onChange({ ...shape, step })}
          />
          from
          <Value
            label={`${name}: from`}
            field={field}
            picks={startsOf(field)}
            value={shape.from}
            onChange={(from) => onChange({ ...shape, from })}
          />
        </>
      );
    case "list": {
      const List = field.codes.length > 0 ? Toggles : ValuePicker;
      return (
        <List
          label={`${name}: values`}
          picks={picksOf(field)}
          chosen={shape.values}
          onChange={(values) => onChange({ ...shape, values })}
        />
      );
    }
    case "range":
      return <Range field={field} shape={shape} onChange={onChange} />;
    case "last":
      return (
        <>
          <NumberInput
            label={`${name}: days before the last`}
            value={shape.before}
            min={0}
            max={30}
            onChange={(before) => onChange({ ...shape, before })}
          />
          days before it
        </>
      );
    case "nearest-workday":
      return (
        <>
          to day
          <NumberInput
            label={`${name}: nearest to`}
            value={shape.day}
            min={1}
            max={31}
            onChange={(day) => onChange({ ...shape, day })}
          />
        </>
      );
    case "nth":
      return (
        <>
          <Toggles
            label={`${name}: which in the month`}
            picks={NTHS}
            chosen={shape.which.map(pickOf)}
            onChange={(picks) => onChange({ ...shape, which: picks.map(nthOf) })}
          />
          <Value
            label={`${name}: weekday`}
            field={field}
            picks={picksOf(field)}
            value={shape.weekday}
            onChange={(weekday) => onChange({ ...shape, weekday })}
          />
        </>
      );
    case "custom":
      return (
        <Typed
          label={`${name}: text`}
          text={shape.text}
          onText={(typed) => {
            const text = typed.trim();
            const isOneField = text !== "" && !/\s/.test(text);
            if (isOneField) onChange({ ...shape, text });
            return isOneField;
          }}
        />
      );
  }
}

function Range({ field, shape, onChange }: ValuesProps & { shape: Extract<Shape, { kind: "range" }> }) {
  const { from, to, step } = shape;
  return (
    <>
      <Value
        label={`${field.label}: from`}
        field={field}
        picks={startsOf(field)}
        value={from}
        onChange={(next) => onChange({ ...shape, from: next, to: Math.max(next, to) })}
      />
      to
      <Value
        label={`${field.label}: to`}
        field={field}
        picks={picksOf(field)}
        value={to}
        onChange={(next) => onChange({ ...shape, from: Math.min(from, next), to: next })}
      />
      each
      <NumberInput
        label={`${field.label}: each`}
        value={step}
        min={1}
        max={field.last}
        onChange={(next) => onChange({ ...shape, step: next })}
      />
    </>
  );
}

interface ValueProps {
  label: string;
  field: Field;
  picks: readonly Pickable[];
  value: number;
  onChange: (value: number) => void;
}

/** One value of a field: by its name where it has one. */
function Value({ label, field, picks, value, onChange }: ValueProps) {
  if (field.codes.length === 0) {
    return <NumberInput label={label} value={value} min={field.first} max={field.last} onChange={onChange} />;
  }
  return <NamedValue label={label} picks={picks} value={value} onChange={onChange} />;
}

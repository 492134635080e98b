/** The schedule to be edited: its text, the common ones, field by field, its zone. */
import type { ReactNode } from "react";
import { Switch, TextField } from "../../components/fields";
import { Builder } from "./Builder";
import { ClockPolicy } from "./ClockPolicy";
import { readCron } from "./cron_text";
import type { Schedule } from "./editing";
import type { Faults } from "./faults";
import { Presets } from "./Presets";
import styles from "./ScheduleDialog.module.css";
import { ZonePicker } from "./ZonePicker";

interface FormProps {
  schedule: Schedule;
  faults: Faults;
  /** What the expression means; null where there are no short words for it. */
  words: string | null;
  isOld: boolean;
  isAdmin: boolean;
  onChange: (change: Partial<Schedule>) => void;
  onEnter: () => void;
}

export function ScheduleForm({ schedule, faults, words, isOld, isAdmin, onChange, onEnter }: FormProps) {
  const { type, cron, zone, policy } = schedule;
  const setCron = (text: string) => onChange({ cron: text });
  const text = (
    <TextField
      label="Cron expression"
      value={cron}
      onChange={setCron}
      error={faults.cron}
      isCode
      autoFocus
      spellCheck="false"
      autoComplete="off"
      placeholder="second minute hour day-of-month month day-of-week"
      onKeyDown={(event) => {
        if (event.key === "Enter") onEnter();
        else event.continuePropagation(); // Escape is the dialog's
      }}
    />
  );
  return (
    <div className={styles["form"]}>
      {isAdmin && (
        <Switch
          isSelected={type === "CRON"}
          onChange={(isScheduled) => onChange({ type: isScheduled ? "CRON" : "MANUAL" })}
        >
          Runs on a schedule
        </Switch>
      )}
      {type === "MANUAL" ? (
        <p className={styles["quiet"]}>It runs only when somebody triggers it.</p>
      ) : (
        <>
          <div className={styles["text"]}>
            {text}
            {faults.cron === null && <Meaning cron={cron} words={words} isOld={isOld} />}
          </div>
          <Presets text={cron} onChange={setCron} />
          <Builder text={cron} fault={faults.cron} onChange={setCron} />
          <ZonePicker zone={zone} error={faults.zone} onChange={(next) => onChange({ zone: next })} />
          <ClockPolicy
            policy={policy}
            error={faults.policy}
            onChange={isAdmin ? (next) => onChange({ policy: next }) : null}
          />
        </>
      )}
    </div>
  );
}

/** The expression in words, and what a macro or five fields stand for. */
function Meaning({ cron, words, isOld }: { cron: string; words: string | null; isOld: boolean }): ReactNode {
  const read = readCron(cron);
  const stands = read?.macro ? `${read.macro} stands for ${read.fields.join(" ")}` : null;
  return (
    <p className={styles["meaning"]} role="status" data-old={isOld || undefined}>
      {words ?? "There are no short words for this one; the next fires show what it means."}
      {stands !== null && (
        <span className={styles["quiet"]}>
          {" · "}
          <code>{stands}</code>
        </span>
      )}
      {read?.hasFive && <span className={styles["quiet"]}> · five fields, at second 0</span>}
    </p>
  );
}

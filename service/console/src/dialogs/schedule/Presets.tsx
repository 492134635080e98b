/** The common schedules, each with what varies in it beside its name. */
import { Select } from "../../components/fields";
import styles from "./Builder.module.css";
import { NamedValue, NumberInput, TimeInput, Toggles } from "./controls";
import { FIELDS } from "./cron_fields";
import { cronOf, presetLike, presetOf, PRESET_NAMES, type Preset, type PresetId } from "./presets";
import { nthOf, NTHS, pickOf, picksOf } from "./shapes";

const NONE = "none";
const CHOICES: { id: PresetId | typeof NONE; name: string }[] = (
  Object.entries(PRESET_NAMES) as [PresetId, string][]
).map(([id, name]) => ({ id, name }));
const OTHER = { id: NONE, name: "none of these" } as const;
const [, , , , MONTH, WEEKDAY] = FIELDS;

interface PresetsProps {
  text: string;
  onChange: (text: string) => void;
}

export function Presets({ text, onChange }: PresetsProps) {
  const preset = presetOf(text);
  const set = (next: Preset) => onChange(cronOf(next));
  return (
    <div className={styles["preset"]} role="group" aria-label="Common schedules">
      <span className={styles["name"]}>Common</span>
      <div className={styles["presetName"]}>
        <Select
          label="Common schedules"
          isLabelHidden
          value={preset?.id ?? NONE}
          choices={preset ? CHOICES : [OTHER, ...CHOICES]}
          onChange={(id) => id !== NONE && set(presetLike(id, text))}
        />
      </div>
      {preset && <Details preset={preset} onChange={set} />}
    </div>
  );
}

interface DetailsProps {
  preset: Preset;
  onChange: (preset: Preset) => void;
}

function Details({ preset, onChange }: DetailsProps) {
  switch (preset.id) {
    case "seconds":
    case "minutes":
      return (
        <>
          every
          <NumberInput
            label={`Number of ${preset.id}`}
            value={preset.every}
            min={1}
            max={59}
            onChange={(every) => onChange({ ...preset, every })}
          />
          {preset.id}
        </>
      );
    case "hours":
      return (
        <>
          every
          <NumberInput
            label="Number of hours"
            value={preset.every}
            min={1}
            max={23}
            onChange={(every) => onChange({ ...preset, every })}
          />
          {preset.every === 1 ? "hour" : "hours"} at minute
          <NumberInput
            label="Minute of the hour"
            value={preset.minute}
            min={0}
            max={59}
            onChange={(minute) => onChange({ ...preset, minute })}
          />
        </>
      );
    default:
      return (
        <>
          <Days preset={preset} onChange={onChange} />
          at
          <TimeInput
            label="Time of day"
            value={preset.time}
            onChange={(time) => onChange({ ...preset, time })}
          />
        </>
      );
  }
}

function Days({ preset, onChange }: DetailsProps) {
  switch (preset.id) {
    case "weekly":
      return (
        WEEKDAY && (
          <Toggles
            label="Days of the week"
            picks={picksOf(WEEKDAY)}
            chosen={preset.weekdays}
            onChange={(weekdays) => onChange({ ...preset, weekdays })}
          />
        )
      );
    case "monthly":
      return <Day day={preset.day} onChange={(day) => onChange({ ...preset, day })} />;
    case "yearly":
      return (
        <>
          <Day day={preset.day} onChange={(day) => onChange({ ...preset, day })} />
          <NamedValue
            label="Month"
            picks={MONTH ? picksOf(MONTH) : []}
            value={preset.month}
            onChange={(month) => onChange({ ...preset, month })}
          />
        </>
      );
    case "nth-weekday":
      return (
        <>
          <Toggles
            label="Which in the month"
            picks={NTHS}
            chosen={preset.which.map(pickOf)}
            onChange={(picks) => onChange({ ...preset, which: picks.map(nthOf) })}
          />
          <NamedValue
            label="Weekday"
            picks={WEEKDAY ? picksOf(WEEKDAY) : []}
            value={preset.weekday}
            onChange={(weekday) => onChange({ ...preset, weekday })}
          />
        </>
      );
    default:
      return null;
  }
}

function Day({ day, onChange }: { day: number; onChange: (day: number) => void }) {
  return (
    <>
      day
      <NumberInput label="Day of the month" value={day} min={1} max={31} onChange={onChange} />
    </>
  );
}

/** The schedules that most people want, each with the one or two things that vary. */
import { composeField, FIELDS, parseField, type Nth, type Shape } from "./cron_fields";
import { readCron, type CronText } from "./cron_text";

/** A time of day, such as "16:00", or "16:00:30" where the second is not 0. */
export type TimeOfDay = string;

export type Preset =
  | { id: "seconds"; every: number }
  | { id: "minutes"; every: number }
  | { id: "hours"; every: number; minute: number }
  | { id: "daily"; time: TimeOfDay }
  | { id: "weekdays"; time: TimeOfDay }
  | { id: "weekly"; time: TimeOfDay; weekdays: readonly number[] }
  | { id: "monthly"; time: TimeOfDay; day: number }
  | { id: "last-day"; time: TimeOfDay }
  | { id: "last-workday"; time: TimeOfDay }
  | { id: "nth-weekday"; time: TimeOfDay; weekday: number; which: readonly Nth[] }
  | { id: "yearly"; time: TimeOfDay; day: number; month: number };

export type PresetId = Preset["id"];

export const PRESET_NAMES: Readonly<Record<PresetId, string>> = {
  seconds: "Every n seconds",
  minutes: "Every n minutes",
  hours: "Hourly",
  daily: "Daily",
  weekdays: "Monday to Friday",
  weekly: "Weekly",
  monthly: "Monthly, a date",
  "last-day": "Monthly, last day",
  "last-workday": "Monthly, last Mon–Fri day",
  "nth-weekday": "Monthly, a weekday",
  yearly: "Yearly",
};

/** Returns the preset that an expression is, null where it is none of them. */
export function presetOf(text: string): Preset | null {
  const cron = readCron(text);
  if (!cron) return null;
  const shapes = shapesOf(cron);
  return rhythmOf(shapes) ?? dayOf(shapes);
}

/** Writes a preset as an expression of six fields. */
export function cronOf(preset: Preset): string {
  switch (preset.id) {
    case "seconds":
      return `${paced(0, preset.every)} * * * * *`;
    case "minutes":
      return `0 ${paced(1, preset.every)} * * * *`;
    case "hours":
      return `0 ${preset.minute} ${paced(2, preset.every)} * * *`;
    case "daily":
      return `${clock(preset.time)} * * *`;
    case "weekdays":
      return `${clock(preset.time)} * * MON-FRI`;
    case "weekly":
      return `${clock(preset.time)} * * ${written(5, { kind: "list", values: preset.weekdays })}`;
    case "monthly":
      return `${clock(preset.time)} ${preset.day} * *`;
    case "last-day":
      return `${clock(preset.time)} L * *`;
    case "last-workday":
      return `${clock(preset.time)} LW * *`;
    case "nth-weekday": {
      const { weekday, which } = preset;
      return `${clock(preset.time)} * * ${written(5, { kind: "nth", weekday, which })}`;
    }
    case "yearly":
      return `${clock(preset.time)} ${preset.day} ${written(4, { kind: "list", values: [preset.month] })} *`;
  }
}

/** A preset of that kind which keeps of the present expression what they have in common, such as the time of day. */
export function presetLike(id: PresetId, text: string): Preset {
  const cron = readCron(text);
  const shapes = cron ? shapesOf(cron) : [];
  const time = (shapes.length > 0 && timeOf(shapes)) || "06:00";
  const [, minutes, , days, months, weekdays] = shapes;
  switch (id) {
    case "seconds":
      return { id, every: 30 };
    case "minutes":
      return { id, every: 5 };
    case "hours":
      return { id, every: 1, minute: single(minutes) ?? 0 };
    case "weekly":
      return { id, time, weekdays: weekdays?.kind === "list" ? weekdays.values : [1] };
    case "monthly":
      return { id, time, day: single(days) ?? 1 };
    case "nth-weekday":
      return weekdays?.kind === "nth"
        ? { id, time, weekday: weekdays.weekday, which: weekdays.which }
        : { id, time, weekday: single(weekdays) ?? 1, which: [1] };
    case "yearly":
      return { id, time, day: single(days) ?? 1, month: single(months) ?? 1 };
    default:
      return { id, time };
  }
}

const TIME = /^([0-9]{1,2}):([0-9]{2})(?::([0-9]{2}))?$/;

/** Returns a time of day as this page writes it, null where the text is none. */
export function readTime(text: string): TimeOfDay | null {
  const found = TIME.exec(text.trim());
  if (!found) return null;
  const [hour = 99, minute = 99, second = 0] = found
    .slice(1)
    .filter((part) => (part as string | undefined) !== undefined)
    .map(Number);
  return hour > 23 || minute > 59 || second > 59 ? null : timeText(hour, minute, second);
}

function shapesOf(cron: CronText): Shape[] {
  return FIELDS.map((field, index) => parseField(field, cron.fields[index] ?? ""));
}

function rhythmOf([seconds, minutes, hours, ...days]: readonly Shape[]): Preset | null {
  if (!days.every((shape) => shape.kind === "every")) return null;
  const isWhole = single(seconds) === 0;
  if (hours?.kind === "every" && minutes?.kind === "every") {
    const every = paceOf(seconds, 0);
    if (every !== null) return { id: "seconds", every };
  }
  if (!isWhole) return null;
  if (hours?.kind === "every") {
    const every = paceOf(minutes, 0);
    if (every !== null) return { id: "minutes", every };
  }
  const [every, minute] = [paceOf(hours, 0), single(minutes)];
  return every !== null && minute !== null ? { id: "hours", every, minute } : null;
}

function dayOf(shapes: readonly Shape[]): Preset | null {
  const [, , , days, months, weekdays] = shapes;
  const time = timeOf(shapes);
  if (time === null || !days || !months || !weekdays) return null;
  if (days.kind !== "every" && weekdays.kind !== "every") return null;
  if (months.kind !== "every") {
    const [day, month] = [single(days), single(months)];
    return day === null || month === null || weekdays.kind !== "every"
      ? null
      : { id: "yearly", time, day, month };
  }
  if (weekdays.kind !== "every") return weekOf(weekdays, time);
  switch (days.kind) {
    case "every":
      return { id: "daily", time };
    case "last":
      return days.before === 0 ? { id: "last-day", time } : null;
    case "last-workday":
      return { id: "last-workday", time };
    default: {
      const day = single(days);
      return day === null ? null : { id: "monthly", time, day };
    }
  }
}

function weekOf(weekdays: Shape, time: TimeOfDay): Preset | null {
  if (weekdays.kind === "nth") {
    return { id: "nth-weekday", time, weekday: weekdays.weekday, which: weekdays.which };
  }
  if (weekdays.kind === "list") return { id: "weekly", time, weekdays: weekdays.values };
  if (weekdays.kind !== "range") return null;
  const { from, to, step } = weekdays;
  return from === 1 && to === 5 && step === 1 ? { id: "weekdays", time } : null;
}

/** The time of day, null where there is more than one. */
function timeOf([seconds, minutes, hours]: readonly Shape[]): TimeOfDay | null {
  const [hour, minute, second] = [single(hours), single(minutes), single(seconds)];
  return hour === null || minute === null || second === null ? null : timeText(hour, minute, second);
}

function single(shape: Shape | undefined): number | null {
  return shape?.kind === "list" && shape.values.length === 1 ? (shape.values[0] ?? null) : null;
}

/** Each how-manieth value from `first` on a field names; null where it is another rhythm. */
function paceOf(shape: Shape | undefined, first: number): number | null {
  if (shape?.kind === "every") return 1;
  return shape?.kind === "step" && shape.from === first ? shape.step : null;
}

function paced(index: number, every: number): string {
  return written(index, { kind: "step", from: FIELDS[index]?.first ?? 0, step: every });
}

function written(index: number, shape: Shape): string {
  const field = FIELDS[index];
  return field ? composeField(field, shape) : "*";
}

/** The second, minute and hour fields of a time of day. */
function clock(time: TimeOfDay): string {
  const [hour = 0, minute = 0, second = 0] = time.split(":").map(Number);
  return `${second} ${minute} ${hour}`;
}

function timeText(hour: number, minute: number, second: number): TimeOfDay {
  const parts = second === 0 ? [hour, minute] : [hour, minute, second];
  return parts.map((part) => part.toString().padStart(2, "0")).join(":");
}

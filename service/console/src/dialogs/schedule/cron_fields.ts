/**
 * One field of a cron expression as the builder shows it, and back.
 *
 * A field is rewritten only where somebody changes it in the builder, so nothing that is written is destroyed; what
 * the builder has no form for stays text. Source of what a field may hold: service/domain/cron/grammar.py.
 */

type FieldName = "second" | "minute" | "hour" | "day-of-month" | "month" | "day-of-week";

/** What may stand in a field; `first` to `last` is what `*` means, `lowest` the smallest number that may be written. */
export interface Field {
  name: FieldName;
  label: string;
  unit: string;
  lowest: number;
  first: number;
  last: number;
  /** Names of the values in the expression, by value; none where there are only numbers. */
  codes: readonly string[];
}

const MONTHS = ["", "JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
// Sunday is 0 and 7; a range may begin with the one and end with the other.
const WEEKDAYS = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN"];

export const FIELDS: readonly Field[] = [
  { name: "second", label: "Second", unit: "seconds", lowest: 0, first: 0, last: 59, codes: [] },
  { name: "minute", label: "Minute", unit: "minutes", lowest: 0, first: 0, last: 59, codes: [] },
  { name: "hour", label: "Hour", unit: "hours", lowest: 0, first: 0, last: 23, codes: [] },
  { name: "day-of-month", label: "Day of month", unit: "days", lowest: 1, first: 1, last: 31, codes: [] },
  { name: "month", label: "Month", unit: "months", lowest: 1, first: 1, last: 12, codes: MONTHS },
  { name: "day-of-week", label: "Day of week", unit: "days", lowest: 0, first: 1, last: 7, codes: WEEKDAYS },
];

/** Which of a month's weekdays: the first to the fifth, or the last. */
export type Nth = 1 | 2 | 3 | 4 | 5 | "last";

export type Shape =
  | { kind: "every" }
  /** Each `step`-th value from `from` to the end of the field. */
  | { kind: "step"; step: number; from: number }
  | { kind: "list"; values: readonly number[] }
  | { kind: "range"; from: number; to: number; step: number }
  /** The last day of the month, or so many days before it. */
  | { kind: "last"; before: number }
  | { kind: "last-workday" }
  | { kind: "nearest-workday"; day: number }
  | { kind: "nth"; weekday: number; which: readonly Nth[] }
  | { kind: "custom"; text: string };

export type Kind = Shape["kind"];

const NUMERIC = /^(?:(\*)|([0-9]+|[A-Z]+)(?:-([0-9]+|[A-Z]+))?)(?:\/([0-9]+))?$/;
const OF_MONTH = /^(?:(L)|(LW)|L-([0-9]+)|([0-9]+)W)$/;
const OF_WEEK = /^([0-9]+|[A-Z]{3})(?:(L)|#([0-9]+))$/;

/** Returns how the builder shows a field; what it cannot read, or has no form for, is `custom`. */
export function parseField(field: Field, raw: string): Shape {
  const text = raw.toUpperCase();
  if (text === "?" && isDay(field)) return { kind: "every" };
  const items = text.split(",");
  const shapes = items.map((item) => parseItem(field, item));
  const [first] = shapes;
  if (shapes.length === 1) return first ?? custom(raw);
  return listOf(field, shapes) ?? nthOf(shapes) ?? custom(raw);
}

/** Writes a field; the inverse of `parseField`, up to how the same thing may be written. */
export function composeField(field: Field, shape: Shape): string {
  switch (shape.kind) {
    case "every":
      return "*";
    case "step":
      if (shape.from !== field.first) return `${codeOf(field, shape.from, "digits for 0")}/${shape.step}`;
      return shape.step === 1 ? "*" : `*/${shape.step}`;
    case "list":
      return [...shape.values]
        .sort((one, other) => one - other)
        .map((value) => codeOf(field, value))
        .join(",");
    case "range": {
      const { from, to, step } = shape;
      if (from === to) return codeOf(field, from);
      // SUN-SUN is Sunday alone.
      const isWholeWeek = field.name === "day-of-week" && from === 0 && to === 7;
      const range = isWholeWeek ? "0-7" : `${codeOf(field, from)}-${codeOf(field, to)}`;
      return step === 1 ? range : `${range}/${step}`;
    }
    case "last":
      return shape.before === 0 ? "L" : `L-${shape.before}`;
    case "last-workday":
      return "LW";
    case "nearest-workday":
      return `${shape.day}W`;
    case "nth":
      return shape.which
        .map((nth) => codeOf(field, shape.weekday) + (nth === "last" ? "L" : `#${nth}`))
        .join(",");
    case "custom":
      return shape.text;
  }
}

/** Whether a field may hold what is of days only. */
function isDay(field: Field): boolean {
  return field.name === "day-of-month" || field.name === "day-of-week";
}

function custom(text: string): Shape {
  return { kind: "custom", text };
}

function parseItem(field: Field, item: string): Shape | null {
  if (field.name === "day-of-month") {
    const special = OF_MONTH.exec(item);
    if (special) return lastOrNearest(field, special);
  }
  const special = field.name === "day-of-week" ? OF_WEEK.exec(item) : null;
  if (special) {
    const [, dayText = "", last, nthText] = special;
    const weekday = valueOf(field, dayText);
    const nth = last ? "last" : numberOf(nthText ?? "");
    return weekday === null || !isNth(nth) ? null : { kind: "nth", weekday: weekday || 7, which: [nth] };
  }
  return parseNumeric(field, item);
}

function lastOrNearest(field: Field, [, last, workday, before, nearest]: RegExpExecArray): Shape | null {
  if (last) return { kind: "last", before: 0 };
  if (workday) return { kind: "last-workday" };
  if (nearest !== undefined) {
    const day = valueOf(field, nearest);
    return day === null ? null : { kind: "nearest-workday", day };
  }
  const days = numberOf(before ?? "");
  return days >= 1 && days <= 30 ? { kind: "last", before: days } : null;
}

function parseNumeric(field: Field, item: string): Shape | null {
  const found = NUMERIC.exec(item);
  if (!found) return null;
  const [, star, lowText = "", highText, stepText] = found;
  const step = stepText === undefined ? 1 : numberOf(stepText);
  if (step < 1) return null;
  if (star) return step === 1 ? { kind: "every" } : { kind: "step", step, from: field.first };
  const low = valueOf(field, lowText);
  const high = highText === undefined ? low : valueOf(field, highText);
  if (low === null || high === null) return null;
  if (highText === undefined && stepText !== undefined) {
    // In the day of week 0/2 is every second day from Sunday on, 7/2 is Sunday alone, and so is SUN/2.
    if (low === 7 && isDayOfWeek(field)) return single(field, 7);
    return low === field.first && step === 1 ? { kind: "every" } : { kind: "step", step, from: low };
  }
  if (low === high) return single(field, low);
  const [from, to] = isDayOfWeek(field) ? [low % 7, high || 7] : [low, high];
  return from > to ? null : { kind: "range", from, to, step };
}

function single(field: Field, value: number): Shape {
  return { kind: "list", values: [isDayOfWeek(field) ? value || 7 : value] };
}

/** Several items as one list of values, where they are values and ranges without steps. */
function listOf(field: Field, shapes: readonly (Shape | null)[]): Shape | null {
  const values = new Set<number>();
  for (const shape of shapes) {
    if (shape?.kind === "list") for (const value of shape.values) values.add(value);
    else if (shape?.kind === "range" && shape.step === 1) {
      for (let value = shape.from; value <= shape.to; value++)
        values.add(isDayOfWeek(field) ? value || 7 : value);
    } else return null;
  }
  return { kind: "list", values: [...values].sort((one, other) => one - other) };
}

const ORDER: readonly Nth[] = [1, 2, 3, 4, 5, "last"];

/** Several items as one weekday with several places in the month, such as the first and the third Monday. */
function nthOf(shapes: readonly (Shape | null)[]): Shape | null {
  const which = new Set<Nth>();
  const weekdays = new Set<number>();
  for (const shape of shapes) {
    if (shape?.kind !== "nth") return null;
    weekdays.add(shape.weekday);
    for (const nth of shape.which) which.add(nth);
  }
  const [weekday] = weekdays;
  if (weekday === undefined || weekdays.size > 1) return null;
  return { kind: "nth", weekday, which: ORDER.filter((nth) => which.has(nth)) };
}

function isDayOfWeek(field: Field): boolean {
  return field.name === "day-of-week";
}

function isNth(value: number | "last"): value is Nth {
  return (ORDER as readonly (number | "last")[]).includes(value);
}

/** The value that a number or a name stands for; null where it is none of this field. */
function valueOf(field: Field, text: string): number | null {
  if (/^[0-9]/.test(text)) {
    const value = numberOf(text);
    return value >= field.lowest && value <= field.last ? value : null;
  }
  const named = text === "" ? -1 : field.codes.lastIndexOf(text); // SUN is 7
  return named < 0 ? null : named;
}

/** The number, 999 for any larger one; NaN for no digits. */
function numberOf(digits: string): number {
  return Math.min(Number.parseInt(digits, 10), 999);
}

/** How a value is written: by its name where it has one. Before a step, SUN would be 7, and so Sunday alone. */
function codeOf(field: Field, value: number, sunday: "name" | "digits for 0" = "name"): string {
  if (sunday === "digits for 0" && value === 0) return "0";
  return field.codes[value] ?? `${value}`;
}

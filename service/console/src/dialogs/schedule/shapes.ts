/** The forms in which the builder offers a field, and what each begins with. */
import { parseField, type Field, type Kind, type Nth, type Shape } from "./cron_fields";

/** A value of a field with the name that people read. */
export interface Pickable {
  value: number;
  name: string;
}

interface Form {
  id: Kind;
  name: string;
}

const COMMON: readonly Form[] = [
  { id: "every", name: "Every" },
  { id: "step", name: "Each n" },
  { id: "list", name: "List" },
  { id: "range", name: "From … to" },
];
const OF_MONTH: readonly Form[] = [
  { id: "last", name: "Last day" },
  { id: "last-workday", name: "Last Mon–Fri" },
  { id: "nearest-workday", name: "Nearest Mon–Fri" },
];
const OF_WEEK: readonly Form[] = [{ id: "nth", name: "Nth in month" }];
const AS_TEXT: Form = { id: "custom", name: "As text" };

/** The forms that a field may have. */
export function formsOf(field: Field): Form[] {
  const own = field.name === "day-of-month" ? OF_MONTH : field.name === "day-of-week" ? OF_WEEK : [];
  return [...COMMON, ...own, AS_TEXT];
}

const STEPS: Partial<Record<Field["name"], number>> = { second: 10, minute: 5, month: 3 };
const RANGES: Partial<Record<Field["name"], [number, number]>> = {
  hour: [9, 17],
  "day-of-month": [1, 7],
  "day-of-week": [1, 5],
};

/** What a form begins with; it keeps of the present field what both have. */
export function beginning(field: Field, kind: Kind, raw: string): Shape {
  const shape = parseField(field, raw);
  const value = (shape.kind === "list" ? shape.values[0] : undefined) ?? field.first;
  const [from, to] = RANGES[field.name] ?? [field.first, Math.min(field.first + 29, field.last)];
  switch (kind) {
    case "every":
    case "last-workday":
      return { kind };
    case "step":
      return { kind, step: STEPS[field.name] ?? 2, from: field.first };
    case "list":
      return { kind, values: [value] };
    case "range":
      return { kind, from, to, step: 1 };
    case "last":
      return { kind, before: 0 };
    case "nearest-workday":
      return { kind, day: value };
    case "nth":
      return { kind, weekday: value || 7, which: [1] };
    case "custom":
      return { kind, text: raw };
  }
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const WEEKDAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

/** All values of a field with the names that people read. */
export function picksOf(field: Field): Pickable[] {
  const names = field.name === "month" ? MONTHS : field.name === "day-of-week" ? WEEKDAYS : null;
  return Array.from({ length: field.last - field.first + 1 }, (_, index) => ({
    value: field.first + index,
    name: names?.[index] ?? `${field.first + index}`,
  }));
}

/** The values with which a range of days of the week may begin: Sunday is the first, too. */
export function startsOf(field: Field): Pickable[] {
  const picks = picksOf(field);
  return field.name === "day-of-week" ? [{ value: 0, name: "Sun" }, ...picks.slice(0, -1)] : picks;
}

/** The places of a weekday in its month; the last is told apart by a number of its own. */
export const NTHS: readonly Pickable[] = [
  { value: 1, name: "1st" },
  { value: 2, name: "2nd" },
  { value: 3, name: "3rd" },
  { value: 4, name: "4th" },
  { value: 5, name: "5th" },
  { value: 6, name: "last" },
];

export function nthOf(pick: number): Nth {
  return pick === 6 ? "last" : (pick as Nth);
}

export function pickOf(nth: Nth): number {
  return nth === "last" ? 6 : nth;
}

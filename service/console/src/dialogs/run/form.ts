/** What stands in the form of a run, and what of it is sent. */
import type { TriggerRequest } from "../../api/types";
import { instantOf } from "../../time/zoned";
import type { Kind, Parameter } from "./parameters";
import { baseOf, isSame, kindFor, read, type Base, type Entry } from "./values";

export interface FormState {
  /** What somebody has entered; a parameter that is missing stays as the job has it. */
  entries: Readonly<Record<string, Entry>>;
  reason: string;
  /** Wall times of `zone`, as a field of type datetime-local writes them. */
  windowStart: string;
  windowEnd: string;
  zone: string;
}

const LONGEST_REASON = 500;

export interface Field {
  parameter: Parameter;
  base: Base;
  kind: Kind;
}

export function fieldsOf(parameters: readonly Parameter[], jobParams: Record<string, unknown>): Field[] {
  return parameters.map((parameter) => {
    const base = baseOf(parameter, jobParams);
    return { parameter, base, kind: kindFor(parameter, base) };
  });
}

/** Whether closing the form would lose something. */
export function isAnythingEntered({ entries, reason, windowStart, windowEnd }: FormState): boolean {
  return (
    Object.keys(entries).length > 0 || [reason, windowStart, windowEnd].some((text) => text.trim() !== "")
  );
}

/** What is wrong with the form, by the names of the API: "params.days", "reason", "windowEnd". */
export type Faults = Readonly<Record<string, string>>;

/** Reads the form: the request, and what is wrong with it. */
export function requestOf(
  fields: readonly Field[],
  form: FormState,
): { body: TriggerRequest; faults: Faults } {
  const params: Record<string, unknown> = {};
  const faults: Record<string, string> = {};
  for (const field of fields) {
    const { name } = field.parameter;
    const entry = form.entries[name];
    if (entry === undefined || isUnset(field, entry)) continue;
    const reading = read(field.parameter, field.kind, entry);
    if ("error" in reading) faults[faultName(name)] = reading.error;
    else if (field.base.from === null || !isSame(reading.value, field.base.value))
      params[name] = reading.value;
  }
  const reason = form.reason.trim();
  if (Array.from(reason).length > LONGEST_REASON) {
    faults["reason"] = `At most ${LONGEST_REASON} characters; these are ${Array.from(reason).length}.`;
  }
  const [windowStart, windowEnd] = windowOf(form, faults);
  return { body: { params, reason: reason === "" ? null : reason, windowStart, windowEnd }, faults };
}

/** Whether a field is empty of which neither the job nor the handler says anything. */
function isUnset({ base }: Field, entry: Entry): boolean {
  return base.from === null && entry?.trim() === "";
}

function windowOf(form: FormState, faults: Record<string, string>): [string | null, string | null] {
  const [startText, endText] = [form.windowStart, form.windowEnd];
  if (startText === "" && endText === "") return [null, null];
  const start = instantOf(startText, form.zone);
  const end = instantOf(endText, form.zone);
  if (start === null) faults["windowStart"] = "Give both ends, or neither.";
  if (end === null) faults["windowEnd"] = "Give both ends, or neither.";
  if (start !== null && end !== null && start >= end) faults["windowEnd"] = "Must be later than the start.";
  return [start, end];
}

/** The name that the API gives a parameter in an error: it writes the words of a name in camelCase. */
export function faultName(name: string): string {
  const [first = "", ...others] = `params.${name}`.split("_");
  return first + others.map((word) => word.charAt(0).toUpperCase() + word.slice(1).toLowerCase()).join("");
}

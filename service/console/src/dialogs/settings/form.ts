/** The settings of a job as a form holds them, and the patch that a filled-in form means. */
import type { JobDetail, JobPatch } from "../../api/types";
import { objectIn } from "../params";

const TEXTS = ["displayName", "jobGroup", "handler", "description"] as const;
const NUMBERS = [
  "timeoutSeconds",
  "maxAttempts",
  "retryBackoffSeconds",
  "misfireGraceSeconds",
  "overdueAfterSeconds",
] as const;
const POLICIES = ["overlapPolicy", "misfirePolicy", "clockChangePolicy", "onLost"] as const;

type Field = (typeof TEXTS)[number] | (typeof NUMBERS)[number] | (typeof POLICIES)[number] | "params";
/** What stands in each field. */
export type SettingsForm = Record<Field, string>;
/** What is wrong in which field. */
export type Faults = Partial<Record<string, string>>;

// These may be empty, which means none.
const NULLABLE = new Set<Field>(["description", "timeoutSeconds"]);

/** Returns the form that shows a job as it is. */
export function formOf(job: JobDetail): SettingsForm {
  const fields = [...TEXTS, ...NUMBERS, ...POLICIES];
  const shown = Object.fromEntries(fields.map((field) => [field, String(job[field] ?? "")]));
  return { ...(shown as SettingsForm), params: JSON.stringify(job.params, null, 2) };
}

/** Returns what differs from `before` as a merge patch, or what is wrong; the server has the last word. */
export function patchOf(form: SettingsForm, before: SettingsForm): { patch: JobPatch; faults: Faults } {
  const patch: Record<string, unknown> = {};
  const faults: Faults = {};
  for (const field of Object.keys(form) as Field[]) {
    const text = form[field];
    if (text === before[field]) continue;
    if (text.trim() === "" && NULLABLE.has(field)) patch[field] = null;
    else if (isNumber(field)) {
      if (/^\d{1,9}$/.test(text.trim())) patch[field] = Number(text);
      else faults[field] = "a whole number of seconds, or of attempts, is allowed here";
    } else if (field === "params") {
      const params = objectIn(text);
      if (typeof params === "string") faults[field] = params;
      else patch[field] = params;
    } else patch[field] = text;
  }
  return { patch, faults };
}

function isNumber(field: Field): boolean {
  return (NUMBERS as readonly string[]).includes(field);
}

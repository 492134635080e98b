/** What a change altered, as lines of before and after. */
import type { FieldChange } from "../../api/types";

/** A value of a row as text: JSON, but text without its quotes, and a word for nothing. */
export function valueText(value: unknown): string {
  if (value === null || value === undefined) return "none";
  if (typeof value === "string") return value === "" ? "empty" : value;
  return JSON.stringify(value, null, typeof value === "object" ? 2 : 0);
}

// Stamped with every change: they differ, and say nothing.
const STAMPED = new Set(["revision", "plannedFrom", "createdAt", "updatedAt", "updatedBy"]);
const PAUSED_UNTIL_RESUMED = "infinity";

/** What would differ if the job, as it is `now`, became the row `then` again. */
export function differences(now: Record<string, unknown>, then: Record<string, unknown>): FieldChange[] {
  return Object.keys(then)
    .filter((field) => field in now && !STAMPED.has(field) && !isSame(field, now, then))
    .map((field) => ({ field, before: now[field], after: then[field] }));
}

function isSame(field: string, now: Record<string, unknown>, then: Record<string, unknown>): boolean {
  if (field === "pausedUntil" && then[field] === PAUSED_UNTIL_RESUMED) {
    return now[field] === null && now["pausedBy"] === "JOB";
  }
  return canonical(now[field]) === canonical(then[field]);
}

/** JSON with its keys in order, so that equal objects are equal texts. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) => {
    if (part === null || typeof part !== "object" || Array.isArray(part)) return part;
    return Object.fromEntries(Object.entries(part).sort(([one], [other]) => (one < other ? -1 : 1)));
  });
}

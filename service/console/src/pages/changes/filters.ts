/** The filters of the audit as they stand in the address. */
import { OPERATIONS, type ChangeFilter, type Operation } from "../../api/changes";

export const FILTERS = ["job", "by", "operation", "from", "to"] as const;
export type FilterName = (typeof FILTERS)[number];

const DAY = /^\d{4}-\d\d-\d\d$/;

/** Reads the filters; days are those of the browser's zone, and the last one counts as a whole. */
export function filterOf(parameters: URLSearchParams): ChangeFilter {
  const text = (name: FilterName) => parameters.get(name)?.trim() ?? "";
  const operation = text("operation");
  const from = startOfDay(text("from"), 0);
  const to = startOfDay(text("to"), 1);
  return {
    ...(text("job") && { jobId: text("job") }),
    ...(text("by") && { actor: text("by") }),
    ...(isOperation(operation) && { operation }),
    ...(from !== null && { from }),
    ...(to !== null && { to }),
  };
}

export function isOperation(text: string): text is Operation {
  return (OPERATIONS as readonly string[]).includes(text);
}

/** The instant at which a day begins, so many days later; null for what is no day. */
function startOfDay(day: string, later: number): string | null {
  if (!DAY.test(day)) return null;
  const [year = 0, month = 1, date = 1] = day.split("-").map(Number);
  const start = new Date(year, month - 1, date + later);
  return Number.isNaN(start.getTime()) || year < 1971 ? null : start.toISOString();
}

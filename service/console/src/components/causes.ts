/** Why an execution exists, in a word. */

const CAUSES: Record<string, string> = {
  SCHEDULE: "Schedule",
  MANUAL: "Manual",
  SQL: "psql",
  RETRY: "Retry",
  CATCH_UP: "Catch-up",
};

export function causeWords(triggeredBy: string): string {
  return CAUSES[triggeredBy] ?? triggeredBy;
}

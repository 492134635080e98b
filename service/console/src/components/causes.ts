/** What the API's words mean. */

const CAUSES: Record<string, string> = {
  SCHEDULE: "Schedule",
  MANUAL: "Manual",
  SQL: "psql",
  RETRY: "Retry",
  CATCH_UP: "Catch-up",
};

/** Why an execution exists. */
export function causeWords(triggeredBy: string): string {
  return CAUSES[triggeredBy] ?? triggeredBy;
}

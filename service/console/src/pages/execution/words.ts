/** What the facts of an execution mean, in words. */
import type { ExecutionDetail } from "../../api/types";
import { duration } from "../../time/format";

/** How an execution came about, as the beginning of a sentence: "by its schedule", "by hand". */
const CAUSES: Record<string, string> = {
  SCHEDULE: "by its schedule",
  MANUAL: "by hand",
  SQL: "in psql",
  RETRY: "to try again",
  CATCH_UP: "to catch up on missed fires",
};

export function causeOf(triggeredBy: string): string {
  return CAUSES[triggeredBy] ?? triggeredBy;
}

/** Whether a replica ever began with it: the fencing number counts its owners. */
export function hasStarted({ fencingNumber }: { fencingNumber: number }): boolean {
  return fencingNumber > 0;
}

/** How much later than its fire time it started. */
export function latenessWords(latenessMs: number): string {
  return latenessMs < 1 ? "on time" : `${duration(latenessMs)} late`;
}

/** From when on it could have started: from the request, or from the end of the pause before a new attempt. */
export function readyAt({ createdAt, notBefore }: Pick<ExecutionDetail, "createdAt" | "notBefore">): string {
  return Date.parse(notBefore) > Date.parse(createdAt) ? notBefore : createdAt;
}

/** Milliseconds between two instants, none if they are the other way round. */
export function between(from: string, to: string): number {
  return Math.max(0, Date.parse(to) - Date.parse(from));
}

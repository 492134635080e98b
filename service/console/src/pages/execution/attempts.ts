/** How the attempts at one piece of work follow each other, in words. */
import type { Attempt } from "../../api/types";

/** A word for an attempt and what came of it; `note` says why there is another behind it, or why none. */
export interface Step {
  attempt: Attempt;
  /** "1", "2", or "1, taken over": a take-over uses up no attempt. */
  number: string;
  note: string | null;
}

/** What the job says of lost and failed runs; null where the job is gone. */
interface Policy {
  onLost: string;
  maxAttempts: number;
}

/** Puts the attempts in their order, with what joins them. */
export function stepsOf(attempts: readonly Attempt[], policy: Policy | null): Step[] {
  return attempts.map((attempt, index) => {
    const before = attempts[index - 1];
    const isTakenOver = before?.attempt === attempt.attempt;
    return {
      attempt,
      number: isTakenOver ? `${attempt.attempt}, taken over` : String(attempt.attempt),
      note: noteOf(attempt, attempts[index + 1], policy),
    };
  });
}

function noteOf(attempt: Attempt, next: Attempt | undefined, policy: Policy | null): string | null {
  if (attempt.status === "LOST") return lostNote(next, policy);
  if (attempt.status !== "FAILED" && attempt.status !== "TIMEOUT") return null;
  if (next) return next.attempt > attempt.attempt ? "It was tried again." : null;
  if (policy && attempt.attempt >= policy.maxAttempts) {
    return policy.maxAttempts === 1
      ? "The job tries nothing again by itself."
      : `It was the last of ${policy.maxAttempts} attempts.`;
  }
  return null;
}

function lostNote(next: Attempt | undefined, policy: Policy | null): string {
  const lost = "Its replica stopped, or was cut off, and gave no sign until its lease ran out";
  if (next?.replicaId) return `${lost}; another replica took the work over.`;
  if (next) return `${lost}; the work waits for a replica that takes it over.`;
  if (policy?.onLost === "FAIL") {
    return `${lost}; nobody took the work over, because the job is never started twice (when lost: FAIL).`;
  }
  return `${lost}; nobody took the work over.`;
}

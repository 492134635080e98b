/** What an error means, in one sentence. */
import { ApiError } from "./client";

export function wordsOf(fault: unknown): string {
  if (fault instanceof ApiError && fault.problem) {
    const { detail, title, allowed } = fault.problem;
    const words = detail ?? title;
    return allowed ? `${words}; allowed: ${allowed}` : words;
  }
  return fault instanceof Error ? fault.message : "Something unexpected happened.";
}

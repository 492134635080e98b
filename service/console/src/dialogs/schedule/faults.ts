/** What is wrong with a schedule, at the field that it is about: as the preview says, or the refusal of a change. */
import { ApiError } from "../../api/client";
import type { Preview } from "../../api/types";
import { wordsOf } from "../../api/words";
import { ChangedMeanwhile } from "./save";

/** The words for each field; `other` is about none of them. */
export interface Faults {
  cron: string | null;
  zone: string | null;
  policy: string | null;
  other: string | null;
}

// The preview's names, and those of a change.
const FIELDS: Readonly<Record<string, keyof Faults>> = {
  cron: "cron",
  scheduleCron: "cron",
  zone: "zone",
  timeZone: "zone",
  clockChangePolicy: "policy",
};

export function faultsOf(error: Preview["error"], refusal: unknown): Faults {
  const faults: Faults = { cron: null, zone: null, policy: null, other: null };
  if (refusal && !(refusal instanceof ChangedMeanwhile)) {
    const field = refusal instanceof ApiError ? refusal.problem?.field : null;
    faults[FIELDS[field ?? ""] ?? "other"] = wordsOf(refusal);
  }
  if (error) {
    faults[FIELDS[error.field] ?? "other"] = error.hint ? `${error.message}; ${error.hint}` : error.message;
  }
  return faults;
}

/** What becomes of fires when the clocks change. */
import type { JobDetail } from "../../api/types";

export type Policy = JobDetail["clockChangePolicy"];

export const POLICIES: readonly { id: Policy; name: string; meaning: string }[] = [
  {
    id: "ONCE",
    name: "Once a day",
    meaning:
      "A time of day that the clocks skip fires when the skip ends; one that they show twice fires the first time only.",
  },
  {
    id: "WALL",
    name: "By the wall clock",
    meaning: "A time that the clocks skip does not fire; one that they show twice fires twice.",
  },
];

/** A policy within a sentence: "once a day". */
export function policyWords(policy: Policy): string {
  return policy === "ONCE" ? "once a day" : "by the wall clock";
}

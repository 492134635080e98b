/** Today's plan and the new one side by side, as one list of instants. */
import type { Preview } from "../../api/types";

export interface PlanStep {
  instant: string;
  change: "added" | "removed" | "kept";
}

/** The fires of both plans up to where both are known, in order. */
export function planSteps(preview: Preview): PlanStep[] {
  const plan = preview.planChange;
  if (!plan?.until) return [];
  const until = Date.parse(plan.until);
  const added = new Set(plan.added.map((instant) => Date.parse(instant)));
  const steps: PlanStep[] = plan.removed.map((instant) => ({ instant, change: "removed" }));
  for (const { fireTime } of preview.fireTimes) {
    if (Date.parse(fireTime) > until) continue;
    steps.push({ instant: fireTime, change: added.has(Date.parse(fireTime)) ? "added" : "kept" });
  }
  return steps.sort((one, other) => Date.parse(one.instant) - Date.parse(other.instant));
}

export const NO_CHANGE = "no fire changes";

/** Says in one sentence what changes: "3 fires fall away, 1 is new". */
export function planWords(preview: Preview): string | null {
  const plan = preview.planChange;
  if (!plan) return null;
  const [gone, fresh] = [plan.removed.length, plan.added.length];
  if (gone === 0 && fresh === 0) return NO_CHANGE;
  const parts = [];
  if (gone > 0) parts.push(gone === 1 ? "1 fire falls away" : `${gone} fires fall away`);
  if (fresh > 0)
    parts.push(
      `${fresh} ${gone > 0 ? "" : fresh === 1 ? "fire " : "fires "}${fresh === 1 ? "is" : "are"} new`,
    );
  return parts.join(", ");
}

/** How long an execution took, or has taken so far. */
import type { Execution } from "../../api/types";
import { duration } from "../../time/format";
import { Elapsed } from "../When";

interface DurationProps {
  execution: Pick<Execution, "status" | "startTime" | "durationMs">;
}

export function Duration({ execution: { status, startTime, durationMs } }: DurationProps) {
  if (durationMs !== null) return duration(durationMs);
  // What is queued has been given a time of start that it has not had yet.
  return status === "RUNNING" ? <Elapsed since={startTime} /> : "–";
}

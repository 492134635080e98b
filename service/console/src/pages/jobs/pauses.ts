/** Reads the list again when the pause of a job ends by itself. */
import { useQueryClient } from "@tanstack/react-query";
import { keys } from "../../api/queries";
import type { Job } from "../../api/types";
import { useEndOfPause } from "../../components/pause_end";

export function useEndOfPauses(jobs: readonly Job[]): void {
  const cache = useQueryClient();
  let first: string | null = null;
  for (const { pausedBy, pausedUntil } of jobs) {
    if (pausedBy !== "JOB" || pausedUntil === null) continue;
    if (first === null || Date.parse(pausedUntil) < Date.parse(first)) first = pausedUntil;
  }
  useEndOfPause(first, () => void cache.invalidateQueries({ queryKey: keys.jobs }));
}

/** Reads the list again when the pause of a job ends by itself, of which nobody tells. */
import { useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { keys } from "../../api/queries";
import type { Job } from "../../api/types";
import { useNow } from "../../time/clock";

export function useEndOfPauses(jobs: readonly Job[]): void {
  const cache = useQueryClient();
  let first = Infinity;
  for (const { pausedBy, pausedUntil } of jobs) {
    if (pausedBy === "JOB" && pausedUntil !== null) first = Math.min(first, Date.parse(pausedUntil));
  }
  const isOver = useNow((nowMs) => nowMs > first);
  useEffect(() => {
    if (isOver) void cache.invalidateQueries({ queryKey: keys.jobs });
  }, [cache, first, isOver]);
}

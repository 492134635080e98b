/** Follows the end of a pause, of which nobody tells. */
import { useEffect, useEffectEvent } from "react";
import { useNow } from "../time/clock";

// The service's clock may be some seconds behind this one: it is asked until it says that the pause is over.
const AGAIN_MS = 5_000;

/** How often a pause should have been asked about by now: once when it ends, and again for as long as it is there. */
export function askingsDue(endMs: number, nowMs: number): number {
  return nowMs > endMs ? 1 + Math.floor((nowMs - endMs) / AGAIN_MS) : 0;
}

/** Calls `onEnd`, which reads the pause again, when it ends by itself; `end` is null for one that does not. */
export function useEndOfPause(end: string | null | undefined, onEnd: () => void): void {
  const due = useNow((nowMs) => (end ? askingsDue(Date.parse(end), nowMs) : 0));
  const ask = useEffectEvent(onEnd);
  useEffect(() => {
    if (due > 0) ask();
  }, [end, due]);
}

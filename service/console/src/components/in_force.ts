/** On how many replicas a change is in force, in words. */
import type { InForce } from "../api/types";
import { duration } from "../time/format";

/** "In force on 3 of 3 replicas after 12 ms"; where some have not taken it yet, what that means. */
export function inForceWords(inForce: InForce | undefined): string {
  if (!inForce) return "Saved; nothing had to change on the replicas.";
  const { replicas, of, afterMs } = inForce;
  const words = `In force on ${replicas} of ${of} ${of === 1 ? "replica" : "replicas"} after ${duration(afterMs)}`;
  if (of === 0) return "Saved. No replica is alive now; the first that starts takes it.";
  return replicas < of ? `${words}; the others take it as soon as they hear of it.` : `${words}.`;
}

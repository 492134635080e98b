/** Clock changes of the jobs' zones, together where they are the same. */
import type { Timeline } from "../../api/types";
import { duration } from "../../time/format";

export interface Change {
  at: string;
  /** How far the clocks are put forward; negative: back. */
  shiftSeconds: number;
  zones: string[];
}

const MOST_ZONES = 3;

export function changesOf(changes: Timeline["clockChanges"]): Change[] {
  const found = new Map<string, Change>();
  for (const { at, timeZone, offsetBeforeSeconds, offsetAfterSeconds } of changes) {
    const shiftSeconds = offsetAfterSeconds - offsetBeforeSeconds;
    const key = `${at} ${shiftSeconds}`;
    const same = found.get(key);
    if (same) same.zones.push(timeZone);
    else found.set(key, { at, shiftSeconds, zones: [timeZone] });
  }
  return [...found.values()];
}

/** Says what changes: "clocks go forward 1 h 00 min in Europe/Berlin and 2 more zones". */
export function wordsOfChange({ shiftSeconds, zones }: Change): string {
  const by = duration(Math.abs(shiftSeconds) * 1000);
  const more = zones.length - MOST_ZONES;
  const where = zones.slice(0, MOST_ZONES).join(", ") + (more > 0 ? ` and ${more} more zones` : "");
  return `clocks go ${shiftSeconds > 0 ? "forward" : "back"} ${by} in ${where}`;
}

/** From what the clocks of a zone show to the instant. */
import { localTime } from "./format";

const WALL_TIME = /^(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d)(?::(\d\d))?$/;

/**
 * Returns the instant, in RFC 3339, at which the clocks of `zone` show "2026-11-24T15:59"; null for what is no
 * such time. Of a time that comes twice it is the first; of one that is skipped, the instant behind the skip.
 */
export function instantOf(wallTime: string, zone: string): string | null {
  const found = WALL_TIME.exec(wallTime.trim());
  if (!found) return null;
  const [year, month, day, hour, minute, second] = found.slice(1).map((part) => Number(part || 0));
  const wanted = Date.UTC(year ?? 0, (month ?? 1) - 1, day, hour, minute, second);
  if (Number.isNaN(wanted) || new Date(wanted).getUTCDate() !== day || (hour ?? 0) > 23) return null;
  // Offsets are tried from the greatest on, for the first of two instants; no zone is further than 15 hours.
  const offsets = [...new Set([wanted - DAY, wanted + DAY].map((instant) => offsetAt(instant, zone)))];
  for (const offset of offsets.sort((one, other) => other - one)) {
    if (offsetAt(wanted - offset, zone) === offset) return new Date(wanted - offset).toISOString();
  }
  return new Date(wanted - Math.min(...offsets)).toISOString();
}

/** Returns what the clocks of `zone` show, as a field of type datetime-local wants it, to the minute. */
export function wallTime(instant: string | number, zone: string): string {
  const { date, time } = localTime(instant, zone);
  return `${date}T${time.slice(0, 5)}`;
}

const DAY = 86_400_000;

/** By how much the clocks of a zone are ahead of UTC, in milliseconds. */
export function offsetAt(instant: number, zone: string): number {
  const { date, time } = localTime(instant, zone);
  return Date.parse(`${date}T${time}Z`) - Math.floor(instant / 1000) * 1000;
}

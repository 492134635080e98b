/** Instants and spans as people read them; instants are RFC 3339 in UTC, as the API writes them. */

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** The zone of this browser, an IANA name. */
export const BROWSER_ZONE = new Intl.DateTimeFormat().resolvedOptions().timeZone;

const formats = new Map<string, Intl.DateTimeFormat>();

function formatOf(zone: string): Intl.DateTimeFormat {
  let format = formats.get(zone);
  if (!format) {
    const options: Intl.DateTimeFormatOptions = {
      timeZone: zone,
      weekday: "short",
      year: "numeric",
      month: "2-digit",
      day: "2-digit",
      hour: "2-digit",
      minute: "2-digit",
      second: "2-digit",
      hourCycle: "h23",
      timeZoneName: "short",
    };
    format = new Intl.DateTimeFormat("en-GB", options);
    formats.set(zone, format);
  }
  return format;
}

/** The parts of an instant on the clocks of a zone. */
interface LocalTime {
  weekday: string;
  date: string; // 2026-11-24
  time: string; // 15:59:00
  zoneName: string; // CET, GMT-5
}

/** Returns what the clocks of `zone` show; a zone that this browser does not know is shown in UTC. */
export function localTime(instant: string | number, zone: string = BROWSER_ZONE): LocalTime {
  let format: Intl.DateTimeFormat;
  try {
    format = formatOf(zone);
  } catch {
    format = formatOf("UTC");
  }
  const parts: Partial<Record<Intl.DateTimeFormatPartTypes, string>> = {};
  for (const { type, value } of format.formatToParts(new Date(instant))) parts[type] = value;
  return {
    weekday: parts.weekday ?? "",
    date: `${parts.year ?? ""}-${parts.month ?? ""}-${parts.day ?? ""}`,
    time: `${parts.hour ?? ""}:${parts.minute ?? ""}:${parts.second ?? ""}`,
    zoneName: parts.timeZoneName ?? "",
  };
}

/** Writes an instant in full, such as "2026-11-24 15:59:00 CET". */
export function absolute(instant: string | number, zone?: string): string {
  const { date, time, zoneName } = localTime(instant, zone);
  return `${date} ${time} ${zoneName}`;
}

/** Writes a span, such as "840 ms", "12.3 s", "4 min 05 s" or "2 h 13 min". */
export function duration(ms: number): string {
  const span = Math.max(0, ms);
  if (span < SECOND) return `${Math.round(span)} ms`;
  if (span < MINUTE) return `${(Math.floor(span / 100) / 10).toFixed(1)} s`;
  if (span < HOUR) return `${Math.floor(span / MINUTE)} min ${two(Math.floor((span % MINUTE) / SECOND))} s`;
  if (span < DAY) return `${Math.floor(span / HOUR)} h ${two(Math.floor((span % HOUR) / MINUTE))} min`;
  return `${Math.floor(span / DAY)} d ${Math.floor((span % DAY) / HOUR)} h`;
}

/** Writes a span without what is zero in it: "4 min", "1 min 30 s", "1 h". */
export function roughly(ms: number): string {
  return duration(ms)
    .replace(/\.0 s$/, " s")
    .replace(/ 00 (s|min)$/, "")
    .replace(/ 0 h$/, "")
    .replace(/ 0([1-9] (?:s|min))$/, " $1");
}

/** Writes how long ago an instant is, or how far ahead, in its greatest unit: "12 s ago", "in 3 min". */
export function relative(instant: string | number, nowMs: number): string {
  const difference = new Date(instant).getTime() - nowMs;
  const span = Math.abs(difference);
  if (span < SECOND) return "now";
  const text = greatestUnit(span);
  return difference < 0 ? `${text} ago` : `in ${text}`;
}

/** Writes how far ahead an instant is, to the second on the last day: "in 04:12", "in 2:13:05", "in 3 d". */
export function countdown(instant: string | number, nowMs: number): string {
  const left = new Date(instant).getTime() - nowMs;
  if (left <= 0) return "due now";
  const seconds = Math.ceil(left / SECOND);
  if (left >= DAY) return `in ${Math.floor(left / DAY)} d ${Math.floor((left % DAY) / HOUR)} h`;
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor((seconds % 3600) / 60)];
  const clock = `${two(minutes)}:${two(seconds % 60)}`;
  return hours > 0 ? `in ${hours}:${clock}` : `in ${clock}`;
}

/** Writes a number of things with separators of thousands. */
export function count(value: number): string {
  return value.toLocaleString("en");
}

function greatestUnit(span: number): string {
  if (span < MINUTE) return `${Math.floor(span / SECOND)} s`;
  if (span < HOUR) return `${Math.floor(span / MINUTE)} min`;
  if (span < DAY) return `${Math.floor(span / HOUR)} h`;
  return `${Math.floor(span / DAY)} d`;
}

function two(value: number): string {
  return value.toString().padStart(2, "0");
}

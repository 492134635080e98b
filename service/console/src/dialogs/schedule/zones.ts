/** Time zones as people look for them, and as they are told apart. */
import type { PreviewFire } from "../../api/types";
import { BROWSER_ZONE, localTime } from "../../time/format";

const formats = new Map<string, Intl.DateTimeFormat | null>();

/** How far a zone's clocks are from UTC at an instant, such as "+05:30"; empty where the browser does not know it. */
export function offsetOf(zone: string, instant: number): string {
  if (!formats.has(zone)) formats.set(zone, formatOf(zone));
  const parts = formats.get(zone)?.formatToParts(new Date(instant));
  const name = parts?.find(({ type }) => type === "timeZoneName")?.value ?? "";
  return name === "GMT" ? "+00:00" : name.replace(/^GMT/, "").replace("-", "−");
}

function formatOf(zone: string): Intl.DateTimeFormat | null {
  try {
    return new Intl.DateTimeFormat("en-GB", { timeZone: zone, timeZoneName: "longOffset" });
  } catch {
    return null;
  }
}

/** Whether a zone's name holds all words of a search: "new york", "york", "america new". */
export function matchesZone(zone: string, search: string): boolean {
  const name = plain(zone);
  return plain(search)
    .split(" ")
    .every((word) => name.includes(word));
}

function plain(text: string): string {
  return text
    .toLowerCase()
    .replaceAll(/[/_\s]+/g, " ")
    .trim();
}

/** Times on the clocks of one zone, and what that zone is here: "job", "UTC", "this browser". */
interface ZoneColumn {
  zone: string;
  names: string[];
  /** Such as "2026-11-24 15:59:00", one for each instant. */
  times: string[];
}

/** The columns that are needed to show the fires in three zones: those whose clocks show the same are one. */
export function zoneColumns(
  fires: readonly PreviewFire[],
  zone: string,
  browserZone = BROWSER_ZONE,
): ZoneColumn[] {
  const inZone = (name: string) => fires.map(({ fireTime }) => shownIn(fireTime, name));
  const all: ZoneColumn[] = [
    // The server's zone data decides; this browser's may be older.
    { zone, names: ["job"], times: fires.map(({ localTime }) => localTime.slice(0, 19).replace("T", " ")) },
    { zone: "UTC", names: ["UTC"], times: inZone("UTC") },
    { zone: browserZone, names: ["this browser"], times: inZone(browserZone) },
  ];
  const columns: ZoneColumn[] = [];
  for (const column of all) {
    const same = columns.find(({ times }) => times.join() === column.times.join());
    if (same) same.names.push(...column.names);
    else columns.push(column);
  }
  return columns;
}

function shownIn(instant: string, zone: string): string {
  const { date, time } = localTime(instant, zone);
  return `${date} ${time}`;
}

/** The day of the week of a date such as "2026-11-24": "Tue". */
export function weekdayOf(date: string): string {
  return localTime(`${date}T12:00:00Z`, "UTC").weekday;
}

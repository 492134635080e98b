/** The marks of the time axis, at round times on the clocks of a zone, also where these change. */
import { localTime } from "../../time/format";
import { offsetAt } from "../../time/zoned";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
// All divide a day or are whole days.
const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440, 2880, 10080].map(
  (minutes) => minutes * MINUTE,
);
const PIXELS_OF_A_TICK = 64;

export interface Tick {
  at: number;
  /** "14:30", or at midnight the day: "Tue 24 Nov". */
  label: string;
  isDay: boolean;
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** How far apart the marks of a span are on so many pixels. */
export function tickStep(span: number, width: number): number {
  const wanted = (span * PIXELS_OF_A_TICK) / Math.max(1, width);
  return STEPS.find((step) => step >= wanted) ?? 7 * DAY;
}

/** The marks from `from` to `to`; a skipped hour has none, of a repeated one both instants have. */
export function ticksOf(from: number, to: number, width: number, zone: string): Tick[] {
  const step = tickStep(to - from, width);
  // Between two clock changes the round times are evenly apart, on either side by another offset.
  const offsets = new Set<number>();
  for (let instant = from; instant < to + HOUR; instant += HOUR) offsets.add(offsetAt(instant, zone));
  const instants = new Set<number>();
  for (const offset of offsets) {
    for (let wall = Math.ceil((from + offset) / step) * step; wall - offset < to; wall += step) {
      if (offsetAt(wall - offset, zone) === offset) instants.add(wall - offset);
    }
  }
  const ticks = [...instants].sort((one, other) => one - other).map((at) => tickAt(at, zone));
  return readable(ticks, (to - from) / Math.max(1, width));
}

/** Leaves the words of a time out where they would touch those of a day, which say more. */
function readable(ticks: Tick[], perPixel: number): Tick[] {
  const days = ticks.filter(({ isDay }) => isDay);
  const isHidden = ({ at, isDay }: Tick) =>
    !isDay && days.some((day) => Math.abs(day.at - at) < PIXELS_OF_A_TICK * 0.95 * perPixel);
  return ticks.map((tick) => (isHidden(tick) ? { ...tick, label: "" } : tick));
}

function tickAt(at: number, zone: string): Tick {
  const { time } = localTime(at, zone);
  const isDay = time === "00:00:00";
  return { at, isDay, label: isDay ? dayOf(at, zone) : time.slice(0, 5) };
}

/** Writes a day, such as "Tue 24 Nov". */
export function dayOf(at: number, zone: string): string {
  const { weekday, date } = localTime(at, zone);
  const [, month = "1", day = "1"] = date.split("-");
  return `${weekday} ${Number(day)} ${MONTHS[Number(month) - 1] ?? ""}`;
}

import { expect, test } from "vitest";
import { localTime } from "../../time/format";
import { dayOf, ticksOf, tickStep } from "./ticks";

const HOUR = 3_600_000;
const at = (text: string) => Date.parse(text);
const labels = (from: string, hours: number, width: number, zone: string) =>
  ticksOf(at(from), at(from) + hours * HOUR, width, zone).map(({ label }) => label);

test("are round times of the zone, with the day at midnight", () => {
  expect(labels("2026-11-24T19:10:00Z", 6, 500, "Europe/Berlin")).toEqual([
    "21:00",
    "22:00",
    "23:00",
    "Wed 25 Nov",
    "01:00",
    "02:00",
  ]);
  expect(labels("2026-11-24T19:10:00Z", 1, 500, "Asia/Kolkata")).toEqual([
    "00:40",
    "00:50",
    "01:00",
    "01:10",
    "01:20",
    "01:30",
  ]);
});

test("a skipped hour has no mark, a repeated one has two", () => {
  // 8 March 2026: from 02:00 to 03:00; 1 November 2026: from 02:00 back to 01:00.
  expect(labels("2026-03-08T05:00:00Z", 5, 400, "America/New_York")).toEqual([
    "Sun 8 Mar",
    "01:00",
    "03:00",
    "04:00",
    "05:00",
  ]);
  expect(labels("2026-11-01T04:00:00Z", 5, 400, "America/New_York")).toEqual([
    "Sun 1 Nov",
    "01:00",
    "01:00",
    "02:00",
    "03:00",
  ]);
});

test("days of a week with a clock change all begin at midnight", () => {
  const ticks = ticksOf(at("2026-10-22T00:00:00Z"), at("2026-10-29T00:00:00Z"), 500, "Europe/Berlin");
  expect(ticks).toHaveLength(7);
  for (const tick of ticks) expect(localTime(tick.at, "Europe/Berlin").time).toBe("00:00:00");
});

test.each([1, 6, 24, 72, 168])("%d hours have readable marks on any width", (hours) => {
  for (const width of [250, 600, 1000, 1800]) {
    const step = tickStep(hours * HOUR, width);
    expect((step / (hours * HOUR)) * width).toBeGreaterThanOrEqual(60);
    expect(ticksOf(0, hours * HOUR, width, "UTC").length).toBeGreaterThan(1);
  }
});

test("a day is written in short", () =>
  expect(dayOf(at("2026-11-24T23:30:00Z"), "Asia/Tokyo")).toBe("Wed 25 Nov"));

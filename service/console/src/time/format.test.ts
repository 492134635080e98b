import { describe, expect, test } from "vitest";
import { absolute, countdown, duration, localTime, relative, roughly } from "./format";

const NOON = Date.parse("2026-11-24T12:00:00Z");

describe("spans", () => {
  test.each([
    [0, "0 ms"],
    [840.4, "840 ms"],
    [59_990, "59.9 s"],
    [245_000, "4 min 05 s"],
    [7_980_000, "2 h 13 min"],
    [100_000_000, "1 d 3 h"],
    [-5, "0 ms"],
  ])("%d ms is %s", (ms, text) => expect(duration(ms)).toBe(text));

  test.each([
    [500, "500 ms"],
    [1_000, "1 s"],
    [1_500, "1.5 s"],
    [120_000, "2 min"],
    [245_000, "4 min 5 s"],
    [3_600_000, "1 h"],
    [5_400_000, "1 h 30 min"],
    [86_400_000, "1 d"],
  ])("%d ms is roughly %s", (ms, text) => expect(roughly(ms)).toBe(text));
});

describe("instants", () => {
  test.each([
    ["2026-11-24T12:00:00.400Z", "now"],
    ["2026-11-24T11:59:48Z", "12 s ago"],
    ["2026-11-24T12:03:10Z", "in 3 min"],
    ["2026-11-21T11:00:00Z", "3 d ago"],
  ])("%s is %s at noon", (instant, text) => expect(relative(instant, NOON)).toBe(text));

  test.each([
    ["2026-11-24T12:04:12Z", "in 04:12"],
    ["2026-11-24T14:13:05Z", "in 2:13:05"],
    ["2026-11-27T15:00:00Z", "in 3 d 3 h"],
    ["2026-11-24T12:00:00Z", "due now"],
  ])("counts down to %s as %s", (instant, text) => expect(countdown(instant, NOON)).toBe(text));

  test("are shown on the clocks of any zone", () => {
    expect(absolute("2026-11-24T12:00:00Z", "America/New_York")).toBe("2026-11-24 07:00:00 GMT-5");
    expect(localTime("2026-11-24T23:30:00Z", "Asia/Kolkata")).toMatchObject({
      date: "2026-11-25",
      weekday: "Wed",
    });
  });

  test("are shown in UTC where the browser does not know the zone", () => {
    expect(absolute("2026-11-24T12:00:00Z", "Mars/Olympus")).toBe("2026-11-24 12:00:00 UTC");
  });
});

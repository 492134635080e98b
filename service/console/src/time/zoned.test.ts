import { expect, test } from "vitest";
import { instantOf, offsetAt, wallTime } from "./zoned";

test.each([
  ["2026-11-24T15:59", "America/New_York", "2026-11-24T20:59:00.000Z"],
  ["2026-07-01T12:30:15", "Asia/Kolkata", "2026-07-01T07:00:15.000Z"],
  ["2026-11-24 15:59", "UTC", "2026-11-24T15:59:00.000Z"],
  // Twice: the first. Skipped: behind the skip.
  ["2026-11-01T01:30", "America/New_York", "2026-11-01T05:30:00.000Z"],
  ["2026-03-08T02:30", "America/New_York", "2026-03-08T07:30:00.000Z"],
])("%s in %s is %s", (text, zone, instant) => expect(instantOf(text, zone)).toBe(instant));

test.each(["", "soon", "2026-02-30T10:00", "2026-01-01T24:10", "2026-01-01"])("%j is no time", (text) =>
  expect(instantOf(text, "UTC")).toBeNull(),
);

test("there and back", () => {
  expect(wallTime("2026-11-24T20:59:31Z", "America/New_York")).toBe("2026-11-24T15:59");
  expect(offsetAt(Date.parse("2026-07-01T00:00:00Z"), "Asia/Kolkata")).toBe(5.5 * 3_600_000);
});

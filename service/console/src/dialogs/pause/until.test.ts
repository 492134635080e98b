import { expect, test } from "vitest";
import { BROWSER_ZONE } from "../../time/format";
import { instantOf } from "../../time/zoned";
import { untilOf } from "./until";

const NOON = Date.parse("2026-11-24T12:00:00Z");

test("a pause ends after the chosen time, or when somebody resumes", () => {
  expect(untilOf("15", "", NOON)).toBe("2026-11-24T12:15:00.000Z");
  expect(untilOf("240", "", NOON)).toBe("2026-11-24T16:00:00.000Z");
  expect(untilOf("resumed", "", NOON)).toBeNull();
});

test("it ends at a time on the browser's clocks", () => {
  expect(untilOf("tomorrow", "", NOON)).toBe(instantOf("2026-11-25T08:00", BROWSER_ZONE));
  expect(untilOf("instant", "2026-11-24T15:59", NOON)).toBe(instantOf("2026-11-24T15:59", BROWSER_ZONE));
});

test("what is no time is told from a pause without an end", () => {
  expect(untilOf("instant", "", NOON)).toBeUndefined();
  expect(untilOf("instant", "2026-02-31T10:00", NOON)).toBeUndefined();
});

import { describe, expect, test } from "vitest";
import { fieldTextOf, lineAsText, MOST_LINES, NO_LINES, withLines } from "../../../api/log_lines";
import type { LogEntry } from "../../../api/types";
import { Heights } from "./heights";
import { finderOf, findIn, indexOfId, ofLevel, partsOf } from "./selection";

const entry = (logId: number, message = `line ${logId}`, more: Partial<LogEntry> = {}): LogEntry => ({
  logId,
  message,
  level: "info",
  timestamp: "2026-11-24T15:59:00.123Z",
  logger: "test",
  jobId: "A",
  jobName: "A",
  executionId: "e",
  fields: {},
  ...more,
});
const entries = (first: number, count: number) =>
  Array.from({ length: count }, (_, index) => entry(first + index));

describe("the lines of a log", () => {
  test("come in once, however often they are sent", () => {
    const some = withLines(NO_LINES, entries(1, 3));
    const more = withLines(some, [...entries(2, 2), entry(7)]);
    expect(more.lines.map(({ logId }) => logId)).toEqual([1, 2, 3, 7]);
    expect(withLines(more, entries(1, 3))).toBe(more);
  });

  test("leave the oldest out beyond a limit, and say how many", () => {
    let lines = withLines(NO_LINES, entries(1, MOST_LINES));
    expect(lines.leftOut).toBe(0);
    lines = withLines(lines, entries(MOST_LINES + 1, 1));
    expect(lines.lines.length + lines.leftOut).toBe(MOST_LINES + 1);
    expect(lines.lines.length).toBe(MOST_LINES * 0.9);
    expect(lines.lines.at(-1)?.logId).toBe(MOST_LINES + 1);
  });

  test("are bounded in characters too", () => {
    const lines = withLines(
      NO_LINES,
      Array.from({ length: 30 }, (_, index) => entry(index + 1, "x".repeat(1_000_000))),
    );
    expect(lines.leftOut).toBeGreaterThan(14);
    expect(lines.characters).toBeLessThan(16_000_000);
    expect(lines.characters).toBe(lines.lines.length * 1_000_000);
  });

  test("are written as in a file", () => {
    const { lines } = withLines(NO_LINES, [
      entry(1, "loaded", { fields: { symbol: "IBM", bars: 12, note: "a b" } }),
    ]);
    expect(lines.map(lineAsText)).toEqual([
      '2026-11-24T15:59:00.123Z INFO    loaded symbol=IBM bars=12 note="a b"',
    ]);
    expect(fieldTextOf({ empty: "", none: null, list: [1, "x"], quoted: 'a"b' })).toBe(
      'empty="" none=null list=[1,"x"] quoted="a\\"b"',
    );
  });
});

describe("a selection", () => {
  const { lines } = withLines(NO_LINES, [
    entry(1, "Loading (1/2)"),
    entry(2, "slow", { level: "warning" }),
    entry(3, "failed", { level: "error", fields: { symbol: "IBM" } }),
    entry(9, "İstanbul ibm IBM", { level: "unheard_of" }),
  ]);

  test("is of a level and graver ones", () => {
    expect(ofLevel(lines, "ALL")).toBe(lines);
    expect(ofLevel(lines, "WARNING").map(({ logId }) => logId)).toEqual([2, 3]);
  });

  test("finds texts as they are, in messages and fields", () => {
    expect(findIn(lines, finderOf("(1/"))).toEqual([0]);
    expect(findIn(lines, finderOf("ibm"))).toEqual([2, 3]);
    expect(findIn(lines, finderOf(""))).toEqual([]);
    expect(finderOf("")).toBeNull();
  });

  test("cuts what it found out of the text", () => {
    expect(partsOf("İstanbul ibm IBM!", finderOf("ibm"))).toEqual(["İstanbul ", "ibm", " ", "IBM", "!"]);
    expect(partsOf("abc", null)).toEqual(["abc"]);
  });

  test.each([
    [1, 0],
    [4, 3],
    [9, 3],
    [10, 4],
  ])("finds line %d at %d", (logId, index) => expect(indexOfId(lines, logId)).toBe(index));
});

describe("heights", () => {
  const heights = new Heights(100, 20, [
    { index: 2, height: 50 },
    { index: 5, height: 100 },
  ]);
  test.each([
    [0, 0],
    [2, 40],
    [3, 110],
    [5, 150],
    [6, 270],
    [100, 2150],
  ])("line %d stands at %d", (index, top) => expect(heights.topOf(index)).toBe(top));
  test.each([
    [-5, 0],
    [0, 0],
    [59, 2],
    [60, 2],
    [109, 2],
    [110, 3],
    [170, 5],
    [269, 5],
    [270, 6],
    [99_999, 99],
  ])("at %d stands line %d", (offset, index) => expect(heights.indexAt(offset)).toBe(index));
  test("know the height of all", () => expect(heights.total).toBe(2150));
});

import { describe, expect, test } from "vitest";
import { offsetsOf, rangeOf } from "./windowing";

// A head of 40 before each ten rows of 56.
const HEIGHTS = Array.from({ length: 1100 }, (_, index) => (index % 11 === 0 ? 40 : 56));
const OFFSETS = offsetsOf(HEIGHTS);

describe("the rows in the page", () => {
  test("have offsets that add up", () => {
    expect([...OFFSETS.slice(0, 4)]).toEqual([0, 40, 96, 152]);
    expect(OFFSETS[1100]).toBe(100 * (40 + 560));
  });

  test.each([0, 1, 39, 40, 600, 31_234, 59_999])("hold all that is seen from %d on", (top) => {
    const bottom = top + 800;
    const { first, end } = rangeOf(OFFSETS, top, bottom);
    expect(OFFSETS[first]).toBeLessThanOrEqual(top);
    expect(OFFSETS[end]).toBeGreaterThanOrEqual(Math.min(bottom, 60_000));
    expect(end - first).toBeLessThan(50);
  });

  test("are the first ones above the list, the last ones below it", () => {
    expect(rangeOf(OFFSETS, -900, -100)).toMatchObject({ first: 0 });
    expect(rangeOf(OFFSETS, 70_000, 70_800)).toMatchObject({ end: 1100 });
  });

  test("change in steps while the page is scrolled", () => {
    const ranges = new Set<string>();
    for (let top = 0; top < 5_600; top += 7) ranges.add(JSON.stringify(rangeOf(OFFSETS, top, top + 800)));
    expect(ranges.size).toBeLessThan(60);
  });

  test("are none of an empty list", () => {
    expect(rangeOf(offsetsOf([]), 0, 800)).toEqual({ first: 0, end: 0 });
  });
});

import { expect, test } from "vitest";
import { countTicks, durationTicks, percentile } from "./chart_scale";

test.each([
  [0, [0, 1]],
  [3, [0, 1, 2, 3]],
  [7, [0, 2, 4, 6, 8]],
  [11_949, [0, 5000, 10_000, 15_000]],
])("counts up to %d have lines at %j", (highest, lines) => expect(countTicks(highest)).toEqual(lines));

test.each([
  [0, [0, 1]],
  [840, [0, 500, 1000]],
  [95_000, [0, 30_000, 60_000, 90_000, 120_000]],
  [10 * 86_400_000, [0, 3, 6, 9, 12].map((days) => days * 86_400_000)],
])("spans up to %d ms have lines at %j", (highest, lines) => expect(durationTicks(highest)).toEqual(lines));

test("a percentile is one of the values", () => {
  const values = Array.from({ length: 100 }, (_, index) => 100 - index);
  expect([percentile(values, 0.5), percentile(values, 0.95), percentile([7], 0.95)]).toEqual([50, 95, 7]);
  expect(percentile([], 0.5)).toBeNull();
});

import { describe, expect, test } from "vitest";
import { percent, ratePerSecond, rateWords, remainingMs, withSample, type Sample } from "./rate";

const START = 1_000_000;
const at = (seconds: number, done: number): Sample => ({ done, atMs: START + seconds * 1000 });
const all = (...samples: Sample[]) => samples.reduce<readonly Sample[]>(withSample, []);

describe("the rate", () => {
  test("is the average since the start while there is one sample", () =>
    expect(ratePerSecond(all(at(10, 50)), START)).toBe(5));

  test("is that between samples, so that a resumed run is not taken for a fast one", () =>
    expect(ratePerSecond(all(at(1, 500), at(3, 520)), START)).toBe(10));

  test("forgets what was more than a minute ago", () =>
    expect(ratePerSecond(all(at(0, 0), at(100, 1000), at(110, 1010)), START)).toBe(1));

  test("keeps the last sample however long ago it was", () =>
    expect(ratePerSecond(all(at(0, 0), at(100, 50)), START)).toBe(0.5));

  test("begins anew when less is done than before", () =>
    expect(all(at(1, 90), at(2, 10))).toEqual([at(2, 10)]));

  test("does not count the same sample twice", () => expect(all(at(1, 9), at(1, 9))).toEqual([at(1, 9)]));

  test("is unknown without progress", () => {
    expect(ratePerSecond([], START)).toBeNull();
    expect(ratePerSecond(all(at(10, 0)), START)).toBeNull();
    expect(ratePerSecond(all(at(0.1, 5)), START)).toBeNull();
  });
});

test("what remains shrinks between samples, and never below nothing", () => {
  expect(remainingMs(at(10, 50), 100, 5, START + 12_000)).toBe(8_000);
  expect(remainingMs(at(10, 50), 100, 5, START + 60_000)).toBe(0);
});

test.each([
  [1234.5, "1,235 per second"],
  [35, "35 per second"],
  [3.44, "3.4 per second"],
  [0.07, "4.2 per minute"],
  [0.001, "3.6 per hour"],
])("%d is %s", (rate, words) => expect(rateWords(rate)).toBe(words));

test.each([
  [3, 10, 30],
  [11, 10, 100],
  [0, 0, 0],
  [-1, 10, 0],
])("%d of %d is %d %%", (done, total, part) => expect(percent(done, total)).toBe(part));

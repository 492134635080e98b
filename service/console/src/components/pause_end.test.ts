import { expect, test } from "vitest";
import { askingsDue } from "./pause_end";

const END = Date.parse("2026-11-24T12:00:00Z");

test.each([
  [-1_000, 0],
  [0, 0],
  [1, 1],
  [4_999, 1],
  [5_000, 2],
  [12_000, 3],
])("%d ms after its end a pause has been asked about %d times", (ms, times) =>
  expect(askingsDue(END, END + ms)).toBe(times),
);

/** Scales of charts: round numbers for an axis, and where a value stands on it. */
const STEPS = [1, 2, 5, 10];
// Round spans in milliseconds, as people count them.
const SPANS = [
  1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 10e3, 15e3, 30e3, 60e3, 120e3, 300e3, 600e3, 900e3,
  1800e3, 3600e3, 7200e3, 10800e3, 21600e3, 43200e3, 86400e3,
];
const MOST_LINES = 4;

/** Returns the values at which an axis from 0 to `highest` has its lines: at most four, the last >= highest. */
export function countTicks(highest: number): number[] {
  if (highest <= 0) return [0, 1];
  const power = 10 ** Math.floor(Math.log10(highest / MOST_LINES));
  const step = Math.max(1, (STEPS.find((each) => each * power * MOST_LINES >= highest) ?? 10) * power);
  return ticks(step, highest);
}

/** The same for spans in milliseconds. */
export function durationTicks(highestMs: number): number[] {
  const longest = SPANS.at(-1) ?? 1;
  const step =
    SPANS.find((each) => each * MOST_LINES >= highestMs) ??
    Math.ceil(highestMs / MOST_LINES / longest) * longest;
  return ticks(step, highestMs);
}

/** Returns the value that this share of the values does not exceed (the nearest rank); null without any. */
export function percentile(values: readonly number[], share: number): number | null {
  const sorted = [...values].sort((one, other) => one - other);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? null;
}

function ticks(step: number, highest: number): number[] {
  const lines = Math.max(1, Math.ceil(highest / step));
  return Array.from({ length: lines + 1 }, (_, index) => index * step);
}

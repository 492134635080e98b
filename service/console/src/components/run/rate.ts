/** How fast a run is, and how long it may still take, from what it has said of its progress. */
import { count } from "../../time/format";

export interface Sample {
  done: number;
  atMs: number;
}

// The rate is that of the last minute or so: a run is not as fast everywhere.
const PERIOD_MS = 60_000;
const SHORTEST_MS = 500;

/** Returns the samples with a further one; one that is known already, or says less than before, begins anew. */
export function withSample(samples: readonly Sample[], sample: Sample): readonly Sample[] {
  const last = samples.at(-1);
  if (!last) return [sample];
  if (sample.atMs <= last.atMs) return samples;
  if (sample.done < last.done) return [sample];
  const recent = samples.filter(({ atMs }) => sample.atMs - atMs <= PERIOD_MS);
  return [...(recent.length > 0 ? recent : [last]), sample];
}

/**
 * Returns how much is done in a second; null where nothing can be said.
 *
 * With one sample only it is the average since the start.
 */
export function ratePerSecond(samples: readonly Sample[], startMs: number): number | null {
  const last = samples.at(-1);
  if (!last) return null;
  const first = samples[0];
  const since = first && last.atMs - first.atMs >= SHORTEST_MS ? first : { done: 0, atMs: startMs };
  const span = last.atMs - since.atMs;
  if (span < SHORTEST_MS || last.done <= since.done) return null;
  return ((last.done - since.done) * 1000) / span;
}

/** Returns how long the rest takes at that rate, in milliseconds. */
export function remainingMs(last: Sample, total: number, perSecond: number, nowMs: number): number {
  return Math.max(0, ((total - last.done) * 1000) / perSecond - Math.max(0, nowMs - last.atMs));
}

/** Writes a rate in the unit that suits it: "35 per second", "4.2 per minute". */
export function rateWords(perSecond: number): string {
  if (perSecond >= 1) return `${short(perSecond)} per second`;
  if (perSecond >= 1 / 60) return `${short(perSecond * 60)} per minute`;
  return `${short(perSecond * 3600)} per hour`;
}

/** Writes an amount with at most one decimal, which a great one has not. */
export function short(value: number): string {
  return value >= 100 ? count(Math.round(value)) : count(Math.round(value * 10) / 10);
}

/** How much of the whole is done, in percent from 0 to 100. */
export function percent(done: number, total: number): number {
  if (total <= 0) return done > 0 ? 100 : 0;
  return Math.min(100, Math.max(0, (done / total) * 100));
}

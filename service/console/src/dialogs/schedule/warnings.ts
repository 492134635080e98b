/** What a schedule would do to a job whose runs take long. */
import type { JobDetail } from "../../api/types";
import { roughly } from "../../time/format";

type Policy = JobDetail["overlapPolicy"];

/** The shortest time between two successive instants, in milliseconds; null for fewer than two. */
export function shortestInterval(instants: readonly string[]): number | null {
  const times = instants.map((instant) => Date.parse(instant));
  const gaps = times.slice(1).map((time, index) => time - (times[index] ?? 0));
  return gaps.length > 0 ? Math.min(...gaps) : null;
}

/** Says what comes of runs that take longer than the time between fires; null where they do not. */
export function overlapWarning(
  fires: readonly string[],
  runMs: number | null,
  policy: Policy,
): string | null {
  const interval = shortestInterval(fires);
  if (runMs === null || interval === null || runMs <= interval) return null;
  return `Runs take ${roughly(runMs)} at p95, fires come each ${roughly(interval)}: ${consequence(fires, runMs, policy)}`;
}

function consequence(fires: readonly string[], runMs: number, policy: Policy): string {
  const { skipped, late, atOnce } = outcomes(fires, runMs, policy);
  const of = `of the next ${fires.length} fires`;
  switch (policy) {
    case "SKIP":
      return `with the overlap policy SKIP, ${skipped} ${of} will be skipped.`;
    case "QUEUE":
      return skipped > 0
        ? `with the overlap policy QUEUE, ${late} ${of} will start late, and ${skipped} will be skipped, because one waits already.`
        : `with the overlap policy QUEUE, ${late} ${of} will start late.`;
    case "ALLOW":
      return `with the overlap policy ALLOW, up to ${atOnce} runs will go on at once.`;
    case "REPLACE":
      return `with the overlap policy REPLACE, ${late} ${of} will cancel the run before them.`;
  }
}

/** What becomes of fires whose runs all take `runMs`, by the rule of the claim (overlap_verdict in the schema). */
function outcomes(fires: readonly string[], runMs: number, policy: Policy) {
  let [skipped, late, atOnce] = [0, 0, 0];
  let ends: number[] = [];
  for (const at of fires.map((fire) => Date.parse(fire))) {
    ends = ends.filter((end) => end > at);
    const [last] = ends.slice(-1);
    if (last === undefined || policy === "ALLOW") ends.push(at + runMs);
    else if (policy === "REPLACE") {
      late += 1;
      ends = [at + runMs];
    } else if (policy === "QUEUE" && ends.length === 1) {
      late += 1;
      ends.push(last + runMs);
    } else skipped += 1;
    atOnce = Math.max(atOnce, ends.length);
  }
  return { skipped, late, atOnce };
}

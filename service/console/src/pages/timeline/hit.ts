/** What stands on a lane at an instant. */
import type { Lane, LaneExecution, Timeline } from "../../api/types";
import { endOf } from "./lanes";

type Bucket = Lane["buckets"][number];
export type Outage = Timeline["outages"][number];

export type Hit =
  | { kind: "execution"; execution: LaneExecution }
  | { kind: "bucket"; bucket: Bucket }
  | { kind: "fire"; fireTime: string }
  | { kind: "idle"; fireTime: string }
  | { kind: "gap"; at: number };

/** Returns what is at `at`, or within `reach` milliseconds of it: the nearest execution, fire, bucket, else a gap. */
export function hitAt(lane: Lane | null, at: number, reach: number, nowMs: number): Hit {
  const near: { hit: Hit; distance: number }[] = [];
  const offer = (hit: Hit, start: number, end: number) => {
    const distance = Math.max(start - at, at - end, 0);
    if (distance <= reach) near.push({ hit, distance });
  };
  for (const execution of lane?.executions ?? []) {
    offer({ kind: "execution", execution }, Date.parse(execution.startTime), endOf(execution, nowMs));
  }
  for (const fireTime of lane?.comingFires ?? []) {
    const instant = Date.parse(fireTime);
    if (instant > nowMs) offer({ kind: "fire", fireTime }, instant, instant);
  }
  for (const { fireTime } of lane?.firesNotStarted ?? []) {
    offer({ kind: "idle", fireTime }, Date.parse(fireTime), Date.parse(fireTime));
  }
  // Of several below the pointer it is the last: it is drawn above the others.
  const nearest = near.sort((one, other) => other.distance - one.distance).at(-1);
  if (nearest) return nearest.hit;
  for (const bucket of lane?.buckets ?? []) {
    const isThere = bucket.successCount + bucket.failureCount + bucket.cancelledCount > 0;
    const end = Math.min(Date.parse(bucket.endTime), nowMs);
    if (isThere && Date.parse(bucket.startTime) <= at && at < end) return { kind: "bucket", bucket };
  }
  return { kind: "gap", at };
}

/** The instant at which the same is hit again, however long the time is that a pixel stands for. */
export function instantOf(hit: Hit, at: number, nowMs: number): number {
  switch (hit.kind) {
    case "execution": {
      const { execution } = hit;
      return Math.max(Date.parse(execution.startTime), Math.min(at, endOf(execution, nowMs)));
    }
    case "fire":
    case "idle":
      return Date.parse(hit.fireTime);
    default:
      return Math.round(at / 1000) * 1000;
  }
}

/** The outage at an instant, if there is one. */
export function outageAt(outages: readonly Outage[], at: number, nowMs: number): Outage | null {
  const found = outages.find(
    ({ fromTime, toTime }) =>
      Date.parse(fromTime) <= at && at < (toTime === null ? nowMs : Date.parse(toTime)),
  );
  return found ?? null;
}

/** An instant, and how long nothing ran before it. */
export interface Gap {
  from: number;
  to: number;
}

/** The longest times in [from, to) at which nothing ran, in order; `to` is not after the present instant. */
export function gapsOf(lane: Lane, from: number, to: number, most: number): Gap[] {
  const busy = [
    ...lane.executions.map((each): Gap => ({ from: Date.parse(each.startTime), to: endOf(each, to) })),
    ...lane.buckets
      .filter((each) => each.successCount + each.failureCount + each.cancelledCount > 0)
      .map((each): Gap => ({ from: Date.parse(each.startTime), to: Date.parse(each.endTime) })),
  ].sort((one, other) => one.from - other.from);
  const gaps: Gap[] = [];
  let free = from;
  for (const each of [...busy, { from: to, to }]) {
    if (Math.min(each.from, to) > free) gaps.push({ from: free, to: Math.min(each.from, to) });
    free = Math.max(free, each.to);
  }
  const longest = gaps.sort((one, other) => other.to - other.from - (one.to - one.from)).slice(0, most);
  return longest.sort((one, other) => one.from - other.from);
}

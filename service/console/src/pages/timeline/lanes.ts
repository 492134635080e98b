/** The rows of the screen: a lane for each job, by group; what is deleted comes last. */
import type { Job, Lane, LaneExecution } from "../../api/types";
import { compareNames } from "../../components/groups";

export type LaneState = "active" | "paused" | "disabled" | "deleted";

/** A job on its lane; `lane` is null until it is read: of very many jobs the API answers the busiest first. */
export interface JobLane {
  kind: "lane";
  key: string;
  jobId: string;
  name: string;
  zone: string;
  state: LaneState;
  lane: Lane | null;
}

export interface GroupHead {
  kind: "group";
  key: string;
  name: string;
  count: number;
}

export type Row = GroupHead | JobLane;

const DELETED = "Deleted jobs";

/** Returns every job with its lane, and the lanes of jobs that are gone. */
export function jobLanes(jobs: readonly Job[], lanes: readonly Lane[]): (JobLane & { group: string })[] {
  const found = new Map(lanes.map((lane) => [lane.jobId, lane]));
  const there = jobs.map((job) => {
    const lane = found.get(job.name) ?? null;
    found.delete(job.name);
    return {
      ...laneOf(job.name, job.displayName, job.timeZone, stateOf(job), lane),
      group: job.jobGroup,
    };
  });
  const gone = [...found.values()]
    .filter(({ isDeleted }) => isDeleted)
    .map((lane) => ({
      ...laneOf(lane.jobId, lane.displayName, lane.timeZone, "deleted", lane),
      group: DELETED,
    }));
  return [...there, ...gone];
}

function laneOf(jobId: string, name: string, zone: string, state: LaneState, lane: Lane | null): JobLane {
  return { kind: "lane", key: `lane ${jobId}`, jobId, name, zone, state, lane };
}

function stateOf({ enabled, pausedBy }: Job): LaneState {
  if (!enabled) return "disabled";
  return pausedBy === null ? "active" : "paused";
}

/** Returns the rows of those whose name, id or group holds the text, and which are in the group, if one is given. */
export function rowsOf(all: readonly (JobLane & { group: string })[], group: string, text: string): Row[] {
  const wanted = text.trim().toLowerCase();
  const groups = new Map<string, JobLane[]>();
  for (const { group: of, ...lane } of all) {
    if (group && of !== group) continue;
    if (wanted && ![lane.jobId, lane.name, of].some((each) => each.toLowerCase().includes(wanted))) continue;
    const members = groups.get(of);
    if (members) members.push(lane);
    else groups.set(of, [lane]);
  }
  return [...groups]
    .sort(([one], [other]) => Number(one === DELETED) - Number(other === DELETED) || compareNames(one, other))
    .flatMap(([name, members]): Row[] => [
      { kind: "group", key: `group ${name}`, name, count: members.length },
      ...members.sort(
        (one, other) => compareNames(one.name, other.name) || compareNames(one.jobId, other.jobId),
      ),
    ]);
}

interface Counts {
  success: number;
  failure: number;
  cancelled: number;
  running: number;
}

/** Counts what a lane holds of the time between two instants. */
export function countsOf(lane: Lane, from: number, to: number): Counts {
  const counts: Counts = { success: 0, failure: 0, cancelled: 0, running: 0 };
  for (const execution of lane.executions) {
    const start = Date.parse(execution.startTime);
    if (start < to && endOf(execution, to) >= from) counts[outcomeOf(execution.status)] += 1;
  }
  for (const bucket of lane.buckets) {
    if (Date.parse(bucket.startTime) >= to || Date.parse(bucket.endTime) <= from) continue;
    counts.success += bucket.successCount;
    counts.failure += bucket.failureCount;
    counts.cancelled += bucket.cancelledCount;
  }
  return counts;
}

/** When an execution ended; one that still runs ends at `nowMs`. */
export function endOf(execution: LaneExecution, nowMs: number): number {
  return execution.endTime === null ? nowMs : Date.parse(execution.endTime);
}

function outcomeOf(status: string): keyof Counts {
  if (status === "SUCCESS") return "success";
  if (status === "CANCELLED") return "cancelled";
  return status === "RUNNING" || status === "QUEUED" ? "running" : "failure";
}

/** Says what a lane holds: "23 succeeded, 1 without success, 1 running; next fire at …". */
export function summaryOf(row: JobLane, from: number, to: number, at: (instant: string) => string): string {
  const { lane, state } = row;
  if (lane === null) return "being read";
  const { success, failure, cancelled, running } = countsOf(lane, from, to);
  const idle = lane.firesNotStarted.filter(({ fireTime }) => isIn(fireTime, from, to)).length;
  const parts = [
    success > 0 && `${success} succeeded`,
    failure > 0 && `${failure} failed`,
    cancelled > 0 && `${cancelled} cancelled`,
    running > 0 && `${running} running`,
    idle > 0 && `${idle} ${idle === 1 ? "fire" : "fires"} started nothing`,
  ].filter((part) => part !== false);
  const next = lane.comingFires.find((fire) => Date.parse(fire) < to);
  const then =
    state === "active"
      ? next
        ? `next fire at ${at(next)}`
        : "no fire to come in this span"
      : STATE_WORDS[state];
  return `${parts.length > 0 ? parts.join(", ") : "nothing ran"}; ${then}`;
}

function isIn(instant: string, from: number, to: number): boolean {
  return Date.parse(instant) >= from && Date.parse(instant) < to;
}

const STATE_WORDS: Record<LaneState, string> = {
  active: "",
  paused: "paused",
  disabled: "disabled",
  deleted: "deleted",
};

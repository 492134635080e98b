/** The rows of the list: the jobs in their order, by group with a row for each group, or all in one. */
import type { Job } from "../../api/types";
import { compareNames } from "../../components/groups";
import type { Filters, Sort } from "./filters";
import { isFailing, stateOf, type JobState } from "./state";

export interface GroupRow {
  kind: "group";
  key: string;
  name: string;
  count: number;
  running: number;
  failing: number;
  overdue: number;
  isClosed: boolean;
}

export interface JobRow {
  kind: "job";
  key: string;
  job: Job;
}

export type Row = GroupRow | JobRow;

// What needs somebody comes first.
const RANKS: Record<JobState, number> = {
  UNPLANNED: 0,
  OVERDUE: 1,
  RUNNING: 3,
  PAUSED: 4,
  IDLE: 5,
  DISABLED: 6,
};
const FAILING_RANK = 2;

/** Returns the rows of these jobs; those of a closed group are left out, its own row stays. */
export function rowsOf(
  jobs: readonly Job[],
  { sort, isDescending, isGrouped }: Pick<Filters, "sort" | "isDescending" | "isGrouped">,
  isClosed: (group: string) => boolean,
): Row[] {
  const sorted = sortedJobs(jobs, sort, isDescending);
  if (!isGrouped) return sorted.map(jobRow);
  const groups = new Map<string, Job[]>();
  for (const job of sorted) {
    const members = groups.get(job.jobGroup);
    if (members) members.push(job);
    else groups.set(job.jobGroup, [job]);
  }
  const names = [...groups.keys()].sort(compareNames);
  return names.flatMap((name) => {
    const members = groups.get(name) ?? [];
    const head = groupRow(name, members, isClosed(name));
    return head.isClosed ? [head] : [head, ...members.map(jobRow)];
  });
}

/** Returns the jobs in an order; what has no such instant comes last either way. */
export function sortedJobs(jobs: readonly Job[], sort: Sort, isDescending: boolean): Job[] {
  const sign = isDescending ? -1 : 1;
  const byName = (one: Job, other: Job) =>
    compareNames(one.displayName, other.displayName) || compareNames(one.name, other.name);
  switch (sort) {
    case "name":
      return [...jobs].sort((one, other) => sign * byName(one, other));
    case "status":
      return [...jobs].sort((one, other) => sign * (rankOf(one) - rankOf(other)) || byName(one, other));
    case "last":
      return byInstant(jobs, ({ lastRunTime }) => lastRunTime, sign, byName);
    case "next":
      return byInstant(jobs, ({ nextRunTime }) => nextRunTime, sign, byName);
  }
}

function byInstant(
  jobs: readonly Job[],
  instantOf: (job: Job) => string | null,
  sign: number,
  byName: (one: Job, other: Job) => number,
): Job[] {
  const keyed = jobs.map((job) => ({ job, at: Date.parse(instantOf(job) ?? "") }));
  keyed.sort((one, other) => {
    const isOneMissing = Number.isNaN(one.at);
    if (isOneMissing !== Number.isNaN(other.at)) return isOneMissing ? 1 : -1;
    return (isOneMissing ? 0 : sign * (one.at - other.at)) || byName(one.job, other.job);
  });
  return keyed.map(({ job }) => job);
}

function rankOf(job: Job): number {
  const rank = RANKS[stateOf(job)];
  return isFailing(job) ? Math.min(rank, FAILING_RANK) : rank;
}

function jobRow(job: Job): JobRow {
  return { kind: "job", key: `job ${job.name}`, job };
}

function groupRow(name: string, jobs: readonly Job[], isClosed: boolean): GroupRow {
  return {
    kind: "group",
    key: `group ${name}`,
    name,
    count: jobs.length,
    running: jobs.filter(({ status }) => status === "RUNNING").length,
    failing: jobs.filter(isFailing).length,
    overdue: jobs.filter(({ isOverdue }) => isOverdue).length,
    isClosed,
  };
}

/** What a job's row says about it at a glance: the one word for its state, and what is wrong. */
import type { Job } from "../../api/types";

/** What a tile shows: all jobs, or those in one state. */
export const SHOWN = ["all", "running", "failing", "overdue", "paused", "disabled"] as const;
export type Shown = (typeof SHOWN)[number];

/** The state of a job, the most telling first; `UNPLANNED`: its schedule names no fire. */
export type JobState = "RUNNING" | "DISABLED" | "PAUSED" | "UNPLANNED" | "OVERDUE" | "IDLE";

const FAILURES: ReadonlySet<string | null> = new Set(["FAILED", "TIMEOUT", "LOST"]);

export function stateOf(job: Job): JobState {
  if (job.status === "RUNNING") return "RUNNING";
  return stillStateOf(job);
}

/** The state apart from what runs now. */
export function stillStateOf(job: Job): Exclude<JobState, "RUNNING"> {
  if (job.pausedBy === "DISABLED") return "DISABLED";
  if (job.pausedBy !== null) return "PAUSED";
  if (job.scheduleError !== null) return "UNPLANNED";
  return job.isOverdue ? "OVERDUE" : "IDLE";
}

/** Whether the last execution failed, or a schedule that cannot be planned keeps the next from starting. */
export function isFailing(job: Job): boolean {
  return job.failuresInSuccession > 0 || FAILURES.has(job.lastRunStatus) || job.scheduleError !== null;
}

/** Whether a tile shows the job. */
export function isShown(job: Job, shown: Shown): boolean {
  switch (shown) {
    case "all":
      return true;
    case "running":
      return job.status === "RUNNING";
    case "failing":
      return isFailing(job);
    case "overdue":
      return job.isOverdue;
    case "paused":
      return job.pausedBy === "JOB" || job.pausedBy === "ALL";
    case "disabled":
      return !job.enabled;
  }
}

/** How many jobs each tile shows. */
export function countsOf(jobs: readonly Job[]): Record<Shown, number> {
  const counts = { all: 0, running: 0, failing: 0, overdue: 0, paused: 0, disabled: 0 };
  for (const job of jobs) for (const shown of SHOWN) if (isShown(job, shown)) counts[shown] += 1;
  return counts;
}

/** A job for tests: idle, scheduled, without a past. */
import type { Job } from "../../api/types";

export function job(some: Partial<Job> & { name: string }): Job {
  return {
    description: null,
    displayName: some.name,
    enabled: true,
    failuresInSuccession: 0,
    handler: "noop",
    isOverdue: false,
    jobGroup: "DEFAULT",
    lastExecutionId: null,
    lastRunDurationMs: null,
    lastRunStatus: null,
    lastRunTime: null,
    nextRunTime: null,
    pausedBy: null,
    pausedUntil: null,
    pauseReason: null,
    recentOutcomes: [],
    revision: 1,
    runningExecutionId: null,
    runningSince: null,
    schedule: "0 0 3 * * *",
    scheduleDescription: "At 03:00 every day",
    scheduleError: null,
    scheduleType: "CRON",
    status: "IDLE",
    timeZone: "UTC",
    ...some,
  };
}

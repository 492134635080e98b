/** Lanes for tests. */
import type { Job, Lane, LaneExecution } from "../../api/types";

export function anExecution(startTime: string, endTime: string | null, status = "SUCCESS"): LaneExecution {
  return {
    executionId: `00000000-0000-7000-8000-${startTime.replace(/\D/g, "").slice(0, 12)}`,
    jobId: "A",
    status,
    startTime,
    endTime,
    triggeredBy: "SCHEDULE",
    fireTime: startTime,
    attempt: 1,
  };
}

export function aLane(some: Partial<Lane> = {}): Lane {
  return {
    jobId: "A",
    displayName: "A",
    jobGroup: "G",
    timeZone: "UTC",
    isEnabled: true,
    firesNotStarted: [],
    isDeleted: false,
    isPaused: false,
    pausedUntil: null,
    executions: [],
    isAggregated: false,
    buckets: [],
    comingFires: [],
    hasMoreFires: false,
    ...some,
  };
}

export function aJob(name: string, some: Partial<Job> = {}): Job {
  return {
    name,
    displayName: name,
    jobGroup: "G",
    timeZone: "UTC",
    enabled: true,
    pausedBy: null,
    pausedUntil: null,
    ...some,
  } as Job;
}

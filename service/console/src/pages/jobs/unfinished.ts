/** What runs and what waits now: the list of jobs says that something does, this says since when. */
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { api, data } from "../../api/client";
import type { Execution, Job } from "../../api/types";

/** The unfinished executions of one job. */
export interface Unfinished {
  /** The one that has run the longest, else the one that has waited the longest. */
  executionId: string;
  /** When that one started, or was asked for. */
  since: string;
  running: number;
  queued: number;
  /** Ids of those that run. */
  runningIds: readonly string[];
}

const MOST = 200;
const KEPT_MS = 10_000;

/**
 * Returns the unfinished executions by the id of their job, undefined until they are known.
 *
 * They are asked for when the list of jobs shows that a job has begun, or stopped, to run.
 */
export function useUnfinished(jobs: readonly Job[]): Readonly<Record<string, Unfinished>> | undefined {
  const running = jobs.filter(({ status }) => status === "RUNNING");
  const { data: unfinished } = useQuery({
    queryKey: ["unfinished", digestOf(running)],
    queryFn: ({ signal }) =>
      data(
        api.GET("/v1/console/jobs/history", {
          signal,
          params: { query: { status: ["RUNNING", "QUEUED"], pageSize: MOST, sinceDays: 3650 } },
        }),
      ),
    select: ({ executions }) => unfinishedByJob(executions),
    enabled: running.length > 0,
    placeholderData: keepPreviousData,
    gcTime: KEPT_MS,
  });
  return unfinished;
}

/** Sums up the unfinished executions of each job. */
export function unfinishedByJob(executions: readonly Execution[]): Record<string, Unfinished> {
  const found: Record<string, Unfinished> = {};
  const earliestFirst = [...executions].sort((one, other) => one.startTime.localeCompare(other.startTime));
  for (const { jobId, executionId, startTime, status } of earliestFirst) {
    const known = found[jobId] ?? { executionId, since: startTime, running: 0, queued: 0, runningIds: [] };
    const isRunning = status === "RUNNING";
    const leads = isRunning && known.running === 0;
    found[jobId] = {
      executionId: leads ? executionId : known.executionId,
      since: leads ? startTime : known.since,
      running: known.running + (isRunning ? 1 : 0),
      queued: known.queued + (isRunning ? 0 : 1),
      runningIds: isRunning ? [...known.runningIds, executionId] : known.runningIds,
    };
  }
  return found;
}

/** A short text that differs whenever other jobs run, or one has begun again (FNV-1a). */
function digestOf(jobs: readonly Job[]): string {
  let hash = 0x811c9dc5;
  for (const { name, lastRunTime, lastRunStatus, lastRunDurationMs } of jobs) {
    const text = `${name} ${lastRunTime ?? ""} ${lastRunStatus ?? ""} ${lastRunDurationMs ?? ""}`;
    for (let index = 0; index < text.length; index += 1) {
      hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
    }
  }
  return `${jobs.length} ${hash >>> 0}`;
}

/** What is on record of one job: its executions, its fires, and what it would do next. */
import { infiniteQueryOptions, keepPreviousData, queryOptions } from "@tanstack/react-query";
import { api, data } from "./client";
import { keys } from "./queries";

export const STATUSES = ["QUEUED", "RUNNING", "SUCCESS", "FAILED", "TIMEOUT", "CANCELLED", "LOST"] as const;
export type ExecutionStatus = (typeof STATUSES)[number];
export const CAUSES = ["SCHEDULE", "MANUAL", "SQL", "RETRY", "CATCH_UP"] as const;
export type TriggeredBy = (typeof CAUSES)[number];
export const OUTCOMES = [
  "STARTED",
  "SKIPPED_OVERLAP",
  "SKIPPED_CALENDAR",
  "COALESCED",
  "MISSED",
  "PAUSED",
  "NO_HANDLER",
] as const;
export type FireOutcome = (typeof OUTCOMES)[number];

/** Which executions are asked for; empty means any. */
export interface HistoryFilter {
  status?: ExecutionStatus[];
  triggeredBy?: TriggeredBy[];
  text?: string;
}

const PAGE_SIZE = 50;
const LONGEST_PAGE = 200;
const ALL_DAYS = 3650;
const NEXT_FIRES = 10;

/** The executions of a job, the newest first, page by page. */
export function historyQuery(jobId: string, filter: HistoryFilter) {
  return infiniteQueryOptions({
    queryKey: [...keys.history(jobId), filter],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ signal, pageParam }) => {
      const query = {
        ...filter,
        pageSize: PAGE_SIZE,
        sinceDays: ALL_DAYS,
        ...(pageParam !== undefined && { cursor: pageParam }),
      };
      const params = { path: { jobId }, query };
      return data(api.GET("/v1/console/jobs/{jobId}/history", { signal, params }));
    },
    getNextPageParam: (page) => page.nextCursor ?? undefined,
    placeholderData: keepPreviousData,
  });
}

/** The last executions of a job, for charts. */
export function lastExecutionsQuery(jobId: string) {
  return queryOptions({
    queryKey: [...keys.history(jobId), "last"],
    queryFn: ({ signal }) => {
      const params = { path: { jobId }, query: { pageSize: LONGEST_PAGE, sinceDays: ALL_DAYS } };
      return data(api.GET("/v1/console/jobs/{jobId}/history", { signal, params }));
    },
    select: (page) => page.executions,
  });
}

/** What became of the fires of a job, the newest first, page by page. */
export function firesQuery(jobId: string, outcome: FireOutcome | null) {
  return infiniteQueryOptions({
    queryKey: [...keys.job(jobId), "fires", outcome],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ signal, pageParam }) => {
      const query = {
        pageSize: outcome === null ? LONGEST_PAGE : PAGE_SIZE,
        sinceDays: ALL_DAYS,
        ...(outcome && { outcome: [outcome] }),
        ...(pageParam !== undefined && { cursor: pageParam }),
      };
      return data(api.GET("/v1/console/jobs/{jobId}/fires", { signal, params: { path: { jobId }, query } }));
    },
    getNextPageParam: (page) => page.nextCursor ?? undefined,
    placeholderData: keepPreviousData,
  });
}

/** The next fires of a job on its present schedule, whether or not it is paused. */
export function nextFiresQuery(jobId: string, revision: number) {
  return queryOptions({
    queryKey: [...keys.job(jobId), "next-fires", revision],
    queryFn: ({ signal }) =>
      data(
        api.GET("/v1/console/schedule/preview", { signal, params: { query: { jobId, count: NEXT_FIRES } } }),
      ),
    placeholderData: keepPreviousData,
  });
}

/** Why the job ran, or did not, at an instant: one sentence. */
export function whyQuery(jobId: string, at: string) {
  return queryOptions({
    queryKey: [...keys.job(jobId), "why", at],
    queryFn: ({ signal }) =>
      data(api.GET("/v1/console/jobs/{jobId}/why", { signal, params: { path: { jobId }, query: { at } } })),
  });
}

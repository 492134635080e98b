/** Reading the audit, and taking changes back. */
import { infiniteQueryOptions, keepPreviousData } from "@tanstack/react-query";
import { api, data } from "./client";
import { ifMatch } from "./job_patch";
import { keys } from "./queries";
import type { Change } from "./types";

export const OPERATIONS = ["INSERT", "UPDATE", "DELETE", "TRUNCATE", "PAUSE", "RESUME"] as const;
export type Operation = (typeof OPERATIONS)[number];

/** Which changes are asked for; instants are RFC 3339, and `to` is exclusive. */
export interface ChangeFilter {
  jobId?: string;
  actor?: string;
  operation?: Operation;
  from?: string;
  to?: string;
}

const PAGE_SIZE = 50;

/** The audit, newest first, page by page; also of a job that has been deleted. */
export function changesQuery({ operation, ...filter }: ChangeFilter) {
  return infiniteQueryOptions({
    queryKey: [...keys.changes, filter, operation ?? null],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ signal, pageParam }) => {
      const query = {
        ...filter,
        pageSize: PAGE_SIZE,
        ...(operation && { operation: [operation] }),
        ...(pageParam !== undefined && { cursor: pageParam }),
      };
      return data(api.GET("/v1/console/changes", { signal, params: { query } }));
    },
    getNextPageParam: (page) => page.nextCursor ?? undefined,
    placeholderData: keepPreviousData,
  });
}

/** Makes a job what it was before a change; refused where somebody else has changed it since `revision`. */
export function revert(change: Change, revision: number | null) {
  const { jobId, changeId } = change;
  const header = revision === null ? {} : ifMatch(revision);
  return data(
    api.POST("/v1/console/jobs/{jobId}/revert", { params: { path: { jobId }, header }, body: { changeId } }),
  );
}

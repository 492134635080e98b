/** What the console reads, one entry for each resource: its key in the cache, and the call that fills it. */
import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { api, ApiError, data } from "./client";

/** Keys of the cache; whoever hears of a change makes stale what begins with one of these. */
export const keys = {
  jobs: ["jobs"] as const,
  anyJob: ["job"] as const,
  job: (jobId: string) => ["job", jobId] as const,
  history: (jobId: string) => ["job", jobId, "history"] as const,
  anyExecution: ["execution"] as const,
  execution: (executionId: string) => ["execution", executionId] as const,
  timeline: ["timeline"] as const,
  replicas: ["replicas"] as const,
  doctor: ["doctor"] as const,
  changes: ["changes"] as const,
  pause: ["pause"] as const,
  handlers: ["handlers"] as const,
  timeZones: ["time-zones"] as const,
};

// Nobody tells of what time alone does: that a job is overdue, or its pause over.
const LOOK_AGAIN_MS = 60_000;

export const jobsQuery = queryOptions({
  queryKey: keys.jobs,
  refetchInterval: LOOK_AGAIN_MS,
  queryFn: ({ signal }) => data(api.GET("/v1/console/jobs", { signal })),
});

export const pauseQuery = queryOptions({
  queryKey: keys.pause,
  queryFn: ({ signal }) => data(api.GET("/v1/console/pause", { signal })),
});

export function jobQuery(jobId: string) {
  return queryOptions({
    queryKey: keys.job(jobId),
    queryFn: ({ signal }) =>
      data(api.GET("/v1/console/jobs/{jobId}", { signal, params: { path: { jobId } } })),
  });
}

/** A job, or null where there is none (any more). */
export function jobIfAnyQuery(jobId: string) {
  return queryOptions({
    queryKey: [...keys.job(jobId), "if-any"],
    queryFn: async ({ signal }) => {
      try {
        return await data(api.GET("/v1/console/jobs/{jobId}", { signal, params: { path: { jobId } } }));
      } catch (fault) {
        if (fault instanceof ApiError && fault.status === 404) return null;
        throw fault;
      }
    },
  });
}

export function statsQuery(jobId: string, sinceDays: number) {
  return queryOptions({
    queryKey: [...keys.job(jobId), "stats", sinceDays],
    queryFn: ({ signal }) =>
      data(
        api.GET("/v1/console/jobs/{jobId}/stats", {
          signal,
          params: { path: { jobId }, query: { sinceDays } },
        }),
      ),
  });
}

export function executionQuery(executionId: string) {
  return queryOptions({
    queryKey: keys.execution(executionId),
    queryFn: ({ signal }) =>
      data(api.GET("/v1/console/executions/{executionId}", { signal, params: { path: { executionId } } })),
  });
}

export const replicasQuery = queryOptions({
  queryKey: keys.replicas,
  queryFn: ({ signal }) => data(api.GET("/v1/console/replicas", { signal })),
  placeholderData: keepPreviousData,
});

export const doctorQuery = queryOptions({
  queryKey: keys.doctor,
  queryFn: ({ signal }) => data(api.GET("/v1/console/doctor", { signal })),
});

/** All handlers that the answering replica or a live one knows. */
export const handlersQuery = queryOptions({
  queryKey: keys.handlers,
  queryFn: ({ signal }) => data(api.GET("/v1/console/handlers", { signal })),
});

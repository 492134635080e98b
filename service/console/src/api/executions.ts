/** What is done with executions: asked for, followed, cancelled, tried again. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useRef } from "react";
import { api, data } from "./client";
import { useLiveEvents, type LiveEvent } from "./live";
import { executionQuery, keys } from "./queries";
import type { ExecutionDetail, TriggerRequest } from "./types";

const PROGRESS_MS = 1_000;
const GATHER_MS = 300;

/** Whether an execution of this status has not ended. */
export function isUnfinished(status: string): boolean {
  return status === "QUEUED" || status === "RUNNING";
}

/** Returns an Idempotency-Key: a repeat under the same one starts nothing more. */
export function newKey(): string {
  // Not crypto.randomUUID: browsers have it on secure origins only, and a console inside a network may be on http.
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Queues an execution of a job. */
export function triggerJob(jobId: string, key: string, body: TriggerRequest) {
  return data(
    api.POST("/v1/console/jobs/{jobId}/trigger", {
      params: { path: { jobId }, header: { "Idempotency-Key": key } },
      body,
    }),
  );
}

/** Cancels an execution: at once where it is queued, else its replica stops it in a moment. */
export function cancelExecution(executionId: string) {
  return data(api.POST("/v1/console/executions/{executionId}/cancel", { params: { path: { executionId } } }));
}

/** Queues a new attempt of what has ended, with the same parameters and window. */
export function retryExecution(executionId: string, key: string) {
  return data(
    api.POST("/v1/console/executions/{executionId}/retry", {
      params: { path: { executionId }, header: { "Idempotency-Key": key } },
    }),
  );
}

/**
 * Reads an execution and keeps it fresh: when its status changes, when another attempt at the work begins, and
 * while it runs.
 */
export function useExecution(executionId: string) {
  const cache = useQueryClient();
  const query = useQuery({
    ...executionQuery(executionId),
    // Nobody has listened for its other attempts since it was last looked at.
    refetchOnMount: "always",
    // Progress is a row that the run writes as often as it likes: an event for each would be a storm for everybody,
    // for the sake of the one who looks. So whoever looks asks, and a page in the background does not.
    refetchInterval: ({ state }) => (state.data?.status === "RUNNING" ? PROGRESS_MS : false),
  });
  const execution = useRef<ExecutionDetail>(undefined);
  useEffect(() => {
    execution.current = query.data;
  }, [query.data]);
  const gathering = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(gathering.current), []);
  useLiveEvents(
    useCallback(
      (event: LiveEvent) => {
        if (!execution.current || !concerns(event, execution.current)) return;
        gathering.current ??= setTimeout(() => {
          gathering.current = undefined;
          void cache.invalidateQueries({ queryKey: keys.execution(executionId), exact: true });
        }, GATHER_MS);
      },
      [cache, executionId],
    ),
  );
  return query;
}

/** Whether an event is about another attempt at the work of this execution, as far as anybody can know. */
function concerns(event: LiveEvent, { executionId, jobId, status, attempts }: ExecutionDetail): boolean {
  if (event.kind !== "execution" || event.jobId !== jobId || event.executionId === executionId) return false;
  if (!event.executionId || attempts.some((each) => each.executionId === event.executionId)) return true;
  // It may be a new attempt, which follows on what has ended badly.
  return status !== "SUCCESS";
}

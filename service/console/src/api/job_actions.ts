/** What is done to a job beyond its schedule: enabled, resumed, deleted, brought back; the list then shows it. */
import { useMutation, useQueryClient, type QueryClient } from "@tanstack/react-query";
import { inForceWords } from "../components/in_force";
import { notify } from "../components/toast_queue";
import { revert } from "./changes";
import { api, ApiError, data } from "./client";
import { withJob } from "./freshener";
import { ifMatch, WAIT_MS } from "./job_patch";
import { keys } from "./queries";
import type { Job } from "./types";
import { wordsOf } from "./words";

/** A job as it was read; changes are refused when somebody else has changed it since. */
export type ReadJob = Pick<Job, "name" | "displayName" | "revision">;

/** Reads one job, puts it into the list, and makes stale what else is known of it. */
export async function readJob(cache: QueryClient, jobId: string): Promise<void> {
  void cache.invalidateQueries({ queryKey: keys.job(jobId) });
  try {
    const job = await data(api.GET("/v1/console/jobs/{jobId}", { params: { path: { jobId } } }));
    cache.setQueryData<Job[]>(keys.jobs, (jobs) => jobs && withJob(jobs, job));
  } catch {
    // The change itself is made, or refused, and said; the list reads itself again.
    void cache.invalidateQueries({ queryKey: keys.jobs });
  }
}

/** Why a change of a job was refused, and what to do about it. */
export function refusalWords(fault: unknown): string {
  const isStale = fault instanceof ApiError && fault.status === 412;
  if (!isStale) return wordsOf(fault);
  return "Somebody else has changed the job meanwhile. What you see now is how it is; look, and try again.";
}

/** Enables or disables a job; settles when the list shows what became of it. */
export function useSetEnabled({ name: jobId, displayName, revision }: ReadJob) {
  const cache = useQueryClient();
  return useMutation({
    mutationFn: (enabled: boolean) =>
      data(
        api.PUT("/v1/console/jobs/{jobId}/enabled", {
          params: { path: { jobId }, query: { enabled, wait: WAIT_MS }, header: ifMatch(revision) },
        }),
      ),
    onSuccess: async ({ enabled, inForce }) => {
      await readJob(cache, jobId);
      const title = `${displayName} is ${enabled ? "enabled" : "disabled"}`;
      notify({ tone: "success", title, text: inForceWords(inForce) });
    },
    onError: async (fault, enabled) => {
      const title = `Could not ${enabled ? "enable" : "disable"} ${displayName}`;
      notify({ tone: "failed", title, text: refusalWords(fault) });
      await readJob(cache, jobId);
    },
  });
}

/** Whether the job has a pause of its own to be ended; one of all jobs is ended in the banner. */
export function isPausedItself({ pausedBy, pausedUntil }: Pick<Job, "pausedBy" | "pausedUntil">): boolean {
  return pausedBy === "JOB" || (pausedBy === "DISABLED" && pausedUntil !== null);
}

/** Ends the pause of a job. */
export function useResume({ name: jobId, displayName, revision }: ReadJob) {
  const cache = useQueryClient();
  return useMutation({
    mutationFn: () =>
      data(
        api.POST("/v1/console/jobs/{jobId}/resume", {
          params: { path: { jobId }, header: ifMatch(revision) },
        }),
      ),
    onSuccess: async () => {
      await readJob(cache, jobId);
      notify({ tone: "success", title: `${displayName} is resumed` });
    },
    onError: async (fault) => {
      notify({ tone: "failed", title: `Could not resume ${displayName}`, text: refusalWords(fault) });
      await readJob(cache, jobId);
    },
  });
}

/** Deletes a job, with `isForced` also one that runs; the message offers to bring it back. */
export function useDelete({ name: jobId, displayName, revision }: ReadJob) {
  const cache = useQueryClient();
  return useMutation({
    mutationFn: (isForced: boolean) =>
      api.DELETE("/v1/console/jobs/{jobId}", {
        params: { path: { jobId }, query: { force: isForced }, header: ifMatch(revision) },
      }),
    onSuccess: () => {
      cache.setQueryData<Job[]>(keys.jobs, (jobs) => jobs?.filter(({ name }) => name !== jobId));
      void cache.invalidateQueries({ queryKey: keys.changes });
      notify({
        tone: "success",
        title: `${displayName} is deleted`,
        text: "Its history stays.",
        action: { name: "Bring back", onAction: () => void bringBack(cache, jobId) },
      });
    },
    onError: () => readJob(cache, jobId),
  });
}

/** Makes a deleted job what it was. */
async function bringBack(cache: QueryClient, jobId: string): Promise<void> {
  try {
    const query = { jobId, operation: ["DELETE" as const], pageSize: 1 };
    const { changes } = await data(api.GET("/v1/console/changes", { params: { query } }));
    const [deletion] = changes;
    if (!deletion) throw new Error("No deletion of it is on record.");
    await revert(deletion, null);
    await readJob(cache, jobId);
    notify({ tone: "success", title: `${jobId} is back` });
  } catch (fault) {
    notify({ tone: "failed", title: `Could not bring ${jobId} back`, text: wordsOf(fault) });
  }
}

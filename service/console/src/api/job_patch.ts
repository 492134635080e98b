/** Changing a job at the revision that was read: refused where somebody else has changed it since. */
import { api, data } from "./client";
import type { JobDetail, JobPatch } from "./types";

/** How long an answer waits until a change is in force on every replica; the sentence about it says on how many. */
export const WAIT_MS = 2_000;

/** The header that names the revision which was read. */
export function ifMatch(revision: number): { "If-Match": string } {
  return { "If-Match": `"${revision}"` };
}

/** Changes a job at that revision, and waits a little until the change is in force everywhere. */
export function patchJob(jobId: string, patch: JobPatch, revision: number): Promise<JobDetail> {
  return data(
    api.PATCH("/v1/console/jobs/{jobId}", {
      params: { path: { jobId }, query: { wait: WAIT_MS }, header: ifMatch(revision) },
      body: patch,
    }),
  );
}

/** What ran, runs and will fire between two instants, of all jobs or of one group. */
import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { api, data } from "./client";
import { OUTCOMES } from "./job_history";
import { keys } from "./queries";

/** Between two instants in milliseconds since 1970; what was shown before stays until the answer is there. */
export function timelineQuery(from: number, to: number, group: string) {
  return queryOptions({
    queryKey: [...keys.timeline, from, to, group],
    queryFn: ({ signal }) => {
      const query = {
        from: new Date(from).toISOString(),
        to: new Date(to).toISOString(),
        ...(group && { group }),
      };
      return data(api.GET("/v1/console/timeline", { signal, params: { query } }));
    },
    placeholderData: keepPreviousData,
  });
}

// The API answers no more lanes of chosen jobs at once.
const MOST_LANES_ASKED_FOR = 100;

/** The lanes of these jobs alone; of very many jobs the timeline of all holds only the busiest. */
export function lanesQuery(from: number, to: number, jobIds: readonly string[]) {
  return queryOptions({
    queryKey: [...keys.timeline, from, to, jobIds],
    enabled: jobIds.length > 0,
    queryFn: ({ signal }) => {
      const query = {
        from: new Date(from).toISOString(),
        to: new Date(to).toISOString(),
        jobId: jobIds.slice(0, MOST_LANES_ASKED_FOR),
      };
      return data(api.GET("/v1/console/timeline", { signal, params: { query } }));
    },
    select: ({ lanes }) => lanes,
    placeholderData: keepPreviousData,
  });
}

const MOST_FIRES = 50;

/** The fires in [from, to) that started nothing, the newest first. */
export function idleFiresQuery(jobId: string, from: number, to: number) {
  return queryOptions({
    queryKey: [...keys.job(jobId), "idle-fires", from, to],
    queryFn: ({ signal }) => {
      const outcome = OUTCOMES.filter((each) => each !== "STARTED");
      const query = { ...between(from, to), outcome, pageSize: MOST_FIRES };
      return data(api.GET("/v1/console/jobs/{jobId}/fires", { signal, params: { path: { jobId }, query } }));
    },
    placeholderData: keepPreviousData,
  });
}

/**
 * Why a job did nothing around an instant: asked of the nearest fire within `reach` milliseconds, if there is one.
 *
 * A pointer hits no second exactly; the ledger knows the fires of the past, the schedule those of today's plan.
 */
export function whyAroundQuery(jobId: string, at: number, reach: number, hasSchedule: boolean) {
  return queryOptions({
    queryKey: [...keys.job(jobId), "why-around", at, reach, hasSchedule],
    queryFn: async ({ signal }) => {
      const path = { jobId };
      const query = { ...between(at - reach, at + reach + 1), pageSize: MOST_FIRES };
      const { fires } = await data(
        api.GET("/v1/console/jobs/{jobId}/fires", { signal, params: { path, query } }),
      );
      let fireTime = nearest(
        fires.map((fire) => fire.fireTime),
        at,
      );
      if (fireTime === null && hasSchedule) {
        const after = new Date(at - reach).toISOString();
        const preview = await data(
          api.GET("/v1/console/schedule/preview", { signal, params: { query: { jobId, after, count: 1 } } }),
        );
        fireTime = nearest(
          preview.fireTimes.map((fire) => fire.fireTime).filter((each) => Date.parse(each) <= at + reach),
          at,
        );
      }
      const asked = { at: fireTime ?? new Date(at).toISOString() };
      const { why } = await data(
        api.GET("/v1/console/jobs/{jobId}/why", { signal, params: { path, query: asked } }),
      );
      return { why, at: asked.at, fireTime };
    },
  });
}

function between(from: number, to: number) {
  return { since: new Date(from).toISOString(), until: new Date(to).toISOString() };
}

function nearest(instants: readonly string[], at: number): string | null {
  const distance = (instant: string) => Math.abs(Date.parse(instant) - at);
  return [...instants].sort((one, other) => distance(one) - distance(other))[0] ?? null;
}

/** What the console asks about schedules: what one would do, and which zones there are. */
import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { api, data } from "./client";
import { keys } from "./queries";
import type { JobDetail, Preview } from "./types";

const PREVIEWED_FIRES = 10;
const LEAST_REST_MS = 5_000;

/** What is previewed: a schedule, and the job whose plan it is compared with. */
interface Previewed {
  jobId: string;
  /** The job's revision: another one has another plan. */
  revision: number;
  cron: string;
  zone: string;
  policy: JobDetail["clockChangePolicy"];
}

/** What a schedule would do; read again when its first fire has passed. */
export function previewQuery({ jobId, revision, cron, zone, policy }: Previewed) {
  return queryOptions({
    queryKey: ["preview", jobId, revision, cron, zone, policy],
    // The zone goes along: the answer is kept while another zone is asked about.
    queryFn: async ({ signal }) => {
      const query = { jobId, cron, zone, clockChangePolicy: policy, count: PREVIEWED_FIRES };
      const preview = await data(api.GET("/v1/console/schedule/preview", { signal, params: { query } }));
      return { preview, zone };
    },
    staleTime: 0,
    gcTime: 60_000,
    placeholderData: keepPreviousData,
    refetchInterval: ({ state }) => untilFirstFire(state.data?.preview, state.dataUpdatedAt),
  });
}

/** In how many milliseconds a preview has lost its first fire. */
function untilFirstFire(preview: Preview | undefined, readAt: number): number | false {
  const [first] = preview?.fireTimes ?? [];
  return first !== undefined && Math.max(LEAST_REST_MS, Date.parse(first.fireTime) - readAt + 500);
}

export const timeZonesQuery = queryOptions({
  queryKey: keys.timeZones,
  queryFn: ({ signal }) => data(api.GET("/v1/console/time-zones", { signal })),
  select: ({ timeZones }) => timeZones,
  staleTime: Infinity,
});

/** What ran, runs and will fire between two instants, of all jobs or of one group. */
import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { api, data } from "./client";
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

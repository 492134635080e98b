/** Lanes in sight that the timeline of all jobs has left out, because there are too many. */
import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { lanesQuery } from "../../api/timeline";
import type { Lane, Timeline } from "../../api/types";
import type { Row } from "./lanes";
import { useSettled } from "./use_view";

/** Returns the rows with their lanes as soon as these are read; `timeline` says of which time. */
export function useMoreLanes(rows: readonly Row[], timeline: Timeline): readonly Row[] {
  const missing = rows.flatMap((row) => (row.kind === "lane" && row.lane === null ? [row.jobId] : []));
  const settled = useSettled(missing, missing.join(","));
  const [from, to] = [Date.parse(timeline.fromTime), Date.parse(timeline.toTime)];
  const { data: lanes } = useQuery(lanesQuery(from, to, settled));
  return useMemo(() => (lanes ? withLanes(rows, lanes) : rows), [rows, lanes]);
}

function withLanes(rows: readonly Row[], lanes: readonly Lane[]): Row[] {
  const found = new Map(lanes.map((lane) => [lane.jobId, lane]));
  return rows.map((row) =>
    row.kind === "lane" && row.lane === null ? { ...row, lane: found.get(row.jobId) ?? null } : row,
  );
}

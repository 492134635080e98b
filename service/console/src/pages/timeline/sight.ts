/** The lanes in sight that the timeline of all jobs had no room for: read when they come into sight. */
import { useQueries } from "@tanstack/react-query";
import { useMemo } from "react";
import { lanesQuery } from "../../api/timeline";
import type { Lane, Timeline } from "../../api/types";
import type { Row } from "./lanes";

// So many rows are read together, so that a little scrolling asks for nothing new.
const ROWS_TOGETHER = 40;

/** Returns the ids of jobs without a lane among the rows in sight, in portions that stay the same while one scrolls. */
export function unreadPortions(rows: readonly Row[], first: number, end: number): string[][] {
  const portions: string[][] = [];
  for (let start = first - (first % ROWS_TOGETHER); start < end; start += ROWS_TOGETHER) {
    const portion = rows
      .slice(start, start + ROWS_TOGETHER)
      .flatMap((row) => (row.kind === "lane" && row.lane === null ? [row.jobId] : []));
    if (portion.length > 0) portions.push(portion);
  }
  return portions;
}

/** Returns the rows with the lanes of those in sight, as they arrive. */
export function useLanesInSight(
  rows: readonly Row[],
  { fromTime, toTime }: Timeline,
  first: number,
  end: number,
): readonly Row[] {
  const portions = useMemo(() => unreadPortions(rows, first, end), [rows, first, end]);
  const found = useQueries({
    queries: portions.map((jobIds) => lanesQuery(fromTime, toTime, jobIds)),
    combine: (answers) => answers.flatMap(({ data }) => data ?? []),
  });
  return useMemo(() => withLanes(rows, found), [rows, found]);
}

/** Puts lanes on the rows that have none. */
export function withLanes(rows: readonly Row[], lanes: readonly Lane[]): readonly Row[] {
  if (lanes.length === 0) return rows;
  const found = new Map(lanes.map((lane) => [lane.jobId, lane]));
  return rows.map((row) =>
    row.kind === "lane" && row.lane === null ? { ...row, lane: found.get(row.jobId) ?? null } : row,
  );
}

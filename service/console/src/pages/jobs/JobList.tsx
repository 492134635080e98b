/** The jobs, as a table where there is room for it, else as cards; only the rows in sight are in the page. */
import { useMemo, useRef, useState } from "react";
import type { Sort } from "./filters";
import { JobCards } from "./JobCards";
import { JobTable } from "./JobTable";
import type { Row } from "./rows";
import { pixelsPerRem, type Look } from "./width";
import { useWindow } from "../../components/windowing";

// As high as the style sheets make them.
const GROUP_REM = 3;
const JOB_REM: Record<Look, number> = { table: 4, "wide-cards": 10, cards: 15.8 };

/** What the table and the cards need. */
export interface ListProps {
  /** The rows in the page, the number of the first, and the height of what is left out before and behind. */
  rows: readonly Row[];
  first: number;
  count: number;
  before: number;
  after: number;
  list: React.RefObject<HTMLElement | null>;
  isGrouped: boolean;
  onToggle: (group: string) => void;
}

interface JobListProps extends Pick<ListProps, "isGrouped" | "onToggle"> {
  rows: readonly Row[];
  look: Look;
  sort: Sort;
  isDescending: boolean;
  onSort: (sort: Sort, isDescending: boolean) => void;
}

export function JobList({ rows, look, sort, isDescending, onSort, ...props }: JobListProps) {
  const list = useRef<HTMLElement>(null);
  const [rem] = useState(pixelsPerRem);
  const heights = useMemo(
    () => rows.map(({ kind }) => rem * (kind === "group" ? GROUP_REM : JOB_REM[look])),
    [rows, rem, look],
  );
  const { first, end, before, after } = useWindow(list, heights);
  const shown = { ...props, rows: rows.slice(first, end), first, count: rows.length, before, after, list };
  return look === "table" ? (
    <JobTable {...shown} sort={sort} isDescending={isDescending} onSort={onSort} />
  ) : (
    <JobCards {...shown} />
  );
}

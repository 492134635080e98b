/** The home screen: all jobs, how they are, and what can be done with them. */
import { useQuery } from "@tanstack/react-query";
import { useCallback, useDeferredValue, useMemo, useState } from "react";
import { jobsQuery } from "../../api/queries";
import { useMay } from "../../api/session";
import type { Job } from "../../api/types";
import { Button } from "../../components/Button";
import { Failure } from "../../components/Failure";
import { groupsOf } from "../../components/groups";
import { Loading } from "../../components/Loading";
import { NotReadAgain } from "../../components/NotReadAgain";
import { Page } from "../../components/Page";
import { useClosedGroups } from "./closed_groups";
import { ActingContext, Dialogs, useActing, type OpenDialog } from "./dialogs";
import { isNarrowed, matcherOf, withFilters } from "./filters";
import { JobList } from "./JobList";
import { NoJobs, NoMatch } from "./nothing";
import { useEndOfPauses } from "./pauses";
import { rowsOf } from "./rows";
import { useKeptScroll } from "./scroll";
import { countsOf } from "./state";
import { Tiles } from "./Tiles";
import { Toolbar } from "./Toolbar";
import { useFilters } from "./use_filters";
import { useLook } from "./width";

// Nobody tells of what only time changes: that a job is overdue.
const REST_MS = 30_000;

export function JobsPage() {
  const { data: jobs, error, isFetching, refetch } = useQuery({ ...jobsQuery, refetchInterval: REST_MS });
  const [open, setOpen] = useState<OpenDialog | null>(null);
  const close = useCallback(() => setOpen(null), []);
  const mayOperate = useMay("operator");
  const mayAdminister = useMay("admin");
  const acting = useMemo(() => ({ mayOperate, mayAdminister, open: setOpen }), [mayOperate, mayAdminister]);
  return (
    <ActingContext value={acting}>
      <Page title="Jobs" actions={<PageActions hasJobs={jobs !== undefined && jobs.length > 0} />}>
        {jobs === undefined && error && (
          <Failure fault={error} what="the jobs" onRetry={() => void refetch()} />
        )}
        {jobs === undefined && !error && <Loading what="the jobs" />}
        {jobs !== undefined && error && !isFetching && (
          <NotReadAgain what="This list" fault={error} onRetry={() => void refetch()} />
        )}
        {jobs?.length === 0 && <NoJobs />}
        {jobs !== undefined && jobs.length > 0 && <Content jobs={jobs} />}
      </Page>
      <Dialogs open={open} jobs={jobs ?? NONE} onClose={close} />
    </ActingContext>
  );
}

const NONE: readonly Job[] = [];

function PageActions({ hasJobs }: { hasJobs: boolean }) {
  const { mayOperate, mayAdminister, open } = useActing();
  return (
    <>
      {mayOperate && hasJobs && <Button onPress={() => open({ kind: "pause-all" })}>Pause all…</Button>}
      {mayAdminister && <Button onPress={() => open({ kind: "create" })}>New job…</Button>}
    </>
  );
}

function Content({ jobs }: { jobs: readonly Job[] }) {
  useKeptScroll();
  useEndOfPauses(jobs);
  const { filters, change, clear } = useFilters();
  const look = useLook();
  const counts = useMemo(() => countsOf(jobs), [jobs]);
  const groups = useMemo(() => groupsOf(jobs), [jobs]);
  const narrowing = isNarrowed(filters) ? withFilters(new URLSearchParams(), filters).toString() : "";
  const { closed, toggle } = useClosedGroups(narrowing);
  // The letter typed is shown first, the list follows.
  const text = useDeferredValue(filters.text);
  const { shown, group, kind, sort, isDescending, isGrouped } = filters;
  const found = useMemo(
    () => jobs.filter(matcherOf({ text, shown, group, kind })),
    [jobs, text, shown, group, kind],
  );
  const rows = useMemo(
    () => rowsOf(found, { sort, isDescending, isGrouped }, (name) => closed.has(name)),
    [found, sort, isDescending, isGrouped, closed],
  );
  return (
    <>
      <Tiles counts={counts} shown={shown} onShow={(next) => change({ shown: next })} />
      <Toolbar
        filters={filters}
        groups={groups}
        found={found.length}
        all={jobs.length}
        withOrder={look !== "table"}
        onChange={change}
        onClear={clear}
      />
      {found.length === 0 ? (
        <NoMatch onClear={clear} />
      ) : (
        <JobList
          rows={rows}
          look={look}
          isGrouped={isGrouped}
          sort={sort}
          isDescending={isDescending}
          onSort={(by, descending) => change({ sort: by, isDescending: descending })}
          onToggle={toggle}
        />
      )}
    </>
  );
}

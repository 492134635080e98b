/** The screen of the timeline: what ran, what runs, what will run, and why where nothing did. */
import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { jobsQuery } from "../../api/queries";
import { timelineQuery } from "../../api/timeline";
import type { Job, Timeline } from "../../api/types";
import { Button, LinkButton } from "../../components/Button";
import { Empty } from "../../components/Empty";
import { Failure } from "../../components/Failure";
import { groupsOf } from "../../components/groups";
import { Loading } from "../../components/Loading";
import { NotReadAgain } from "../../components/NotReadAgain";
import { Page } from "../../components/Page";
import { BROWSER_ZONE } from "../../time/format";
import type { Shown } from "./address";
import { Chart } from "./Chart";
import { jobLanes, rowsOf } from "./lanes";
import { Legend } from "./Legend";
import { Notes } from "./Notes";
import { Toolbar } from "./Toolbar";
import { useSettled, useView } from "./use_view";
import { readingOf, type View } from "./view";

export default function TimelinePage() {
  const { shown, view, change } = useView();
  const { data: jobs, error: jobsError, refetch: refetchJobs } = useQuery(jobsQuery);
  const { from, to } = readingOf(view);
  const reading = useSettled({ from, to }, `${from} ${to}`);
  const group = jobs?.some(({ jobGroup }) => jobGroup === shown.group) ? shown.group : "";
  const { data, error, refetch, isFetching } = useQuery(timelineQuery(reading.from, reading.to, group));
  const fault = jobs === undefined ? jobsError : data === undefined ? error : null;
  const retry = () => {
    void refetch();
    void refetchJobs();
  };
  return (
    <Page title="Timeline">
      {fault !== null && <Failure fault={fault} what="the timeline" onRetry={retry} />}
      {fault === null && (jobs === undefined || data === undefined) && <Loading what="the timeline" />}
      {jobs !== undefined && data !== undefined && (
        <>
          {error && !isFetching && <NotReadAgain what="The timeline" fault={error} onRetry={retry} />}
          <Content jobs={jobs} timeline={data} shown={shown} view={view} onChange={change} />
        </>
      )}
    </Page>
  );
}

interface ContentProps {
  jobs: readonly Job[];
  timeline: Timeline;
  shown: Shown;
  view: View;
  onChange: (some: Partial<Shown>) => void;
}

function Content({ jobs, timeline, shown, view, onChange }: ContentProps) {
  const groups = useMemo(() => groupsOf(jobs), [jobs]);
  const zones = useMemo(() => [...new Set(jobs.map(({ timeZone }) => timeZone))].sort(), [jobs]);
  const all = useMemo(() => jobLanes(jobs, timeline.lanes), [jobs, timeline.lanes]);
  const rows = useMemo(() => rowsOf(all, shown.group, shown.text), [all, shown.group, shown.text]);
  const zone = shown.zone || BROWSER_ZONE;
  if (all.length === 0) {
    return (
      <Empty title="There are no jobs yet.">
        <p>Each job will have a lane here: what it ran, and when it fires next.</p>
        <LinkButton href="/">Go to the jobs</LinkButton>
      </Empty>
    );
  }
  return (
    <>
      <Toolbar shown={shown} view={view} groups={groups} zones={zones} zone={zone} onChange={onChange} />
      <Notes timeline={timeline} view={view} zone={zone} />
      {rows.length === 0 ? (
        <Empty title="No job is like that.">
          <Button onPress={() => onChange({ text: "", group: "" })}>Show all jobs</Button>
        </Empty>
      ) : (
        <Chart
          rows={rows}
          timeline={timeline}
          view={view}
          zone={zone}
          lane={shown.lane}
          at={shown.at}
          onChange={onChange}
        />
      )}
      <Legend />
    </>
  );
}

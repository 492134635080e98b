/** All that is on a lane, in words: what ran, what fired for nothing, when nothing ran, what will fire. */
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { idleFiresQuery } from "../../api/timeline";
import { Button } from "../../components/Button";
import { causeWords } from "../../components/causes";
import { Dialog } from "../../components/Dialog";
import { ExecutionLink, JobLink, jobPath, Link } from "../../components/Link";
import { Status } from "../../components/Status";
import { Table } from "../../components/Table";
import table from "../../components/table.module.css";
import { At, Countdown, Elapsed } from "../../components/When";
import { Why } from "../../components/Why";
import { now } from "../../time/clock";
import { absolute, count, duration } from "../../time/format";
import { gapsOf, outageAt, type Gap, type Outage } from "./hit";
import styles from "./Inspector.module.css";
import { summaryOf, type JobLane } from "./lanes";
import { endOfPast } from "./moves";
import { readingOf, type View } from "./view";
import { WhyNothing } from "./WhyNothing";

const MOST_GAPS = 5;
const MOST_FIRES = 10;

interface InspectorProps {
  row: JobLane;
  view: View;
  outages: readonly Outage[];
  onClose: () => void;
}

export function Inspector({ row, view, outages, onClose }: InspectorProps) {
  const { jobId, name, zone, lane } = row;
  const { from, to } = view;
  return (
    <Dialog title={<bdi className={styles["name"]}>{name}</bdi>} isOpen isWide onClose={onClose}>
      <p>
        {absolute(from, zone)} to {absolute(to, zone)}:{" "}
        {summaryOf(row, from, to, (instant) => absolute(instant, zone))}.
      </p>
      <p className={styles["links"]}>
        <JobLink jobId={jobId}>Open the job</JobLink>
        <Link to={`${jobPath(jobId)}?tab=fires`}>What became of its fires</Link>
      </p>
      {lane && <Executions row={row} from={from} to={to} />}
      <IdleFires jobId={jobId} zone={zone} view={view} />
      {lane && <Gaps row={row} from={from} to={to} outages={outages} />}
      {lane && <Coming row={row} to={to} />}
      <Why jobId={jobId} zone={zone} />
    </Dialog>
  );
}

interface PartProps {
  row: JobLane;
  from: number;
  to: number;
}

function Executions({ row: { lane, zone }, from, to }: PartProps) {
  const seen = (lane?.executions ?? []).filter(
    ({ startTime, endTime }) =>
      Date.parse(startTime) < to && (endTime === null || Date.parse(endTime) >= from),
  );
  const buckets = (lane?.buckets ?? []).filter((bucket) => Date.parse(bucket.endTime) > from);
  return (
    <section className={styles["part"]}>
      <h3>Executions</h3>
      {seen.length === 0 && buckets.length === 0 && <p className={table["muted"]}>None in this time.</p>}
      {(seen.length > 0 || buckets.length > 0) && (
        <Table
          label="Executions"
          caption="Executions, the newest first"
          columns={["Started", "Status", "Duration", "Cause", "Execution"]}
          className={styles["scroll"]}
        >
          {seen.toReversed().map((execution) => (
            <tr key={execution.executionId}>
              <td>
                <At instant={execution.startTime} zone={zone} />
              </td>
              <td>
                <Status status={execution.status} />
              </td>
              <td className={table["nowrap"]}>
                {execution.endTime === null ? (
                  <Elapsed since={execution.startTime} />
                ) : (
                  duration(Date.parse(execution.endTime) - Date.parse(execution.startTime))
                )}
              </td>
              <td>{causeWords(execution.triggeredBy)}</td>
              <td>
                <ExecutionLink executionId={execution.executionId} />
              </td>
            </tr>
          ))}
          {buckets.toReversed().map((bucket) => (
            <tr key={bucket.startTime}>
              <td>from {absolute(bucket.startTime, zone)}</td>
              <td colSpan={4}>
                {count(bucket.successCount)} succeeded, {count(bucket.failureCount)} failed,{" "}
                {count(bucket.cancelledCount)} cancelled
              </td>
            </tr>
          ))}
        </Table>
      )}
    </section>
  );
}

/** The fires that the ledger has without an execution. */
function IdleFires({ jobId, zone, view }: { jobId: string; zone: string; view: View }) {
  const { from, to } = readingOf(view);
  const { data } = useQuery(idleFiresQuery(jobId, from, to));
  if (!data || data.fires.length === 0) return null;
  return (
    <section className={styles["part"]}>
      <h3>Fires that started nothing</h3>
      <ul className={styles["list"]}>
        {data.fires.map(({ fireTime, outcome, reason }) => (
          <li key={fireTime}>
            <At instant={fireTime} zone={zone} /> <Status status={outcome} /> <bdi>{reason}</bdi>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Gaps({ row, from, to, outages }: PartProps & { outages: readonly Outage[] }) {
  const [asked, setAsked] = useState<Gap | null>(null);
  const gaps = row.lane ? gapsOf(row.lane, from, endOfPast(to), MOST_GAPS) : [];
  if (gaps.length === 0) return null;
  const middle = asked && Math.round((asked.from + asked.to) / 2);
  return (
    <section className={styles["part"]}>
      <h3>The longest times without an execution</h3>
      <ul className={styles["list"]}>
        {gaps.map((gap) => (
          <li key={gap.from}>
            {absolute(gap.from, row.zone)}, for {duration(gap.to - gap.from)}
            <Button
              isSmall
              look="quiet"
              aria-label={`Why did nothing run from ${absolute(gap.from, row.zone)} on?`}
              aria-expanded={asked?.from === gap.from}
              onPress={() => setAsked(gap)}
            >
              Why?
            </Button>
            {asked?.from === gap.from && middle !== null && (
              <WhyNothing
                row={row}
                at={middle}
                reach={Math.floor((asked.to - asked.from) / 2)}
                outage={outageAt(outages, middle, now())}
              />
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}

function Coming({ row: { lane, zone }, to }: Omit<PartProps, "from">) {
  const fires = (lane?.comingFires ?? []).filter((fire) => Date.parse(fire) < to);
  if (fires.length === 0) return null;
  return (
    <section className={styles["part"]}>
      <h3>Fires to come</h3>
      <ul className={styles["list"]}>
        {fires.slice(0, MOST_FIRES).map((fire) => (
          <li key={fire}>
            <At instant={fire} zone={zone} /> <Countdown instant={fire} zone={zone} />
          </li>
        ))}
        {(fires.length > MOST_FIRES || lane?.hasMoreFires) && <li>… and more</li>}
      </ul>
    </section>
  );
}

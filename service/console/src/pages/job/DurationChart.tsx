/** How long the last executions took, and how many rows they stored: the oldest at the left. */
import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "react-router";
import { lastExecutionsQuery } from "../../api/job_history";
import { statsQuery } from "../../api/queries";
import type { Execution } from "../../api/types";
import { classes } from "../../components/classes";
import { Empty } from "../../components/Empty";
import { Failure } from "../../components/Failure";
import { executionPath } from "../../components/Link";
import { Loading } from "../../components/Loading";
import { lookOf } from "../../components/Status";
import { useWidth } from "../../components/use_width";
import { absolute, count, duration, roughly } from "../../time/format";
import { countTicks, durationTicks, percentile } from "./chart_scale";
import styles from "./DurationChart.module.css";

const STATS_DAYS = 30;
const LEFT = 62;
const RIGHT = 44;
const TOP = 10;
const DURATIONS = 150;
const GAP = 16;
const ROWS = 54;
// Few executions stand at the right, where the next one will, and not far apart.
const FEWEST_PLACES = 40;
const HEIGHT = TOP + DURATIONS + GAP + ROWS + 6;

export function DurationChart({ jobId }: { jobId: string }) {
  const { data: executions, error, isPending, refetch } = useQuery(lastExecutionsQuery(jobId));
  const { data: stats } = useQuery(statsQuery(jobId, STATS_DAYS));
  if (isPending) return <Loading what="the last executions" />;
  if (error && !executions) {
    return <Failure fault={error} what="the last executions" onRetry={() => void refetch()} />;
  }
  const ended = executions.filter(hasEnded).reverse();
  if (ended.length === 0) return <Empty title="Nothing has ended yet">The first run will stand here.</Empty>;
  const successes = ended.filter(({ status }) => status === "SUCCESS").map(({ durationMs }) => durationMs);
  const p50 = percentile(successes, 0.5);
  const p95 = percentile(successes, 0.95);
  return (
    <figure className={styles["figure"]}>
      <Drawing executions={ended} p50={p50} p95={p95} />
      <figcaption className={styles["caption"]}>
        <Legend executions={ended} />
        {p50 !== null && p95 !== null && (
          <span>
            p50 {duration(p50)}, p95 {duration(p95)} of these {count(successes.length)} successes
          </span>
        )}
        {stats && stats.totalCount > 0 && (
          <span>
            {STATS_DAYS} days: {count(stats.totalCount)} ended, {stats.successRate.toFixed(1)} % succeeded
          </span>
        )}
      </figcaption>
    </figure>
  );
}

type Ended = Execution & { durationMs: number };

function hasEnded(execution: Execution): execution is Ended {
  return execution.durationMs !== null;
}

/** Which outcomes there are, with their marks. */
function Legend({ executions }: { executions: Ended[] }) {
  const statuses = [...new Set(executions.map(({ status }) => status))];
  return (
    <span className={styles["legend"]}>
      {statuses.map((status) => (
        <span key={status}>
          <span className={classes(styles["swatch"], styles[lookOf(status).tone])} aria-hidden="true" />
          {lookOf(status).word}
        </span>
      ))}
    </span>
  );
}

function Drawing({ executions, p50, p95 }: { executions: Ended[]; p50: number | null; p95: number | null }) {
  const [element, width] = useWidth<HTMLDivElement>(600);
  const navigate = useNavigate();
  const highest = Math.max(...executions.map(({ durationMs }) => durationMs), p95 ?? 0);
  const mostRows = Math.max(...executions.map(({ dataPointsStored }) => dataPointsStored));
  const times = durationTicks(highest);
  const rows = countTicks(mostRows);
  const places = Math.max(FEWEST_PLACES, executions.length);
  const step = Math.max(1, width - LEFT - RIGHT) / places;
  const x = (index: number) => LEFT + step * (places - executions.length + index + 0.5);
  const y = (ms: number) => TOP + DURATIONS * (1 - ms / (times.at(-1) ?? 1));
  const base = HEIGHT - 6;
  const rowHeight = (stored: number) => (ROWS * stored) / (rows.at(-1) ?? 1);
  const radius = Math.max(1.5, Math.min(4, step / 2.6));
  return (
    <div ref={element} className={styles["drawing"]}>
      <svg width={width} height={HEIGHT} role="img" aria-label={summary(executions, p50, p95)}>
        {times.map((ms) => (
          <g key={ms}>
            <line className={styles["grid"]} x1={LEFT} x2={width - RIGHT} y1={y(ms)} y2={y(ms)} />
            <text className={styles["axis"]} x={LEFT - 6} y={y(ms) + 4} textAnchor="end">
              {roughly(ms)}
            </text>
          </g>
        ))}
        <line className={styles["grid"]} x1={LEFT} x2={width - RIGHT} y1={base} y2={base} />
        <text className={styles["axis"]} x={LEFT - 6} y={base - ROWS + 8} textAnchor="end">
          {count(rows.at(-1) ?? 0)}
        </text>
        <text className={styles["axis"]} x={LEFT - 6} y={base} textAnchor="end">
          rows
        </text>
        <Percentile name="p50" ms={p50} y={y} width={width} />
        <Percentile name="p95" ms={p95} y={y} width={width} />
        {executions.map((execution, index) => {
          const { executionId, status, durationMs, dataPointsStored } = execution;
          return (
            <g
              key={executionId}
              className={styles["execution"]}
              onClick={() => void navigate(executionPath(executionId))}
            >
              <title>{told(execution)}</title>
              <rect
                className={styles["touch"]}
                x={x(index) - step / 2}
                y={TOP}
                width={step}
                height={HEIGHT - TOP}
              />
              <Mark status={status} x={x(index)} y={y(durationMs)} radius={radius} />
              <rect
                className={styles["rows"]}
                x={x(index) - Math.max(0.5, step * 0.35)}
                y={base - rowHeight(dataPointsStored)}
                width={Math.max(1, step * 0.7)}
                height={rowHeight(dataPointsStored)}
              />
            </g>
          );
        })}
      </svg>
    </div>
  );
}

/** A round mark for what went well, another shape for what did not. */
function Mark({ status, x, y, radius }: { status: string; x: number; y: number; radius: number }) {
  const tone = styles[lookOf(status).tone];
  if (status === "SUCCESS") return <circle className={tone} cx={x} cy={y} r={radius} />;
  const side = radius * 1.9;
  return <rect className={tone} x={x - side / 2} y={y - side / 2} width={side} height={side} />;
}

interface PercentileProps {
  name: string;
  ms: number | null;
  y: (ms: number) => number;
  width: number;
}

function Percentile({ name, ms, y, width }: PercentileProps) {
  if (ms === null) return null;
  return (
    <g>
      <line className={styles["percentile"]} x1={LEFT} x2={width - RIGHT} y1={y(ms)} y2={y(ms)} />
      <text className={styles["axis"]} x={width - RIGHT + 6} y={y(ms) + 4}>
        {name}
      </text>
    </g>
  );
}

function told({ status, durationMs, startTime, dataPointsStored }: Ended): string {
  const words = `${lookOf(status).word} in ${duration(durationMs)}`;
  return `${words}\nstarted ${absolute(startTime)}\n${count(dataPointsStored)} rows stored`;
}

/** Says what the drawing shows. */
function summary(executions: Ended[], p50: number | null, p95: number | null): string {
  const durations = executions.map(({ durationMs }) => durationMs);
  const stored = executions.reduce((sum, { dataPointsStored }) => sum + dataPointsStored, 0);
  const failed = executions.filter(({ status }) => status !== "SUCCESS").length;
  const middle = p50 === null || p95 === null ? "" : ` p50 ${duration(p50)}, p95 ${duration(p95)}.`;
  return (
    `Durations of the last ${executions.length} executions: from ${duration(Math.min(...durations))} ` +
    `to ${duration(Math.max(...durations))}, ${failed} without success.${middle} ${count(stored)} rows stored.`
  );
}

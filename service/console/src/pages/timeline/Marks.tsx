/** The marks of a lane: executions, counts of them, and fires to come; x is measured from `origin` on. */
import { memo } from "react";
import type { Lane, LaneExecution } from "../../api/types";
import { classes } from "../../components/classes";
import { lookOf } from "../../components/Status";
import { useNow } from "../../time/clock";
import styles from "./Marks.module.css";
import { TRACK_HEIGHT } from "./scale";

interface MarksProps {
  lane: Lane;
  origin: number;
  /** How many milliseconds are one pixel. */
  perPixel: number;
}

const LEAST_WIDTH = 3;
const TALL = { y: 4, height: TRACK_HEIGHT - 8 };
// Not by colour alone: what went well is low.
const LOW = { y: 11, height: TRACK_HEIGHT - 15 };
const BASE = TRACK_HEIGHT - 4;
const BUCKET_HEIGHT = TRACK_HEIGHT - 8;
const WIDTH_OF_A_DIGIT = 7;

export const Marks = memo(function Marks({ lane, origin, perPixel }: MarksProps) {
  const most = Math.max(1, ...lane.buckets.map(totalOf));
  return (
    <>
      {lane.buckets.map((bucket) => (
        <BucketMark key={bucket.startTime} bucket={bucket} most={most} origin={origin} perPixel={perPixel} />
      ))}
      {lane.firesNotStarted.map((fire) => (
        <IdleFire key={fire.fireTime} fire={fire} origin={origin} perPixel={perPixel} />
      ))}
      {lane.executions.map((execution) =>
        execution.endTime === null ? (
          <RunningMark
            key={execution.executionId}
            execution={execution}
            origin={origin}
            perPixel={perPixel}
          />
        ) : (
          <rect
            key={execution.executionId}
            data-status={execution.status}
            className={classes(styles["bar"], styles[lookOf(execution.status).tone])}
            x={(Date.parse(execution.startTime) - origin) / perPixel}
            width={Math.max(
              LEAST_WIDTH,
              (Date.parse(execution.endTime) - Date.parse(execution.startTime)) / perPixel,
            )}
            {...(execution.status === "SUCCESS" ? LOW : TALL)}
            rx={1.5}
          />
        ),
      )}
    </>
  );
});

const HALF = 4;

/** A fire that started nothing: hollow, and angular; with a line over the missed ones that it stands for. */
function IdleFire({
  fire: { fireTime, outcome, coversFrom },
  origin,
  perPixel,
}: { fire: Lane["firesNotStarted"][number] } & Omit<MarksProps, "lane">) {
  const xOf = (instant: string) => (Date.parse(instant) - origin) / perPixel;
  const [x, y] = [xOf(fireTime), TRACK_HEIGHT / 2];
  return (
    <g className={classes(styles["idle"], styles[`${lookOf(outcome).tone}Idle`])} data-outcome={outcome}>
      {coversFrom !== null && <line x1={xOf(coversFrom)} x2={x} y1={y} y2={y} />}
      <path d={`M${x - HALF} ${y} l${HALF} -${HALF} l${HALF} ${HALF} l-${HALF} ${HALF} z`} />
    </g>
  );
}

/** It grows until it has ended. */
function RunningMark({
  execution,
  origin,
  perPixel,
}: { execution: LaneExecution } & Omit<MarksProps, "lane">) {
  const start = Date.parse(execution.startTime);
  const width = useNow((nowMs) => Math.max(LEAST_WIDTH, Math.round((nowMs - start) / perPixel)));
  return (
    <rect
      data-status={execution.status}
      className={classes(styles["bar"], styles[execution.status === "QUEUED" ? "queued" : "running"])}
      x={(start - origin) / perPixel}
      width={width}
      {...TALL}
      rx={1.5}
    />
  );
}

function BucketMark({
  bucket,
  most,
  origin,
  perPixel,
}: { bucket: Lane["buckets"][number]; most: number } & Omit<MarksProps, "lane">) {
  const total = totalOf(bucket);
  const end = useNow((nowMs) => Math.min(Date.parse(bucket.endTime), Math.ceil(nowMs / 60_000) * 60_000));
  if (total === 0) return null;
  const x = (Date.parse(bucket.startTime) - origin) / perPixel;
  const width = Math.max(2, (end - Date.parse(bucket.startTime)) / perPixel - 1);
  const unit = BUCKET_HEIGHT / most;
  // What went wrong is seen, however little it is.
  const bad = bucket.failureCount > 0 ? Math.max(3, bucket.failureCount * unit) : 0;
  const off = bucket.cancelledCount > 0 ? Math.max(2, bucket.cancelledCount * unit) : 0;
  const good = Math.max(total * unit - bad - off, bucket.successCount > 0 ? 2 : 0);
  const text = String(total);
  return (
    <g>
      <rect className={styles["successBucket"]} x={x} width={width} y={BASE - good} height={good} />
      <rect className={styles["cancelled"]} x={x} width={width} y={BASE - good - off} height={off} />
      <rect className={styles["failed"]} x={x} width={width} y={BASE - good - off - bad} height={bad} />
      {text.length * WIDTH_OF_A_DIGIT + 2 < width && (
        <text className={styles["count"]} x={x + width / 2} y={BASE - 5}>
          {text}
        </text>
      )}
    </g>
  );
}

function totalOf(bucket: Lane["buckets"][number]): number {
  return bucket.successCount + bucket.failureCount + bucket.cancelledCount;
}

const RADIUS = 4;

export const ComingFires = memo(function ComingFires({ lane, origin, perPixel }: MarksProps) {
  const passed = useNow((nowMs) => lane.comingFires.filter((fire) => Date.parse(fire) <= nowMs).length);
  const fires = lane.comingFires.slice(passed);
  const last = fires.at(-1);
  const xOf = (fire: string) => (Date.parse(fire) - origin) / perPixel;
  return (
    <>
      {fires.map((fire) => (
        <circle
          key={fire}
          data-fire={fire}
          className={styles["fire"]}
          cx={xOf(fire)}
          cy={TRACK_HEIGHT / 2}
          r={RADIUS}
        />
      ))}
      {lane.hasMoreFires && last !== undefined && (
        <text className={styles["more"]} x={xOf(last) + RADIUS + 4} y={TRACK_HEIGHT / 2 + 4}>
          … and more
        </text>
      )}
    </>
  );
});

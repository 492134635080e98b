/** One lane: the name of the job, which opens all that is on it, and its marks. */
import { memo, useId } from "react";
import { useNow } from "../../time/clock";
import { localTime } from "../../time/format";
import { classes } from "../../components/classes";
import { Status } from "../../components/Status";
import styles from "./LaneRow.module.css";
import { summaryOf, type JobLane, type LaneState } from "./lanes";
import { ComingFires, Marks } from "./Marks";
import { heightOf, spanOn, TRACK_HEIGHT, type Scale } from "./scale";

interface LaneRowProps {
  row: JobLane;
  scale: Scale;
  origin: string;
  isNarrow: boolean;
  onInspect: (jobId: string) => void;
}

export const LaneRow = memo(function LaneRow({ row, scale, origin, isNarrow, onInspect }: LaneRowProps) {
  const { jobId, name, zone, state, lane } = row;
  const summary = useId();
  const start = Date.parse(origin);
  // The marks keep their places in the drawing; moving the view moves them together.
  const perPixel = (scale.to - scale.from) / scale.width;
  return (
    <li className={styles["lane"]} style={{ height: heightOf("lane", isNarrow) }}>
      <button
        type="button"
        className={styles["name"]}
        title={`${name} (${jobId})`}
        aria-describedby={summary}
        aria-haspopup="dialog"
        onClick={() => onInspect(jobId)}
      >
        <bdi className={styles["text"]}>{name}</bdi>
        {state !== "active" && <Tag state={state} />}
      </button>
      <span id={summary} className="visually-hidden">
        {summaryOf(row, scale.from, scale.to, (instant) => clockOf(instant, zone))}
      </span>
      <svg
        className={classes(styles["track"], lane === null && styles["unread"])}
        width={scale.width}
        height={TRACK_HEIGHT}
        data-job={jobId}
        aria-hidden="true"
      >
        <rect className={styles["touch"]} width={scale.width} height={TRACK_HEIGHT} />
        <Rest row={row} scale={scale} />
        {lane && (
          <g transform={`translate(${(start - scale.from) / perPixel} 0)`}>
            <Marks lane={lane} origin={start} perPixel={perPixel} />
            {state !== "deleted" && <ComingFires lane={lane} origin={start} perPixel={perPixel} />}
          </g>
        )}
      </svg>
    </li>
  );
});

const TAGS: Record<Exclude<LaneState, "active">, { status: string; word: string }> = {
  paused: { status: "PAUSED", word: "Paused" },
  disabled: { status: "DISABLED", word: "Disabled" },
  deleted: { status: "CANCELLED", word: "Deleted" },
};

function Tag({ state }: { state: Exclude<LaneState, "active"> }) {
  const { status, word } = TAGS[state];
  return (
    <span className={styles["tag"]}>
      <Status status={status}>{word}</Status>
    </span>
  );
}

/** The time to come in which the job will not fire. */
function Rest({ row, scale }: { row: JobLane; scale: Scale }) {
  const nowMs = useNow((ms) => (row.state === "active" ? 0 : Math.floor(ms / 1000) * 1000));
  if (row.state === "active") return null;
  const until = row.state === "paused" ? (row.lane?.pausedUntil ?? null) : null;
  const place = spanOn(scale, nowMs, until === null ? Infinity : Date.parse(until));
  if (place === null) return null;
  return <rect fill="url(#timeline-rest)" x={place.x} width={place.width} y={4} height={TRACK_HEIGHT - 8} />;
}

function clockOf(instant: string, zone: string): string {
  const { weekday, time, zoneName } = localTime(instant, zone);
  return `${weekday} ${time.slice(0, 5)} ${zoneName}`;
}

/** How far a run is, how fast, and how long it may still take; a bar that runs to and fro where nobody knows. */
import { useState } from "react";
import { Label, ProgressBar } from "react-aria-components";
import type { Execution, Progress } from "../../api/types";
import { useNow } from "../../time/clock";
import { duration } from "../../time/format";
import { classes } from "../classes";
import { percent, ratePerSecond, rateWords, remainingMs, short, withSample, type Sample } from "./rate";
import styles from "./RunProgress.module.css";

interface RunProgressProps {
  execution: Pick<Execution, "status" | "startTime"> & { progress: Progress | null };
}

export function RunProgress({ execution: { progress, status, startTime } }: RunProgressProps) {
  if (progress === null || progress.done === null || progress.updatedAt === null) {
    return status === "RUNNING" ? <Unknown /> : null;
  }
  const sample = { done: progress.done, atMs: Date.parse(progress.updatedAt) };
  return (
    <Known
      sample={sample}
      total={progress.total}
      note={progress.note}
      isRunning={status === "RUNNING"}
      startMs={Date.parse(startTime)}
    />
  );
}

function Unknown() {
  return (
    <ProgressBar isIndeterminate className={styles["progress"] ?? ""}>
      <div className={styles["facts"]}>
        <Label className={styles["label"] ?? ""}>Progress</Label>
        <span className={styles["muted"]}>The run has not said how far it is.</span>
      </div>
      <Track part={null} isRunning />
    </ProgressBar>
  );
}

interface KnownProps {
  sample: Sample;
  total: number | null;
  note: string | null;
  isRunning: boolean;
  startMs: number;
}

function Known({ sample, total, note, isRunning, startMs }: KnownProps) {
  const [samples, setSamples] = useState<readonly Sample[]>(() => [sample]);
  if (samples.at(-1)?.atMs !== sample.atMs) setSamples(withSample(samples, sample));
  const part = total === null ? null : percent(sample.done, total);
  const words =
    total === null ? `${short(sample.done)} done` : `${short(sample.done)} of ${short(total)} done`;
  return (
    <ProgressBar
      value={part ?? 0}
      isIndeterminate={part === null}
      valueLabel={words}
      className={styles["progress"] ?? ""}
    >
      <div className={styles["facts"]}>
        <Label className={styles["label"] ?? ""}>Progress</Label>
        <span>
          {words}
          {part !== null && <strong> · {Math.floor(part)} %</strong>}
        </span>
        {isRunning ? (
          <Outlook samples={samples} total={total} startMs={startMs} />
        ) : (
          <span className={styles["muted"]}>as it ended</span>
        )}
      </div>
      <Track part={part} isRunning={isRunning} />
      {note !== null && (
        <p className={styles["note"]}>
          <bdi>{note}</bdi>
        </p>
      )}
    </ProgressBar>
  );
}

/** Rate and remaining time. */
function Outlook({
  samples,
  total,
  startMs,
}: Pick<KnownProps, "total" | "startMs"> & { samples: readonly Sample[] }) {
  const rate = ratePerSecond(samples, startMs);
  const last = samples.at(-1);
  const left = useNow((nowMs) =>
    rate === null || total === null || !last ? "" : leftWords(remainingMs(last, total, rate, nowMs)),
  );
  if (rate === null) return null;
  return (
    <span className={styles["muted"]}>
      {rateWords(rate)}
      {left && ` · ${left}`}
    </span>
  );
}

/** "about 8 s left"; empty where the run should have been ready by now. */
function leftWords(ms: number): string {
  const whole = Math.round(ms / 1000) * 1000;
  return whole <= 0 ? "" : `about ${duration(whole).replace(".0 s", " s")} left`;
}

function Track({ part, isRunning }: { part: number | null; isRunning: boolean }) {
  return (
    <div
      className={classes(styles["track"], part === null && isRunning && styles["unknown"])}
      aria-hidden="true"
    >
      <div className={styles["fill"]} style={{ width: part === null ? undefined : `${part}%` }} />
    </div>
  );
}

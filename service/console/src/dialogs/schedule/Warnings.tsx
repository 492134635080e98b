/** What to know before the schedule is saved: it fires at once, runs overlap, nothing fires. */
import { useQuery } from "@tanstack/react-query";
import { statsQuery } from "../../api/queries";
import type { JobDetail, Preview } from "../../api/types";
import { useNow } from "../../time/clock";
import styles from "./Preview.module.css";
import { overlapWarning } from "./warnings";

// Over so many days the durations of runs are looked at.
const PERIOD_DAYS = 30;
const SOON_SECONDS = 60;

interface WarningsProps {
  job: JobDetail;
  preview: Preview;
  isChanged: boolean;
}

export function Warnings({ job, preview, isChanged }: WarningsProps) {
  const { data: stats } = useQuery(statsQuery(job.name, PERIOD_DAYS));
  const fires = preview.fireTimes.map(({ fireTime }) => fireTime);
  const overlap = overlapWarning(fires, stats?.p95DurationMs ?? null, job.overlapPolicy);
  const still = whyNothingStarts(job);
  const [first] = fires;
  return (
    <>
      {still !== null && <Warning text={still} />}
      {isChanged && still === null && first !== undefined && <Soon instant={first} />}
      {overlap !== null && <Warning text={overlap} />}
    </>
  );
}

/** A fire within the next minute: whoever saves now should know. */
function Soon({ instant }: { instant: string }) {
  const seconds = useNow((nowMs) => Math.ceil((Date.parse(instant) - nowMs) / 1000));
  if (seconds < 0 || seconds > SOON_SECONDS) return null;
  return (
    <div className={styles["warning"]}>
      <span aria-hidden="true">⚠ </span>
      The first fire on the new schedule would be {seconds === 0 ? "now" : `in ${seconds} s`}.
    </div>
  );
}

function Warning({ text }: { text: string }) {
  return (
    <div className={styles["warning"]} role="status">
      <span aria-hidden="true">⚠ </span>
      {text}
    </div>
  );
}

/** Why the job starts nothing on any schedule; null where it does. */
function whyNothingStarts({ pausedBy }: JobDetail): string | null {
  switch (pausedBy) {
    case "DISABLED":
      return "The job is disabled: it starts nothing on any schedule until somebody enables it.";
    case "JOB":
      return "The job is paused: its fires go into the ledger as PAUSED until it is resumed.";
    case "ALL":
      return "All jobs are paused: fires go into the ledger as PAUSED until somebody resumes.";
    case null:
      return null;
  }
}

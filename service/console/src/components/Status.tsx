/** Statuses and outcomes: a word, a shape and a colour for each, the same on every screen. */
import styles from "./Status.module.css";
import { classes } from "./classes";

interface Look {
  word: string;
  tone: string;
  mark: string;
}

const LOOKS: Record<string, Look> = {
  // of executions
  QUEUED: { word: "Queued", tone: "queued", mark: "◔" },
  RUNNING: { word: "Running", tone: "running", mark: "▶" },
  SUCCESS: { word: "Success", tone: "success", mark: "✓" },
  FAILED: { word: "Failed", tone: "failed", mark: "✕" },
  TIMEOUT: { word: "Timed out", tone: "timeout", mark: "◷" },
  CANCELLED: { word: "Cancelled", tone: "cancelled", mark: "⊘" },
  LOST: { word: "Lost", tone: "lost", mark: "?" },
  // of jobs
  IDLE: { word: "Idle", tone: "cancelled", mark: "○" },
  PAUSED: { word: "Paused", tone: "paused", mark: "❚❚" },
  DISABLED: { word: "Disabled", tone: "cancelled", mark: "—" },
  UNPLANNED: { word: "No plan", tone: "failed", mark: "✕" },
  OVERDUE: { word: "Overdue", tone: "timeout", mark: "!" },
  // of fires
  STARTED: { word: "Started", tone: "success", mark: "✓" },
  SKIPPED_OVERLAP: { word: "Skipped: overlap", tone: "queued", mark: "⇉" },
  SKIPPED_CALENDAR: { word: "Skipped: calendar", tone: "queued", mark: "▦" },
  COALESCED: { word: "Coalesced", tone: "queued", mark: "⋃" },
  MISSED: { word: "Missed", tone: "failed", mark: "✕" },
  NO_HANDLER: { word: "No handler", tone: "failed", mark: "✕" },
  // of replicas
  HELD: { word: "Lease held", tone: "success", mark: "✓" },
  DRAINING: { word: "Draining", tone: "paused", mark: "↓" },
  EXPIRED: { word: "Lease expired", tone: "failed", mark: "✕" },
};

/** The word, tone and mark of a status; one that is not known is shown as it is. */
export function lookOf(status: string): Look {
  return LOOKS[status] ?? { word: status, tone: "cancelled", mark: "·" };
}

export function Status({ status, children }: { status: string; children?: string }) {
  const { word, tone, mark } = lookOf(status);
  return (
    <span className={classes(styles["status"], styles[tone])}>
      <span aria-hidden="true" className={styles["mark"]}>
        {mark}
      </span>
      {children ?? word}
    </span>
  );
}

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

const MOST_OUTCOMES = 30;
const BAR = { width: 3, gap: 1, height: 20 };
// Not by colour alone: what went well is low.
const SUCCESS_HEIGHT = 11;

/** The outcomes of the last executions, the newest on the right; all that is no success is taller. */
export function OutcomeStrip({ outcomes }: { outcomes: readonly string[] }) {
  const shown = outcomes.slice(-MOST_OUTCOMES);
  const words = summary(shown);
  const width = MOST_OUTCOMES * (BAR.width + BAR.gap) - BAR.gap;
  return (
    <svg role="img" aria-label={words} className={styles["strip"]} width={width} height={BAR.height}>
      <title>{words}</title>
      {[...barsOf(shown)].map(([tone, path]) => (
        <path key={tone} className={styles[`${tone}Bar`]} d={path} />
      ))}
    </svg>
  );
}

/** The bars as one path for each tone: a long list of jobs has thousands of them. */
function barsOf(outcomes: readonly string[]): Map<string, string> {
  const paths = new Map<string, string>();
  outcomes.forEach((outcome, index) => {
    const { tone } = lookOf(outcome);
    const height = tone === "success" ? SUCCESS_HEIGHT : BAR.height;
    const bar = `M${index * (BAR.width + BAR.gap)} ${BAR.height}v-${height}h${BAR.width}v${height}z`;
    paths.set(tone, (paths.get(tone) ?? "") + bar);
  });
  return paths;
}

/** Says how many of the outcomes were which, such as "last 30 executions: 28 Success, 2 Failed". */
export function summary(outcomes: readonly string[]): string {
  if (outcomes.length === 0) return "no executions yet";
  const counts = new Map<string, number>();
  for (const outcome of outcomes) counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
  const parts = [...counts].sort(([, one], [, other]) => other - one);
  const words = parts.map(([outcome, count]) => `${count} ${lookOf(outcome).word}`);
  return `last ${outcomes.length} executions: ${words.join(", ")}`;
}

/** How the last executions of a job ended, as a strip of bars. */
import styles from "./OutcomeStrip.module.css";
import { lookOf } from "./Status";

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
        <path key={tone} className={styles[tone]} d={path} />
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
function summary(outcomes: readonly string[]): string {
  if (outcomes.length === 0) return "no executions yet";
  const counts = new Map<string, number>();
  for (const outcome of outcomes) counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
  const parts = [...counts].sort(([, one], [, other]) => other - one);
  const words = parts.map(([outcome, count]) => `${count} ${lookOf(outcome).word}`);
  return `last ${outcomes.length} executions: ${words.join(", ")}`;
}

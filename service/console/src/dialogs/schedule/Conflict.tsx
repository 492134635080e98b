/** Two have changed the same schedule: both versions side by side, and what can be done. */
import { useQuery } from "@tanstack/react-query";
import { previewQuery } from "../../api/schedules";
import { Button } from "../../components/Button";
import table from "../../components/table.module.css";
import { Ago } from "../../components/When";
import { LONGEST_EXPRESSION } from "./cron_text";
import { differing, type Schedule, type Version } from "./editing";
import styles from "./Conflict.module.css";
import { policyWords } from "./policies";

const NAMES: Record<keyof Schedule, string> = {
  type: "Runs",
  cron: "Cron",
  zone: "Time zone",
  policy: "When the clocks change",
};

interface ConflictProps {
  jobId: string;
  mine: Schedule;
  /** What mine is in words, where there are any. */
  words: string | null;
  theirs: Version;
  isBusy: boolean;
  /** Mine cannot be saved as it is. */
  isWrong: boolean;
  onUseTheirs: () => void;
  onSaveMine: () => void;
  onEditOn: () => void;
}

export function Conflict({ jobId, mine, words, theirs, isBusy, isWrong, ...actions }: ConflictProps) {
  const { cron, zone, policy, type } = theirs.schedule;
  const { data } = useQuery({
    ...previewQuery({ jobId, revision: theirs.revision, cron, zone, policy }),
    enabled: type === "CRON",
    refetchInterval: false,
  });
  const theirWords = data?.preview.description ?? null;
  return (
    <section className={styles["conflict"]} aria-label="Changed by somebody else">
      <p>
        <strong role="alert">
          <bdi>{theirs.updatedBy}</bdi> has changed this schedule while you were editing it.
        </strong>{" "}
        That was <Ago instant={theirs.updatedAt} />; nothing of yours is lost.
      </p>
      <table className={table["table"]}>
        <caption className="visually-hidden">What differs between your schedule and theirs</caption>
        <thead>
          <tr>
            <th scope="col">
              <span className="visually-hidden">Field</span>
            </th>
            <th scope="col">Yours</th>
            <th scope="col">Theirs (revision {theirs.revision}, in force)</th>
          </tr>
        </thead>
        <tbody>
          {differing(mine, theirs.schedule).map((field) => (
            <tr key={field}>
              <th scope="row">{NAMES[field]}</th>
              <td>
                <Value schedule={mine} field={field} words={words} />
              </td>
              <td>
                <Value schedule={theirs.schedule} field={field} words={theirWords} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      <div className={styles["actions"]}>
        <Button isSmall onPress={actions.onUseTheirs} isDisabled={isBusy}>
          Use theirs
        </Button>
        <Button isSmall onPress={actions.onEditOn} isDisabled={isBusy}>
          Edit mine on
        </Button>
        <Button isSmall look="danger" onPress={actions.onSaveMine} isDisabled={isBusy || isWrong}>
          Save mine over theirs
        </Button>
      </div>
    </section>
  );
}

function Value({
  schedule,
  field,
  words,
}: {
  schedule: Schedule;
  field: keyof Schedule;
  words: string | null;
}) {
  switch (field) {
    case "type":
      return schedule.type === "CRON" ? "on a schedule" : "only when triggered";
    case "policy":
      return policyWords(schedule.policy);
    case "zone":
      return <bdi>{schedule.zone}</bdi>;
    case "cron":
      if (schedule.type === "MANUAL") return "none";
      return (
        <>
          <code>
            <bdi>{cut(schedule.cron.trim()) || "empty"}</bdi>
          </code>
          {words !== null && <div className={table["muted"]}>{words}</div>}
        </>
      );
  }
}

/** What is too long to be an expression is not looked at as a whole. */
function cut(text: string): string {
  return text.length > LONGEST_EXPRESSION ? `${text.slice(0, LONGEST_EXPRESSION)}…` : text;
}

/** The log of an execution: live while it runs, to be searched, narrowed and taken along. */
import { useDeferredValue, useMemo, useState } from "react";
import { useRunLog, type RunLog } from "../../../api/execution_log";
import type { ExecutionDetail } from "../../../api/types";
import { Button } from "../../../components/Button";
import { Empty } from "../../../components/Empty";
import { Failure } from "../../../components/Failure";
import { Loading } from "../../../components/Loading";
import { Card } from "../../../components/Page";
import { count } from "../../../time/format";
import styles from "./Log.module.css";
import { LogTools } from "./LogTools";
import { LogView } from "./LogView";
import { finderOf, findIn, indexOfId, ofLevel, type Level } from "./selection";

export function LogCard({ execution, zone }: { execution: ExecutionDetail; zone: string }) {
  const { jobId, executionId, status } = execution;
  const log = useRunLog(jobId, executionId, status);
  const [level, setLevel] = useState<Level>("ALL");
  const [text, setText] = useState("");
  const [isFollowing, setFollowing] = useState(true);
  const [markedId, setMarkedId] = useState<number | null>(null);

  const lines = useMemo(() => ofLevel(log.lines, level), [log.lines, level]);
  const finder = useMemo(() => finderOf(text), [text]);
  const found = useDeferredValue(useMemo(() => findIn(lines, finder), [lines, finder]));

  const goTo = (step: 1 | -1) => {
    const index = nextOf(found, markedId === null ? null : indexOfId(lines, markedId), step);
    const line = index === null ? undefined : lines[index];
    if (!line) return;
    setFollowing(false);
    setMarkedId(line.logId);
  };
  const place = markedId === null ? -1 : found.indexOf(indexOfId(lines, markedId));
  return (
    <Card title="Log" actions={<LogStatus log={log} status={status} />}>
      <LogTools
        level={level}
        onLevel={setLevel}
        text={text}
        onText={(next) => {
          setText(next);
          setMarkedId(null);
        }}
        found={finder && { number: found.length, place }}
        onGo={goTo}
        isFollowing={isFollowing}
        onFollow={log.isComplete ? null : setFollowing}
        lines={lines}
        name={`${jobId}-${executionId}`}
      />
      <Earlier log={log} />
      {lines.length > 0 ? (
        <LogView
          lines={lines}
          finder={finder}
          markedId={markedId}
          isFollowing={isFollowing}
          onFollow={setFollowing}
          zone={zone}
        />
      ) : (
        <Nothing log={log} status={status} />
      )}
    </Card>
  );
}

/** The next place in which the text was found, round the ends; without a place to begin at, the last or first. */
function nextOf(found: readonly number[], from: number | null, step: 1 | -1): number | null {
  if (from === null) return (step === 1 ? found[0] : found.at(-1)) ?? null;
  const next = step === 1 ? found.find((index) => index > from) : found.findLast((index) => index < from);
  return next ?? (step === 1 ? found[0] : found.at(-1)) ?? null;
}

/** How many lines there are, and whether more will come. */
function LogStatus({ log, status }: { log: RunLog; status: string }) {
  return (
    <span className={styles["status"]}>
      <span>{log.lines.length === 1 ? "1 line" : `${count(log.lines.length)} lines`}</span>
      <span role="status">{log.isLoading ? "" : ` · ${statusWords(log, status)}`}</span>
    </span>
  );
}

function statusWords({ isComplete, connection }: RunLog, status: string): string {
  if (isComplete)
    return status === "LOST" ? "as far as it was stored before the replica was lost" : "complete";
  if (status === "QUEUED") return "begins when the run does";
  if (connection === "lost") return "cut off; it goes on where it was cut";
  return connection === "live" ? "live" : "connecting";
}

/** Says what is missing before the first line. */
function Earlier({ log }: { log: RunLog }) {
  if (log.leftOut > 0) {
    return (
      <p className={styles["earlier"]}>
        {count(log.leftOut)} older lines are left out here, because a page cannot hold them all. They are in{" "}
        <code>job_execution_logs</code>.
      </p>
    );
  }
  if (!log.hasEarlier) return null;
  return (
    <p className={styles["earlier"]}>
      These are the last lines.{" "}
      <Button isSmall onPress={log.loadAll}>
        Load from the first line on
      </Button>
    </p>
  );
}

function Nothing({ log, status }: { log: RunLog; status: string }) {
  if (log.lines.length > 0) return <Empty title="No line of this level.">Choose another level above.</Empty>;
  if (log.fault) return <Failure fault={log.fault} what="the log" onRetry={log.onRetry} />;
  if (log.isLoading) return <Loading what="the log" />;
  if (status === "QUEUED")
    return <Empty title="Not begun yet.">Lines appear here as the run writes them.</Empty>;
  if (!log.isComplete) return <Empty title="No line yet.">Lines appear here as the run writes them.</Empty>;
  return (
    <Empty title="The log is empty.">
      The run wrote nothing, or its lines have been pruned: logs are not kept as long as executions.
    </Empty>
  );
}

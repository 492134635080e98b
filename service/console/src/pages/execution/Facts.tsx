/** Everything that is on record of an execution and is not shown more largely elsewhere. */
import type { ReactNode } from "react";
import { isUnfinished } from "../../api/executions";
import type { ExecutionDetail } from "../../api/types";
import { causeWords } from "../../components/causes";
import { Link, replicaName } from "../../components/Link";
import { At, Elapsed } from "../../components/When";
import { count, duration } from "../../time/format";
import styles from "./Facts.module.css";
import { hasStarted, latenessWords } from "./words";

export function Facts({ execution, zone }: { execution: ExecutionDetail; zone: string }) {
  const { status, startTime, endTime, durationMs, fireTime, latenessMs, replicaId, attempts } = execution;
  const started = hasStarted(execution);
  return (
    <dl className={styles["facts"]}>
      <Fact name="Triggered by">{causeWords(execution.triggeredBy)}</Fact>
      {execution.requestedBy !== null && (
        <Fact name="Requested by">
          <bdi>{execution.requestedBy}</bdi>
        </Fact>
      )}
      {execution.reason !== null && (
        <Fact name="Reason">
          <bdi className={styles["long"]}>{execution.reason}</bdi>
        </Fact>
      )}
      <Fact name="Requested">
        <At instant={execution.createdAt} zone={zone} />
      </Fact>
      {fireTime !== null && (
        <Fact name="Fire time">
          <At instant={fireTime} zone={zone} />
        </Fact>
      )}
      {latenessMs !== null && <Fact name="Lateness">{latenessWords(latenessMs)}</Fact>}
      <Fact name="Started">{started ? <At instant={startTime} zone={zone} /> : "not yet, or never"}</Fact>
      <Fact name="Ended">{endTime === null ? "not yet" : <At instant={endTime} zone={zone} />}</Fact>
      <Fact name="Duration">
        {durationMs !== null ? (
          duration(durationMs)
        ) : started && isUnfinished(status) ? (
          <Elapsed since={startTime} />
        ) : (
          "–"
        )}
      </Fact>
      <Window execution={execution} zone={zone} />
      <Fact name="Attempt">
        {execution.attempt}
        {attempts.length === 1 && ", the only one"}
      </Fact>
      <Fact name="Replica">
        {replicaId === null ? (
          isUnfinished(status) ? (
            "none yet"
          ) : (
            "none"
          )
        ) : (
          <Link to="/replicas" title={replicaId}>
            <code>{replicaName(replicaId)}</code>
          </Link>
        )}
      </Fact>
      <Fact name="Fencing number">{execution.fencingNumber}</Fact>
      <Fact name="Handler">
        <code>
          <bdi>{execution.handler}</bdi>
        </code>
      </Fact>
      <Fact name="Symbols processed">{count(execution.symbolsProcessed)}</Fact>
      <Fact name="Data points stored">{count(execution.dataPointsStored)}</Fact>
      <Fact name="Errors">{count(execution.errorCount)}</Fact>
      {Array.isArray(execution.context) && (
        <Fact name="Timeframes">
          <bdi>{execution.context.join(", ")}</bdi>
        </Fact>
      )}
    </dl>
  );
}

function Window({
  execution: { windowStart, windowEnd },
  zone,
}: {
  execution: ExecutionDetail;
  zone: string;
}) {
  if (windowStart === null && windowEnd === null) return null;
  return (
    <Fact name="Window">
      {windowStart === null ? "the beginning" : <At instant={windowStart} zone={zone} />} to{" "}
      {windowEnd === null ? "the end" : <At instant={windowEnd} zone={zone} />}
    </Fact>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div className={styles["fact"]}>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

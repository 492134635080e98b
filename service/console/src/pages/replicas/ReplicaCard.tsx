/** One replica: its lease, how it hears, its clock, its loop, what it runs and what it finds about itself. */
import type { ReactNode } from "react";
import type { Replica } from "../../api/types";
import { CopyButton } from "../../components/Copy";
import { replicaName } from "../../components/Link";
import { Status } from "../../components/Status";
import { Ago, At, Countdown } from "../../components/When";
import { Findings } from "./Findings";
import styles from "./Replicas.module.css";

export function ReplicaCard({ replica, isOwn }: { replica: Replica; isOwn: boolean }) {
  const { replicaId, leaseState, leaseExpiresAt, version, startedAt, handlers, findings, vitalsAt } = replica;
  const name = replicaName(replicaId);
  return (
    <li className={styles["card"]} aria-label={`Replica ${name}`}>
      <header className={styles["head"]}>
        <h2>
          <code title={replicaId}>{name}</code>
        </h2>
        <CopyButton text={replicaId} label={`Copy the id of replica ${name}`} />
        <Status status={leaseState} />
        {isOwn && <span className={styles["own"]}>serves this page</span>}
      </header>
      <dl className={styles["facts"]}>
        <Fact name="Lease">
          {leaseState === "EXPIRED" ? (
            <>
              ended <Ago instant={leaseExpiresAt} />
            </>
          ) : (
            <>
              ends <Countdown instant={leaseExpiresAt} />
            </>
          )}
        </Fact>
        <Fact name="Running executions">{replica.runningExecutions}</Fact>
        <Fact name="Listener">{listenerWords(replica)}</Fact>
        <Fact name="Clock offset">{milliseconds(replica.clockOffsetMs)}</Fact>
        <Fact name="Event loop lag">{milliseconds(replica.loopLagMs)}</Fact>
        <Fact name="Version">
          <bdi>{version}</bdi>
          {replica.tzdataVersion && <> · tzdata {replica.tzdataVersion}</>}
        </Fact>
        <Fact name="Started">
          <Ago instant={startedAt} /> · <At instant={startedAt} />
        </Fact>
        <Fact name="Measured">{vitalsAt ? <Ago instant={vitalsAt} /> : "not yet"}</Fact>
      </dl>
      <details className={styles["handlers"]}>
        <summary>{handlers.length === 1 ? "1 handler" : `${handlers.length} handlers`}</summary>
        <ul>
          {handlers.map((handler) => (
            <li key={handler}>
              <code>
                <bdi>{handler}</bdi>
              </code>
            </li>
          ))}
        </ul>
      </details>
      {findings.length > 0 && (
        <Findings findings={findings} label={`What replica ${name} finds about itself`} />
      )}
    </li>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function listenerWords({ listenerMode, listenerRoundTripMs }: Replica): string {
  if (listenerMode === "POLLING") return "polls for changes";
  if (listenerRoundTripMs === null) return "hears nothing yet";
  return `round trip ${milliseconds(listenerRoundTripMs)}`;
}

function milliseconds(ms: number | null): string {
  if (ms === null) return "not measured yet";
  return Math.abs(ms) < 10 ? `${ms.toFixed(1)} ms` : `${Math.round(ms)} ms`;
}

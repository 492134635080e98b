/** The screen of the fleet: each replica and how it is, and what the doctor finds. */
import { useQuery } from "@tanstack/react-query";
import { replicasQuery } from "../../api/queries";
import { useSession } from "../../api/session";
import type { Replica } from "../../api/types";
import { Empty } from "../../components/Empty";
import { Failure } from "../../components/Failure";
import { Loading } from "../../components/Loading";
import { Page } from "../../components/Page";
import { Doctor } from "./Doctor";
import { ReplicaCard } from "./ReplicaCard";
import styles from "./Replicas.module.css";

// Leases are renewed every few seconds, and nothing tells of it: that would cost more than it is worth.
const LOOK_AGAIN_MS = 3_000;

export default function ReplicasPage() {
  const {
    data: replicas,
    error,
    isPending,
    refetch,
  } = useQuery({
    ...replicasQuery,
    refetchInterval: LOOK_AGAIN_MS,
  });
  return (
    <Page title="Replicas" about={replicas && summary(replicas)}>
      {isPending && <Loading what="replicas" />}
      {error && !replicas && <Failure fault={error} what="the replicas" onRetry={() => void refetch()} />}
      {replicas && <Fleet replicas={replicas} />}
      <Doctor />
    </Page>
  );
}

function Fleet({ replicas }: { replicas: Replica[] }) {
  const { replicaId: own } = useSession();
  const alive = replicas.filter(isAlive);
  const gone = replicas.filter((replica) => !isAlive(replica));
  return (
    <>
      {alive.length === 0 && (
        <Empty title="No replica is alive.">
          Nothing fires until one starts; what it missed is decided then, by each job&apos;s misfire policy.
        </Empty>
      )}
      <ul className={styles["cards"]} aria-label="Replicas that are alive">
        {alive.map((replica) => (
          <ReplicaCard key={replica.replicaId} replica={replica} isOwn={replica.replicaId === own} />
        ))}
      </ul>
      {gone.length > 0 && (
        <details className={styles["gone"]} open={alive.length === 0}>
          <summary>
            {gone.length === 1 ? "1 replica has left" : `${gone.length} replicas have left`}, or lost its
            lease
          </summary>
          <ul className={styles["cards"]} aria-label="Replicas without a lease">
            {gone.map((replica) => (
              <ReplicaCard key={replica.replicaId} replica={replica} isOwn={false} />
            ))}
          </ul>
        </details>
      )}
    </>
  );
}

function isAlive({ leaseState }: Replica): boolean {
  return leaseState !== "EXPIRED";
}

function summary(replicas: Replica[]): string {
  const alive = replicas.filter(isAlive);
  const running = alive.reduce((sum, { runningExecutions }) => sum + runningExecutions, 0);
  const draining = alive.filter(({ draining }) => draining).length;
  const parts = [
    `${alive.length} alive`,
    draining > 0 && `${draining} draining`,
    `${running} ${running === 1 ? "execution" : "executions"} running`,
  ];
  return parts.filter(Boolean).join(" · ");
}

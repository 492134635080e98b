/** What became of each fire, by outcome; and the question why. */
import { useInfiniteQuery } from "@tanstack/react-query";
import { useState } from "react";
import { ToggleButton, ToggleButtonGroup } from "react-aria-components";
import { firesQuery, OUTCOMES, type FireOutcome } from "../../api/job_history";
import type { Fire } from "../../api/types";
import { Empty } from "../../components/Empty";
import { Failure } from "../../components/Failure";
import { ExecutionLink } from "../../components/Link";
import { Loading } from "../../components/Loading";
import { ShowOlder } from "../../components/ShowOlder";
import { lookOf, Status } from "../../components/Status";
import { Table } from "../../components/Table";
import table from "../../components/table.module.css";
import { At } from "../../components/When";
import { Why } from "../../components/Why";
import { count } from "../../time/format";
import styles from "./Fires.module.css";

const ALL = "ALL";
const COLUMNS = [
  "Fire time",
  "Outcome",
  "Reason",
  "Execution",
  { name: "Revision", isNumber: true },
  "Decided",
] as const;

export function Fires({ jobId, zone }: { jobId: string; zone: string }) {
  const [outcome, setOutcome] = useState<FireOutcome | null>(null);
  const { data: latest } = useInfiniteQuery(firesQuery(jobId, null));
  const counted = latest?.pages[0]?.fires ?? [];
  return (
    <>
      <Why jobId={jobId} zone={zone} />
      <ToggleButtonGroup
        className={styles["outcomes"] ?? ""}
        aria-label="Only fires with this outcome"
        selectedKeys={[outcome ?? ALL]}
        disallowEmptySelection
        onSelectionChange={(chosen) => {
          const [next] = chosen;
          setOutcome(next === ALL ? null : (next as FireOutcome));
        }}
      >
        <ToggleButton id={ALL} className={styles["outcome"] ?? ""}>
          All
        </ToggleButton>
        {OUTCOMES.map((each) => (
          <ToggleButton key={each} id={each} className={styles["outcome"] ?? ""}>
            {lookOf(each).word} <span className={styles["count"]}>{countOf(counted, each)}</span>
          </ToggleButton>
        ))}
      </ToggleButtonGroup>
      <p className={styles["about"]}>The numbers are of the last {counted.length} decisions.</p>
      <List jobId={jobId} zone={zone} outcome={outcome} />
    </>
  );
}

/** How many fires had an outcome; a row may sum many missed ones. */
function countOf(fires: readonly Fire[], outcome: FireOutcome): string {
  const sum = fires
    .filter((fire) => fire.outcome === outcome)
    .reduce((total, { firesCovered }) => total + (firesCovered ?? 1), 0);
  return count(sum);
}

function List({ jobId, zone, outcome }: { jobId: string; zone: string; outcome: FireOutcome | null }) {
  const list = useInfiniteQuery(firesQuery(jobId, outcome));
  const { data, error, isPending, refetch } = list;
  if (isPending) return <Loading what="fires" />;
  if (error && !data) return <Failure fault={error} what="the fires" onRetry={() => void refetch()} />;
  const fires = data.pages.flatMap((page) => page.fires);
  if (fires.length === 0) {
    return (
      <Empty title={outcome ? "No fire has had this outcome." : "No fire has been decided yet."}>
        A fire is decided once, by one of the replicas, when its time comes.
      </Empty>
    );
  }
  return (
    <>
      <Table label="Fires" caption="Fires, the newest first" columns={COLUMNS}>
        {fires.map((fire) => (
          <Row key={fire.fireTime} fire={fire} zone={zone} />
        ))}
      </Table>
      <ShowOlder what="fires" list={list} />
    </>
  );
}

function Row({ fire, zone }: { fire: Fire; zone: string }) {
  const {
    fireTime,
    outcome,
    reason,
    executionId,
    executionStatus,
    revision,
    decidedAt,
    firesCovered,
    coversFrom,
  } = fire;
  return (
    <tr>
      <td className={table["nowrap"]}>
        <At instant={fireTime} zone={zone} />
      </td>
      <td>
        <Status status={outcome} />
      </td>
      <td>
        <bdi>{reason}</bdi>
        {firesCovered !== null && firesCovered > 1 && (
          <>
            {" "}
            {count(firesCovered)} fires
            {coversFrom && (
              <>
                {" "}
                from <At instant={coversFrom} zone={zone} /> on
              </>
            )}
          </>
        )}
      </td>
      <td className={table["nowrap"]}>
        {executionId && <ExecutionLink executionId={executionId} />}{" "}
        {executionStatus && <Status status={executionStatus} />}
      </td>
      <td className={table["number"]}>{revision}</td>
      <td className={table["nowrap"]}>
        <At instant={decidedAt} zone={zone} />
      </td>
    </tr>
  );
}

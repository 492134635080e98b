/** The executions of a job, the newest first, narrowed by outcome, cause and text. */
import { useInfiniteQuery } from "@tanstack/react-query";
import { useDeferredValue, useState } from "react";
import {
  CAUSES,
  historyQuery,
  STATUSES,
  type ExecutionStatus,
  type HistoryFilter,
  type TriggeredBy,
} from "../../api/job_history";
import type { Execution } from "../../api/types";
import { Button } from "../../components/Button";
import { Empty } from "../../components/Empty";
import { Failure } from "../../components/Failure";
import { SearchField, Select } from "../../components/fields";
import { ExecutionLink } from "../../components/Link";
import { Loading } from "../../components/Loading";
import { lookOf, Status } from "../../components/Status";
import table from "../../components/table.module.css";
import { Ago, At, Elapsed } from "../../components/When";
import { count, duration } from "../../time/format";
import { causeWords } from "../../components/causes";
import styles from "./Executions.module.css";

const ANY = "ANY";
const STATUS_CHOICES = [
  { id: ANY, name: "Any status" },
  ...STATUSES.map((status) => ({ id: status, name: lookOf(status).word })),
];
const CAUSE_CHOICES = [
  { id: ANY, name: "Any cause" },
  ...CAUSES.map((cause) => ({ id: cause, name: causeWords(cause) })),
];

export function Executions({ jobId, zone }: { jobId: string; zone: string }) {
  const [status, setStatus] = useState<string>(ANY);
  const [cause, setCause] = useState<string>(ANY);
  const [typed, setTyped] = useState("");
  const text = useDeferredValue(typed.trim());
  const filter: HistoryFilter = {
    ...(status !== ANY && { status: [status as ExecutionStatus] }),
    ...(cause !== ANY && { triggeredBy: [cause as TriggeredBy] }),
    ...(text && { text }),
  };
  const clear = () => {
    setStatus(ANY);
    setCause(ANY);
    setTyped("");
  };
  return (
    <>
      <search className={styles["filters"]}>
        <SearchField label="Search in errors" value={typed} onChange={setTyped} />
        <Select isLabelHidden label="Status" value={status} choices={STATUS_CHOICES} onChange={setStatus} />
        <Select isLabelHidden label="Cause" value={cause} choices={CAUSE_CHOICES} onChange={setCause} />
      </search>
      <List jobId={jobId} zone={zone} filter={filter} onClear={clear} />
    </>
  );
}

interface ListProps {
  jobId: string;
  zone: string;
  filter: HistoryFilter;
  onClear: () => void;
}

function List({ jobId, zone, filter, onClear }: ListProps) {
  const {
    data,
    error,
    isPending,
    isPlaceholderData,
    refetch,
    hasNextPage,
    isFetchingNextPage,
    fetchNextPage,
  } = useInfiniteQuery(historyQuery(jobId, filter));
  if (isPending) return <Loading what="executions" />;
  if (error && !data) return <Failure fault={error} what="the executions" onRetry={() => void refetch()} />;
  const executions = data.pages.flatMap((page) => page.executions);
  if (executions.length === 0) {
    return Object.keys(filter).length > 0 ? (
      <Empty title="No execution is like that.">
        <Button onPress={onClear}>Show all executions</Button>
      </Empty>
    ) : (
      <Empty title="It has not run yet.">It will, at its next fire, or when somebody starts it.</Empty>
    );
  }
  return (
    <>
      <div
        className={table["wrap"]}
        role="region"
        aria-label="Executions"
        tabIndex={0}
        aria-busy={isPlaceholderData}
      >
        <table className={table["table"]}>
          <caption className="visually-hidden">Executions, the newest first</caption>
          <thead>
            <tr>
              <th scope="col">Execution</th>
              <th scope="col">Status</th>
              <th scope="col">Started</th>
              <th scope="col">Cause</th>
              <th scope="col" className={table["number"]}>
                Duration
              </th>
              <th scope="col" className={table["number"]}>
                Rows
              </th>
              <th scope="col">Error</th>
            </tr>
          </thead>
          <tbody>
            {executions.map((execution) => (
              <Row key={execution.executionId} execution={execution} zone={zone} />
            ))}
          </tbody>
        </table>
      </div>
      {hasNextPage && (
        <Button isDisabled={isFetchingNextPage} onPress={() => void fetchNextPage()}>
          {isFetchingNextPage ? "Loading older executions …" : "Show older executions"}
        </Button>
      )}
    </>
  );
}

function Row({ execution, zone }: { execution: Execution; zone: string }) {
  const { executionId, status, startTime, triggeredBy, requestedBy, attempt, durationMs, dataPointsStored } =
    execution;
  return (
    <tr>
      <td className={table["nowrap"]}>
        <ExecutionLink executionId={executionId} />
      </td>
      <td>
        <Status status={status} />
      </td>
      <td className={table["nowrap"]}>
        <At instant={startTime} zone={zone} />{" "}
        <span className={table["muted"]}>
          · <Ago instant={startTime} zone={zone} />
        </span>
      </td>
      <td>
        {causeWords(triggeredBy)}
        {requestedBy && (
          <>
            {" "}
            by <bdi>{requestedBy}</bdi>
          </>
        )}
        {attempt > 1 && <> · attempt {attempt}</>}
      </td>
      <td className={table["number"]}>
        {durationMs !== null ? (
          duration(durationMs)
        ) : status === "RUNNING" ? (
          <Elapsed since={startTime} />
        ) : (
          "–"
        )}
      </td>
      <td className={table["number"]}>{count(dataPointsStored)}</td>
      <td className={styles["error"]}>
        <bdi>{firstLine(execution.errorDetails)}</bdi>
      </td>
    </tr>
  );
}

/** The first line of what went wrong: the last message is the one that ended the execution. */
function firstLine(details: unknown): string {
  const last: unknown = Array.isArray(details) ? details.at(-1) : details;
  if (last === null || last === undefined) return "";
  const text = typeof last === "string" ? last : JSON.stringify(last);
  return (text.split("\n", 1)[0] ?? "").slice(0, 300);
}

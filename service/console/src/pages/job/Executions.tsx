/** The executions of a job, the newest first, narrowed by status, cause and the text of errors. */
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
import { causeWords } from "../../components/causes";
import { Empty } from "../../components/Empty";
import { Failure } from "../../components/Failure";
import { SearchField, Select } from "../../components/fields";
import { ExecutionLink } from "../../components/Link";
import { Loading } from "../../components/Loading";
import { Duration } from "../../components/run/Duration";
import { ShowOlder } from "../../components/ShowOlder";
import { lookOf, Status } from "../../components/Status";
import { Table } from "../../components/Table";
import table from "../../components/table.module.css";
import { Ago, At } from "../../components/When";
import { count } from "../../time/format";
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

const COLUMNS = [
  "Execution",
  "Status",
  "Started",
  "Cause",
  { name: "Duration", isNumber: true },
  { name: "Rows", isNumber: true },
  "Error",
] as const;

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
  const list = useInfiniteQuery(historyQuery(jobId, filter));
  const { data, error, isPending, isPlaceholderData, refetch } = list;
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
      <Table
        label="Executions"
        caption="Executions, the newest first"
        columns={COLUMNS}
        isBusy={isPlaceholderData}
      >
        {executions.map((execution) => (
          <Row key={execution.executionId} execution={execution} zone={zone} />
        ))}
      </Table>
      <ShowOlder what="executions" list={list} />
    </>
  );
}

function Row({ execution, zone }: { execution: Execution; zone: string }) {
  const { executionId, status, startTime, triggeredBy, requestedBy, attempt, dataPointsStored } = execution;
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
        <Duration execution={execution} />
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

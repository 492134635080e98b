/** All attempts at the same piece of work, and how one came to follow on the other. */
import type { Attempt, ExecutionDetail, JobDetail } from "../../api/types";
import { ExecutionLink, replicaName, shortId } from "../../components/Link";
import { Card } from "../../components/Page";
import { Duration } from "../../components/run/Duration";
import { Status } from "../../components/Status";
import { Table } from "../../components/Table";
import table from "../../components/table.module.css";
import { inAllZones } from "../../components/When";
import { localTime } from "../../time/format";
import styles from "./AttemptsCard.module.css";
import { stepsOf, type Step } from "./attempts";
import { errorsOf, firstLineOf } from "./errors";
import { hasStarted } from "./words";

const COLUMNS = [
  "Attempt",
  "Execution",
  "Status",
  "Started",
  { name: "Duration", isNumber: true },
  "Replica",
  "Error",
] as const;

interface AttemptsCardProps {
  execution: ExecutionDetail;
  job: JobDetail | undefined;
  zone: string;
}

export function AttemptsCard({ execution, job, zone }: AttemptsCardProps) {
  const steps = stepsOf(execution.attempts, job ?? null);
  const notes = steps.flatMap(({ note, number }) => (note === null ? [] : [{ note, number }]));
  if (steps.length === 1 && notes.length === 0) return null;
  return (
    <Card title={steps.length === 1 ? "Attempts" : `${steps.length} attempts`}>
      {steps.length > 1 && (
        <Table label="All attempts" columns={COLUMNS}>
          {steps.map((step) => (
            <Row
              key={step.attempt.executionId}
              step={step}
              zone={zone}
              firstStart={execution.attempts[0]?.startTime ?? execution.startTime}
              isShown={step.attempt.executionId === execution.executionId}
            />
          ))}
        </Table>
      )}
      {notes.length > 0 && (
        <ul className={styles["notes"]}>
          {notes.map(({ note, number }, index) => (
            <li key={index}>
              {steps.length > 1 && <>Attempt {number}: </>}
              {note}
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}

interface RowProps {
  step: Step;
  zone: string;
  firstStart: string;
  isShown: boolean;
}

function Row({ step: { attempt, number }, zone, firstStart, isShown }: RowProps) {
  const { executionId, status, startTime, replicaId } = attempt;
  return (
    <tr className={isShown ? styles["shown"] : undefined} {...(isShown && { "aria-current": "true" })}>
      <th scope="row" className={styles["number"]}>
        {number}
      </th>
      <td className={table["nowrap"]}>
        {isShown ? (
          <>
            <code>{shortId(executionId)}</code> <span className={table["muted"]}>this one</span>
          </>
        ) : (
          <ExecutionLink executionId={executionId} />
        )}
      </td>
      <td>
        <Status status={status} />
      </td>
      <td className={table["nowrap"]}>
        {hasStarted(attempt) ? <Start instant={startTime} since={firstStart} zone={zone} /> : "–"}
      </td>
      <td className={table["number"]}>
        <Duration execution={attempt} />
      </td>
      <td className={table["nowrap"]}>
        {replicaId === null ? "–" : <code title={replicaId}>{replicaName(replicaId)}</code>}
      </td>
      <td className={styles["error"]}>
        <bdi>{errorLine(attempt)}</bdi>
      </td>
    </tr>
  );
}

/** When an attempt started; the date, too, where it was not that of the first one. */
function Start({ instant, since, zone }: { instant: string; since: string; zone: string }) {
  const { date, time } = localTime(instant, zone);
  return (
    <time dateTime={instant} title={inAllZones(instant, zone)}>
      {date !== localTime(since, zone).date && `${date} `}
      {time}
    </time>
  );
}

function errorLine({ status, errorDetails, errorCount }: Attempt): string {
  const { ending } = errorsOf(status, errorDetails, errorCount);
  return ending === null ? "" : firstLineOf(ending).line;
}

/** The states of an execution on one line, with when each began and how long it took. */
import type { ReactNode } from "react";
import { isUnfinished } from "../../api/executions";
import type { ExecutionDetail } from "../../api/types";
import { classes } from "../../components/classes";
import { Status } from "../../components/Status";
import { Countdown, Elapsed, inAllZones } from "../../components/When";
import { duration, localTime } from "../../time/format";
import styles from "./Steps.module.css";
import { between, causeOf, hasStarted, latenessWords, readyAt } from "./words";

type State = "done" | "now" | "ahead" | "bad";

export function Steps({ execution, zone }: { execution: ExecutionDetail; zone: string }) {
  const { createdAt, startTime, endTime, status, triggeredBy, requestedBy } = execution;
  const started = hasStarted(execution);
  return (
    <ol className={styles["steps"]} aria-label="States">
      <Step name="Requested" state="done" at={createdAt} zone={zone} isFirst>
        {causeOf(triggeredBy)}
        {requestedBy !== null && (
          <>
            , by <bdi>{requestedBy}</bdi>
          </>
        )}
      </Step>
      <Step name="Queued" state={status === "QUEUED" ? "now" : "done"} at={readyAt(execution)} zone={zone}>
        <Queued execution={execution} />
      </Step>
      <Step
        name="Running"
        state={status === "RUNNING" ? "now" : started ? "done" : "ahead"}
        at={started ? startTime : null}
        zone={zone}
      >
        <Running execution={execution} />
      </Step>
      <Step name="Ended" state={endStateOf(status)} at={endTime} zone={zone}>
        {isUnfinished(status) ? "–" : <Status status={status} />}
      </Step>
    </ol>
  );
}

function endStateOf(status: string): State {
  if (isUnfinished(status)) return "ahead";
  return status === "SUCCESS" ? "done" : "bad";
}

interface StepProps {
  name: string;
  state: State;
  at: string | null;
  zone: string;
  isFirst?: boolean;
  children: ReactNode;
}

function Step({ name, state, at, zone, isFirst = false, children }: StepProps) {
  return (
    <li
      className={classes(styles["step"], styles[state])}
      {...(state === "now" && { "aria-current": "step" })}
    >
      <span className={styles["name"]}>{name}</span>
      <span className={styles["at"]}>
        {at === null ? (
          "–"
        ) : (
          <time dateTime={at} title={inAllZones(at, zone)}>
            {momentOf(at, zone, isFirst)}
          </time>
        )}
      </span>
      <span className={styles["about"]}>{children}</span>
    </li>
  );
}

/** A time to the millisecond; the date and the zone once are enough. */
function momentOf(at: string, zone: string, isFull: boolean): string {
  const { date, time, zoneName } = localTime(at, zone);
  const precise = `${time}.${String(Date.parse(at) % 1000).padStart(3, "0")}`;
  return isFull ? `${date} ${precise} ${zoneName}` : precise;
}

function Queued({ execution }: { execution: ExecutionDetail }) {
  const { status, startTime, endTime, createdAt } = execution;
  const ready = readyAt(execution);
  if (status === "QUEUED") {
    if (ready !== createdAt) {
      return (
        <>
          held back; may start <Countdown instant={ready} />
        </>
      );
    }
    return (
      <>
        waiting for <Elapsed since={ready} />
      </>
    );
  }
  if (hasStarted(execution)) return <>for {duration(between(ready, startTime))}</>;
  return endTime === null ? "–" : <>for {duration(between(ready, endTime))}</>;
}

function Running({ execution }: { execution: ExecutionDetail }) {
  const { status, startTime, durationMs, latenessMs } = execution;
  if (!hasStarted(execution)) return status === "QUEUED" ? "–" : "never started";
  return (
    <>
      {status === "RUNNING" ? (
        <Elapsed since={startTime} />
      ) : (
        durationMs !== null && <>for {duration(durationMs)}</>
      )}
      {latenessMs !== null && <span className={styles["late"]}> · {latenessWords(latenessMs)}</span>}
    </>
  );
}

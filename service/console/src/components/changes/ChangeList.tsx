/** The audit of jobs: who did what, when, through what, and the way back. */
import { useInfiniteQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { changesQuery, type ChangeFilter } from "../../api/changes";
import { useMay } from "../../api/session";
import type { Change } from "../../api/types";
import { Failure } from "../Failure";
import { JobLink } from "../Link";
import { Loading } from "../Loading";
import { ShowOlder } from "../ShowOlder";
import { Ago, At } from "../When";
import styles from "./changes.module.css";
import { Difference } from "./Difference";
import { RevertButton } from "./RevertButton";
import { valueText } from "./values";

const VERBS: Record<string, string> = {
  INSERT: "created",
  UPDATE: "changed",
  DELETE: "deleted",
  TRUNCATE: "deleted every job, among them",
  PAUSE: "paused",
  RESUME: "resumed",
};
const OF_ALL = "*";

interface ChangeListProps {
  filter: ChangeFilter;
  /** Of one job: its name does not stand at every change. */
  isOfOneJob?: boolean;
  empty: ReactNode;
}

export function ChangeList({ filter, isOfOneJob = false, empty }: ChangeListProps) {
  const list = useInfiniteQuery(changesQuery(filter));
  const { data, error, isPending, refetch } = list;
  if (isPending) return <Loading what="changes" />;
  if (error && !data) return <Failure fault={error} what="the changes" onRetry={() => void refetch()} />;
  const changes = data.pages.flatMap((page) => page.changes);
  if (changes.length === 0) return empty;
  return (
    <>
      <ol className={styles["list"]} aria-label="Changes, newest first">
        {changes.map((change) => (
          <ChangeItem key={change.changeId} change={change} isOfOneJob={isOfOneJob} />
        ))}
      </ol>
      <ShowOlder what="changes" list={list} />
    </>
  );
}

function ChangeItem({ change, isOfOneJob }: { change: Change; isOfOneJob: boolean }) {
  const { jobId, operation, changedAt, changedBy, revision, movesPlan, changes, before, after } = change;
  const mayRevert = useMay("admin") && jobId !== OF_ALL && before !== null;
  const row = before ?? after;
  return (
    <li className={styles["item"]}>
      <div>
        <p>
          <strong>
            <bdi>{changedBy}</bdi>
          </strong>{" "}
          {VERBS[operation] ?? operation} <Subject jobId={jobId} isOfOneJob={isOfOneJob} />
        </p>
        <p className={styles["facts"]}>
          <Ago instant={changedAt} /> · <At instant={changedAt} /> · <Through change={change} />
          {revision !== null && <> · revision {revision}</>}
          {movesPlan && <> · moves the plan</>}
        </p>
      </div>
      {mayRevert && <RevertButton change={change} />}
      <div className={styles["what"]}>
        {changes.length > 0 && <Difference changes={changes} />}
        {changes.length === 0 && row && (
          <details>
            <summary>The whole row</summary>
            <pre className={styles["row"]} tabIndex={0} aria-label="The whole row">
              {valueText(row)}
            </pre>
          </details>
        )}
      </div>
    </li>
  );
}

function Subject({ jobId, isOfOneJob }: { jobId: string; isOfOneJob: boolean }) {
  if (jobId === OF_ALL) return <>all jobs</>;
  return isOfOneJob ? <>this job</> : <JobLink jobId={jobId} />;
}

/** The program and the database role: for psql the role is the author. */
function Through({ change: { applicationName, sessionRole, changedBy } }: { change: Change }) {
  return (
    <>
      through <bdi>{applicationName || "an unnamed program"}</bdi>
      {sessionRole !== changedBy && (
        <>
          {" "}
          as <bdi>{sessionRole}</bdi>
        </>
      )}
    </>
  );
}

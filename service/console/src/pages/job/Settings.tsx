/** Parameters and policies of a job, with what they mean. */
import { Suspense, useState, type ReactNode } from "react";
import { useMay } from "../../api/session";
import type { JobDetail } from "../../api/types";
import { Button } from "../../components/Button";
import { CLOCK_CHANGE, MISFIRE, ON_LOST, OVERLAP } from "../../components/policies";
import { At } from "../../components/When";
import { SettingsDialog } from "../../dialogs/lazy";
import { duration } from "../../time/format";
import styles from "./Settings.module.css";

export function Settings({ job }: { job: JobDetail }) {
  const [isEditing, setIsEditing] = useState(false);
  const mayEdit = useMay("admin");
  return (
    <div className={styles["columns"]}>
      {mayEdit && (
        <div className={styles["edit"]}>
          <Button onPress={() => setIsEditing(true)}>Edit settings</Button>
          <Suspense>
            {isEditing && <SettingsDialog jobId={job.name} onClose={() => setIsEditing(false)} />}
          </Suspense>
        </div>
      )}
      <section aria-label="What it runs">
        <h2>What it runs</h2>
        <dl className={styles["facts"]}>
          <Fact name="Handler">
            <code>
              <bdi>{job.handler}</bdi>
            </code>{" "}
            {job.handlerIsLive ? "on a live replica" : "on no live replica"}
          </Fact>
          <Fact name="Group">
            <bdi>{job.jobGroup}</bdi>
          </Fact>
          <Fact name="Parameters">
            <pre className={styles["params"]} tabIndex={0} aria-label="Parameters">
              {JSON.stringify(job.params, null, 2)}
            </pre>
          </Fact>
          <Fact name="Revision">
            {job.revision}, by <bdi>{job.updatedBy}</bdi>, <At instant={job.updatedAt} zone={job.timeZone} />
          </Fact>
          <Fact name="Planned from">
            <At instant={job.plannedFrom} zone={job.timeZone} />
          </Fact>
          <Fact name="Created">
            <At instant={job.createdAt} zone={job.timeZone} />
          </Fact>
        </dl>
      </section>
      <section aria-label="Policies">
        <h2>Policies</h2>
        <dl className={styles["facts"]}>
          <Fact name="Overlap" value={job.overlapPolicy}>
            {OVERLAP[job.overlapPolicy]}
          </Fact>
          <Fact name="Misfire" value={job.misfirePolicy}>
            {MISFIRE[job.misfirePolicy]} Older than {duration(job.misfireGraceSeconds * 1000)}: recorded as
            missed.
          </Fact>
          <Fact name="Clock change" value={job.clockChangePolicy}>
            {CLOCK_CHANGE[job.clockChangePolicy]}
          </Fact>
          <Fact name="When lost" value={job.onLost}>
            {ON_LOST[job.onLost]}
          </Fact>
          <Fact name="Timeout">
            {job.timeoutSeconds === null
              ? "None."
              : `A run ends after ${duration(job.timeoutSeconds * 1000)}.`}
          </Fact>
          <Fact name="Attempts">
            {job.maxAttempts === 1
              ? "One: a failed execution is not tried again."
              : `At most ${job.maxAttempts}; the first pause is ${duration(job.retryBackoffSeconds * 1000)}, each further one twice as long.`}
          </Fact>
          <Fact name="Overdue">{duration(job.overdueAfterSeconds * 1000)} after its fire time.</Fact>
        </dl>
      </section>
    </div>
  );
}

function Fact({ name, value, children }: { name: string; value?: string; children: ReactNode }) {
  return (
    <div className={styles["fact"]}>
      <dt>{name}</dt>
      <dd>
        {value !== undefined && (
          <>
            <code>{value}</code>{" "}
          </>
        )}
        {children}
      </dd>
    </div>
  );
}

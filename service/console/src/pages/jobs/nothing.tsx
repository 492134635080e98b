/** What the home screen shows where there is no job, or none that is looked for. */
import { Button } from "../../components/Button";
import { CopyBlock } from "../../components/Copy";
import { Empty } from "../../components/Empty";
import { useActing } from "./dialogs";
import styles from "./JobsPage.module.css";

const BY_PSQL = `insert into jobs (job_id, display_name, schedule_type, schedule_cron, handler)
values ('HELLO', 'Hello', 'CRON', '0 */5 * * * *', 'noop');`;

function byHttp(): string {
  const job = { jobId: "HELLO", displayName: "Hello", scheduleCron: "0 */5 * * * *", handler: "noop" };
  return [
    `curl -X POST ${window.location.origin}/v1/console/jobs \\`,
    `  -H "Authorization: Bearer $TOKEN" -H "Content-Type: application/json" \\`,
    `  -d '${JSON.stringify(job)}'`,
  ].join("\n");
}

export function NoJobs() {
  const { mayAdminister, open } = useActing();
  return (
    <div className={styles["nothing"]}>
      <Empty title="There is no job yet.">
        {mayAdminister ? (
          <Button look="primary" onPress={() => open({ kind: "create" })}>
            New job…
          </Button>
        ) : (
          "An admin can add one. It appears here at once."
        )}
      </Empty>
      <h2>By psql</h2>
      <CopyBlock label="Add a job by psql" text={BY_PSQL} />
      <h2>By HTTP</h2>
      <CopyBlock label="Add a job by HTTP" text={byHttp()} />
    </div>
  );
}

export function NoMatch({ onClear }: { onClear: () => void }) {
  return (
    <div className={styles["nothing"]}>
      <Empty title="No job matches.">
        <Button onPress={onClear}>Clear filters</Button>
      </Empty>
    </div>
  );
}

/** What the doctor finds in the database and the fleet, the worst first. */
import { useQuery } from "@tanstack/react-query";
import { doctorQuery } from "../../api/queries";
import type { Finding } from "../../api/types";
import { Button } from "../../components/Button";
import { Failure } from "../../components/Failure";
import { Loading } from "../../components/Loading";
import { Card } from "../../components/Page";
import { Ago } from "../../components/When";
import { Findings } from "./Findings";
import styles from "./Replicas.module.css";

const ORDER: Finding["severity"][] = ["problem", "warning"];

export function Doctor() {
  const { data: report, error, isPending, isFetching, refetch } = useQuery(doctorQuery);
  const again = (
    <Button isSmall isDisabled={isFetching} onPress={() => void refetch()}>
      {isFetching ? "Looking …" : "Look again"}
    </Button>
  );
  const wrong = report
    ? ORDER.flatMap((severity) => report.findings.filter((each) => each.severity === severity))
    : [];
  const right = report?.findings.filter(({ severity }) => severity === "ok") ?? [];
  return (
    <Card title="What the doctor finds" actions={again}>
      {isPending && <Loading what="the doctor's findings" />}
      {error && !report && <Failure fault={error} what="the findings" onRetry={() => void refetch()} />}
      {report && (
        <>
          <p className={styles["checked"]}>
            Looked at <Ago instant={report.checkedAt} />; <code>python -m service doctor</code> says the same,
            and looks at the way from a machine to the database, too.
          </p>
          {wrong.length === 0 && <p className={styles["allRight"]}>✓ Nothing is wrong.</p>}
          <Findings findings={wrong} label="What is wrong" />
          <details className={styles["right"]}>
            <summary>
              {right.length === 1 ? "1 thing is in order" : `${right.length} things are in order`}
            </summary>
            <Findings findings={right} label="What is in order" />
          </details>
        </>
      )}
    </Card>
  );
}

/** What went wrong: the line that says it, the whole text, and the symbols that failed by themselves. */
import type { ExecutionDetail } from "../../api/types";
import { Card } from "../../components/Page";
import { Table } from "../../components/Table";
import { count } from "../../time/format";
import styles from "./ErrorCard.module.css";
import { errorsOf, firstLineOf, type Errors } from "./errors";
import { TextBlock } from "./TextBlock";

const TITLES: Record<string, string> = {
  FAILED: "Why it failed",
  TIMEOUT: "Why it was stopped",
  CANCELLED: "Why it was cancelled",
  LOST: "Why it counts as lost",
};

export function ErrorCard({
  execution: { status, errorDetails, errorCount },
}: {
  execution: ExecutionDetail;
}) {
  const errors = errorsOf(status, errorDetails, errorCount);
  if (errors.ending === null && errors.others.length === 0 && errors.notKept === 0) return null;
  return (
    <Card title={errors.ending === null ? "Errors" : (TITLES[status] ?? "Errors")}>
      <div className={styles["errors"]}>
        {errors.ending !== null && <Ending text={errors.ending} isGrave={status !== "CANCELLED"} />}
        <Others errors={errors} />
      </div>
    </Card>
  );
}

function Ending({ text, isGrave }: { text: string; isGrave: boolean }) {
  const { line, isAll } = firstLineOf(text);
  return (
    <>
      <p className={isGrave ? styles["grave"] : styles["plain"]}>
        <bdi>{line}</bdi>
      </p>
      {!isAll && <TextBlock label="The whole error text" text={text} />}
    </>
  );
}

function Others({ errors: { others, notKept, ending } }: { errors: Errors }) {
  if (others.length === 0 && notKept === 0) return null;
  return (
    <>
      {ending !== null && <h3>Errors before that</h3>}
      {others.length > 0 && (
        <Table label="Errors of single symbols" columns={["Symbol", "Error"]} className={styles["others"]}>
          {others.map(({ symbol, message }, index) => (
            <tr key={index}>
              <td className={styles["symbol"]}>{symbol === null ? "–" : <bdi>{symbol}</bdi>}</td>
              <td className={styles["message"]}>
                <bdi>{message}</bdi>
              </td>
            </tr>
          ))}
        </Table>
      )}
      {notKept > 0 && (
        <p className={styles["more"]}>
          {others.length > 0 ? `${count(notKept)} more were counted` : `${count(notKept)} were counted`}, and
          their texts not kept.
        </p>
      )}
    </>
  );
}

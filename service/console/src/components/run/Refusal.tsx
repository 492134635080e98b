/** Why an action was refused, and what stands in its way, with the way there. */
import { ApiError } from "../../api/client";
import { wordsOf } from "../../api/words";
import { ExecutionLink } from "../Link";
import styles from "./Refusal.module.css";

export function Refusal({ what, fault }: { what: string; fault: unknown }) {
  const blocking = fault instanceof ApiError ? fault.problem?.blockingExecutionId : undefined;
  return (
    <div className={styles["refusal"]} role="alert">
      <strong>{what}</strong>
      <p>
        <bdi>{wordsOf(fault)}</bdi>
      </p>
      {blocking && (
        <p>
          <ExecutionLink executionId={blocking}>Show the execution that is in the way</ExecutionLink>
        </p>
      )}
    </div>
  );
}

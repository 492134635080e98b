/** Says what went wrong, and what to do next. */
import { ApiError, Unreachable } from "../api/client";
import { wordsOf } from "../api/words";
import { Button } from "./Button";
import styles from "./states.module.css";

function adviceFor(fault: unknown): string {
  if (fault instanceof Unreachable)
    return "Check the network, or ask whoever runs the service; then try again.";
  if (fault instanceof ApiError && fault.status === 403) return "Ask an admin for a role that may see this.";
  if (fault instanceof ApiError && fault.status === 404)
    return "It may have been deleted, or its history pruned.";
  if (fault instanceof ApiError && fault.status >= 502 && fault.status <= 504)
    return "That is often over in a moment; then try again.";
  return "Try again; if it stays so, the service's log says more.";
}

export function Failure({ fault, what, onRetry }: { fault: unknown; what: string; onRetry?: () => void }) {
  return (
    <div className={styles["failure"]} role="alert">
      <p className={styles["title"]}>Could not load {what}</p>
      <p>
        <bdi>{wordsOf(fault)}</bdi>
      </p>
      <p className={styles["advice"]}>{adviceFor(fault)}</p>
      {onRetry && <Button onPress={onRetry}>Try again</Button>}
    </div>
  );
}

/** Says that what is shown could not be read again, and may be old. */
import { wordsOf } from "../api/words";
import { Button } from "./Button";
import styles from "./states.module.css";

interface NotReadAgainProps {
  /** At the beginning of a sentence: "This list". */
  what: string;
  fault: unknown;
  onRetry: () => void;
}

export function NotReadAgain({ what, fault, onRetry }: NotReadAgainProps) {
  return (
    <p className={styles["old"]} role="alert">
      <span>
        {what} could not be read again, and may be old: <bdi>{wordsOf(fault)}</bdi>
      </span>
      <Button isSmall onPress={onRetry}>
        Try again
      </Button>
    </p>
  );
}

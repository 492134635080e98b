/** What was found, in words: how serious, what it is, and what to do about it. */
import type { Finding } from "../../api/types";
import { classes } from "../../components/classes";
import styles from "./Replicas.module.css";

const WORDS: Record<Finding["severity"], { word: string; mark: string }> = {
  problem: { word: "Problem", mark: "✕" },
  warning: { word: "Warning", mark: "!" },
  ok: { word: "In order", mark: "✓" },
};

export function Findings({ findings, label }: { findings: readonly Finding[]; label: string }) {
  return (
    <ul className={styles["findings"]} aria-label={label}>
      {findings.map(({ severity, check, message, advice }, index) => (
        <li key={`${check}-${index}`} className={classes(styles["finding"], styles[severity])}>
          <span className={styles["severity"]}>
            <span aria-hidden="true">{WORDS[severity].mark}</span> {WORDS[severity].word}
          </span>
          <span>
            <bdi>{message}</bdi>
            {advice && (
              <>
                {" "}
                <bdi>{advice}</bdi>
              </>
            )}
          </span>
        </li>
      ))}
    </ul>
  );
}

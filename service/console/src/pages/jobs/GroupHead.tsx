/** The head of a group: its name, how many jobs are in it, what goes on there; opens and closes it. */
import { Button as AriaButton } from "react-aria-components";
import { classes } from "../../components/classes";
import { count } from "../../time/format";
import styles from "./GroupHead.module.css";
import type { GroupRow } from "./rows";

interface GroupHeadProps {
  group: GroupRow;
  onToggle: (name: string) => void;
}

export function GroupHead({ group, onToggle }: GroupHeadProps) {
  return (
    <span className={styles["head"]}>
      <AriaButton
        className={styles["toggle"] ?? ""}
        aria-expanded={!group.isClosed}
        onPress={() => onToggle(group.name)}
      >
        <span aria-hidden="true" className={classes(styles["arrow"], group.isClosed && styles["closed"])}>
          ▾
        </span>
        <bdi className={styles["name"]}>{group.name}</bdi>
      </AriaButton>
      <span className={styles["counts"]}>
        <span>
          {count(group.count)} {group.count === 1 ? "job" : "jobs"}
        </span>
        <Count of={group.running} what="running" />
        <Count of={group.failing} what="failing" />
        <Count of={group.overdue} what="overdue" />
      </span>
    </span>
  );
}

function Count({ of, what }: { of: number; what: "running" | "failing" | "overdue" }) {
  if (of === 0) return null;
  return (
    <span className={styles[what]}>
      {count(of)} {what}
    </span>
  );
}

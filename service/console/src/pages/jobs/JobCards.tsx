/** The jobs as cards, for narrow screens: the same facts and actions as in the table. */
import { memo } from "react";
import type { Job } from "../../api/types";
import { OutcomeStrip } from "../../components/OutcomeStrip";
import { EnabledControl, JobActions } from "./Controls";
import { LastRunFact, NameFact, NextRunFact, ScheduleFact } from "./facts";
import { GroupHead } from "./GroupHead";
import styles from "./JobCards.module.css";
import type { ListProps } from "./JobList";
import { StateFact } from "./StateFact";

export function JobCards(props: ListProps) {
  const { rows, first, count, before, after, list, isGrouped, onToggle } = props;
  return (
    <ul
      className={styles["cards"]}
      aria-label="Jobs"
      ref={list as React.RefObject<HTMLUListElement | null>}
      style={{ paddingTop: before, paddingBottom: after }}
    >
      {rows.map((row, index) => (
        <li key={row.key} aria-setsize={count} aria-posinset={first + index + 1} className={styles[row.kind]}>
          {row.kind === "group" ? (
            <GroupHead group={row} onToggle={onToggle} />
          ) : (
            <Card job={row.job} withGroup={!isGrouped} />
          )}
        </li>
      ))}
    </ul>
  );
}

interface CardProps {
  job: Job;
  withGroup: boolean;
}

const Card = memo(function Card({ job, withGroup }: CardProps) {
  return (
    <article className={styles["card"]} aria-label={job.displayName}>
      <header className={styles["head"]}>
        <NameFact job={job} withGroup={withGroup} />
        <EnabledControl job={job} />
      </header>
      <dl className={styles["facts"]}>
        <div>
          <dt>Status</dt>
          <dd>
            <StateFact job={job} />
          </dd>
        </div>
        <div>
          <dt>Schedule</dt>
          <dd>
            <ScheduleFact job={job} />
          </dd>
        </div>
        <div>
          <dt>Last run</dt>
          <dd>
            <LastRunFact job={job} />
          </dd>
        </div>
        <div>
          <dt>Next run</dt>
          <dd>
            <NextRunFact job={job} />
          </dd>
        </div>
      </dl>
      <footer className={styles["foot"]}>
        <OutcomeStrip outcomes={job.recentOutcomes} />
        <JobActions job={job} />
      </footer>
    </article>
  );
});

/** The jobs as a table, its head in sight while it is scrolled. */
import { memo } from "react";
import { Button as AriaButton } from "react-aria-components";
import type { Job } from "../../api/types";
import { OutcomeStrip } from "../../components/OutcomeStrip";
import { EnabledControl, JobActions } from "./Controls";
import { LastRunFact, NameFact, NextRunFact, ScheduleFact } from "./facts";
import type { Sort } from "./filters";
import { GroupHead } from "./GroupHead";
import type { ListProps } from "./JobList";
import styles from "./JobTable.module.css";
import { StateFact } from "./StateFact";

interface JobTableProps extends ListProps {
  sort: Sort;
  isDescending: boolean;
  onSort: (sort: Sort, isDescending: boolean) => void;
}

const COLUMNS = 8;

export function JobTable(props: JobTableProps) {
  const { rows, first, count, before, after, list, isGrouped, onToggle } = props;
  return (
    <table className={styles["table"]} aria-rowcount={count + 1}>
      <caption className="visually-hidden">Jobs</caption>
      <thead>
        <tr aria-rowindex={1}>
          <SortableHead {...props} by="name" name="Job" className="job" />
          <SortableHead {...props} by="status" name="Status" className="state" />
          <th scope="col" className={styles["schedule"]}>
            Schedule
          </th>
          <SortableHead {...props} by="last" name="Last run" className="last" />
          <SortableHead {...props} by="next" name="Next run" className="next" />
          <th scope="col" className={styles["strip"]}>
            Last 30
          </th>
          <th scope="col" className={styles["enabled"]}>
            Enabled
          </th>
          <th scope="col" className={styles["actions"]}>
            <span className="visually-hidden">Actions</span>
          </th>
        </tr>
      </thead>
      <tbody ref={list as React.RefObject<HTMLTableSectionElement | null>}>
        <Gap height={before} />
        {rows.map((row, index) =>
          row.kind === "group" ? (
            <tr key={row.key} aria-rowindex={first + index + 2} className={styles["group"]}>
              <th colSpan={COLUMNS} scope="colgroup">
                <GroupHead group={row} onToggle={onToggle} />
              </th>
            </tr>
          ) : (
            <JobRow key={row.key} job={row.job} rowIndex={first + index + 2} withGroup={!isGrouped} />
          ),
        )}
        <Gap height={after} />
      </tbody>
    </table>
  );
}

interface JobRowProps {
  job: Job;
  rowIndex: number;
  withGroup: boolean;
}

const JobRow = memo(function JobRow({ job, rowIndex, withGroup }: JobRowProps) {
  return (
    <tr aria-rowindex={rowIndex} className={styles["row"]}>
      <th scope="row">
        <NameFact job={job} withGroup={withGroup} />
      </th>
      <td>
        <StateFact job={job} />
      </td>
      <td>
        <ScheduleFact job={job} />
      </td>
      <td>
        <LastRunFact job={job} />
      </td>
      <td>
        <NextRunFact job={job} />
      </td>
      <td>
        <OutcomeStrip outcomes={job.recentOutcomes} />
      </td>
      <td>
        <EnabledControl job={job} />
      </td>
      <td className={styles["actions"]}>
        <JobActions job={job} />
      </td>
    </tr>
  );
});

/** Stands for the rows that are not in the page. */
function Gap({ height }: { height: number }) {
  if (height === 0) return null;
  return (
    <tr aria-hidden="true" className={styles["gap"]}>
      <td colSpan={COLUMNS} style={{ height }} />
    </tr>
  );
}

interface SortableHeadProps extends Pick<JobTableProps, "sort" | "isDescending" | "onSort"> {
  by: Sort;
  name: string;
  className: string;
}

function SortableHead({ by, name, className, sort, isDescending, onSort }: SortableHeadProps) {
  const isSorted = sort === by;
  // Of what has been, the latest is looked for.
  const startsDescending = by === "last";
  return (
    <th
      scope="col"
      className={styles[className]}
      aria-sort={isSorted ? (isDescending ? "descending" : "ascending") : undefined}
    >
      <AriaButton
        className={styles["sort"] ?? ""}
        onPress={() => onSort(by, isSorted ? !isDescending : startsDescending)}
      >
        {name}
        <span aria-hidden="true" className={styles["direction"]}>
          {isSorted ? (isDescending ? "▼" : "▲") : "↕"}
        </span>
      </AriaButton>
    </th>
  );
}

/** What the schedule would do, as the server answers it while somebody types. */
import type { JobDetail } from "../../api/types";
import { classes } from "../../components/classes";
import { Failure } from "../../components/Failure";
import { Loading } from "../../components/Loading";
import { Countdown } from "../../components/When";
import { FireTable } from "./FireTable";
import { OddDays } from "./OddDays";
import { PlanChange } from "./PlanChange";
import styles from "./Preview.module.css";
import type { PreviewState } from "./use_preview";
import { Warnings } from "./Warnings";

interface PanelProps {
  job: JobDetail;
  isChanged: boolean;
  state: PreviewState;
}

export function PreviewPanel({ job, isChanged, state }: PanelProps) {
  const { preview, zone, isOld, fault, error, retry } = state;
  const isSilent = job.pausedBy === "DISABLED" || job.scheduleType === "MANUAL";
  if (fault && !preview) return <Failure fault={fault} what="the preview" onRetry={retry} />;
  if (error) {
    return <p className={styles["none"]}>When the schedule is mended, its next fires are shown here.</p>;
  }
  if (!preview?.valid) return <Loading what="the preview" />;
  const [first] = preview.fireTimes;
  return (
    <div className={classes(styles["panel"], isOld && styles["old"])} aria-busy={isOld}>
      <Warnings job={job} preview={preview} isChanged={isChanged} />
      <section>
        <h3 className={styles["head"]}>
          Next fires
          <span className={styles["quiet"]}>
            {isOld ? (
              "of the schedule before; the new ones are on their way"
            ) : first ? (
              <>
                the first <Countdown instant={first.fireTime} zone={zone} />
              </>
            ) : null}
          </span>
        </h3>
        <FireTable preview={preview} zone={zone} marksNew={isChanged && !isSilent} />
      </section>
      {isChanged && !isSilent && <PlanChange preview={preview} zone={zone} isOld={isOld} />}
      <OddDays preview={preview} zone={zone} />
    </div>
  );
}

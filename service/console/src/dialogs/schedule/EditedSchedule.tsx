/** What the dialog holds: what others have done, the form, and the preview beside it. */
import { Unreachable } from "../../api/client";
import { useMay } from "../../api/session";
import type { JobDetail } from "../../api/types";
import { Ago, At } from "../../components/When";
import { Conflict } from "./Conflict";
import { isSame, type Standing } from "./editing";
import type { Faults } from "./faults";
import { PreviewPanel } from "./PreviewPanel";
import { ReadOnly } from "./ReadOnly";
import { ChangedMeanwhile } from "./save";
import styles from "./ScheduleDialog.module.css";
import { ScheduleForm } from "./ScheduleForm";
import type { Editor } from "./use_editing";
import type { PreviewState } from "./use_preview";

interface EditedProps {
  job: JobDetail;
  stand: Standing;
  editor: Editor;
  preview: PreviewState;
  faults: Faults;
  /** It would be refused as it is. */
  isWrong: boolean;
  mayEdit: boolean;
  onEnter: () => void;
}

export function EditedSchedule({
  job,
  stand,
  editor,
  preview,
  faults,
  isWrong,
  mayEdit,
  onEnter,
}: EditedProps) {
  const isAdmin = useMay("admin");
  const { base, draft, theirs, isChanged } = stand;
  const words = preview.preview?.description ?? null;
  return (
    <>
      <p className={styles["quiet"]}>
        <bdi>{job.displayName}</bdi> · revision {base.revision}, changed <Ago instant={base.updatedAt} /> by{" "}
        <bdi>{base.updatedBy}</bdi>
      </p>
      {editor.isDeleted && (
        <p className={styles["fault"]} role="alert">
          The job has been deleted meanwhile. What you have typed is still here, to be copied.
        </p>
      )}
      {theirs && (
        <Conflict
          jobId={job.name}
          mine={draft}
          words={words}
          theirs={theirs}
          isBusy={editor.isSaving}
          isWrong={isWrong}
          onUseTheirs={editor.forget}
          onEditOn={() => editor.editOn(theirs)}
          onSaveMine={() => editor.save(theirs)}
        />
      )}
      {editor.refusal instanceof ChangedMeanwhile && isSame(editor.refusal.current.schedule, draft) && (
        <p className={styles["notice"]} role="status">
          <bdi>{editor.refusal.current.updatedBy}</bdi> has just made the same change; there is nothing left
          to save.
        </p>
      )}
      {/* Where no answer came the change may have been made; then the job as it is now has it, and all is well. */}
      {faults.other !== null && isChanged && (
        <p className={styles["fault"]} role="alert">
          <strong>{editor.refusal instanceof Unreachable ? "Perhaps not saved." : "Not saved."}</strong>{" "}
          <bdi>{faults.other}</bdi>
        </p>
      )}
      <div className={styles["columns"]}>
        {mayEdit ? (
          <ScheduleForm
            schedule={draft}
            faults={faults}
            words={words}
            isOld={preview.isOld}
            isAdmin={isAdmin}
            onChange={editor.edit}
            onEnter={onEnter}
          />
        ) : (
          <ReadOnly schedule={draft} words={words} />
        )}
        <div className={styles["preview"]}>
          {draft.type === "CRON" ? (
            <PreviewPanel job={job} isChanged={isChanged} state={preview} />
          ) : (
            <WithoutSchedule job={job} />
          )}
        </div>
      </div>
    </>
  );
}

/** What a job without a schedule loses; nothing where it had none. */
function WithoutSchedule({ job }: { job: JobDetail }) {
  return (
    <p className={styles["quiet"]}>
      {job.nextRunTime === null ? (
        "It never fires by itself."
      ) : (
        <>
          The next fire, at <At instant={job.nextRunTime} zone={job.timeZone} />, and all after it fall away.
        </>
      )}
    </p>
  );
}

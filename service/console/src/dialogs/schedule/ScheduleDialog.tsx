/** The dialog that changes when a job fires: what is typed, what it would do, and what others do meanwhile. */
import { useMay } from "../../api/session";
import { Button } from "../../components/Button";
import { Dialog } from "../../components/Dialog";
import { Failure } from "../../components/Failure";
import { Loading } from "../../components/Loading";
import { useUnsaved } from "../../components/unsaved";
import { EditedSchedule } from "./EditedSchedule";
import { faultsOf } from "./faults";
import { inWords } from "./save";
import styles from "./ScheduleDialog.module.css";
import { useEditing } from "./use_editing";
import { usePreview } from "./use_preview";

interface ScheduleDialogProps {
  jobId: string;
  onClose: () => void;
}

export default function ScheduleDialog({ jobId, onClose }: ScheduleDialogProps) {
  const editor = useEditing(jobId, onClose);
  const { job, stand, isDeleted, isSaving } = editor;
  const preview = usePreview(jobId, stand);
  // Giving a job its first schedule, and taking it away, is for admins: service/domain/access.py.
  const mayEdit = useMay(stand?.base.schedule.type === "MANUAL" ? "admin" : "operator");
  const isChanged = stand?.isChanged ?? false;
  const { close, question } = useUnsaved(
    isChanged,
    "The schedule has been changed here, and is not saved.",
    onClose,
  );

  const faults = faultsOf(preview.error, editor.refusal);
  const isWrong = !preview.isOld && stand?.draft.type === "CRON" && preview.error !== null;
  const isReady = isChanged && !stand?.theirs && !isWrong && !isSaving && !isDeleted;
  const save = () => stand && isReady && editor.save(stand.base);

  const actions = stand && mayEdit && (
    <>
      {isChanged && (
        <p className={styles["before"]}>
          Now: <bdi>{inWords(stand.base.schedule)}</bdi>
          <Button look="quiet" isSmall onPress={editor.forget} isDisabled={isSaving}>
            Reset
          </Button>
        </p>
      )}
      <Button onPress={close}>Cancel</Button>
      <Button look="primary" onPress={save} isDisabled={!isReady}>
        {isSaving ? "Saving …" : "Save"}
      </Button>
    </>
  );
  const title = (
    <>
      {mayEdit ? "Edit schedule of " : "Schedule of "}
      <bdi>{jobId}</bdi>
    </>
  );
  return (
    <Dialog title={title} isOpen isWide onClose={close} actions={actions || undefined}>
      {job && stand ? (
        <EditedSchedule
          job={job}
          stand={stand}
          editor={editor}
          preview={preview}
          faults={faults}
          isWrong={isWrong}
          mayEdit={mayEdit}
          onEnter={save}
        />
      ) : editor.fault ? (
        <Failure fault={editor.fault} what="the job" onRetry={editor.retry} />
      ) : (
        <Loading what="the schedule" />
      )}
      {question}
    </Dialog>
  );
}

/** What can be done with a job: only what the user may do, and the job allows. */
import { Suspense, useState } from "react";
import { isPausedItself, useResume, useSetEnabled } from "../../api/job_actions";
import { useMay } from "../../api/session";
import type { JobDetail } from "../../api/types";
import { Button, LinkButton } from "../../components/Button";
import { Switch } from "../../components/fields";
import { Menu, type Action } from "../../components/Menu";
import { DeleteDialog, PauseDialog, RunDialog, ScheduleDialog } from "../../dialogs/lazy";
import styles from "./JobPage.module.css";

type DialogName = "run" | "schedule" | "pause" | "delete";

export function JobActions({ job }: { job: JobDetail }) {
  const [open, setOpen] = useState<DialogName | null>(null);
  const mayOperate = useMay("operator");
  const mayAdminister = useMay("admin");
  const timeline = `/timeline?q=${encodeURIComponent(job.name)}`;
  const close = () => setOpen(null);
  return (
    <>
      {mayOperate && <Enabled job={job} />}
      <LinkButton href={timeline}>Timeline</LinkButton>
      {mayOperate && <PauseOrResume job={job} onPause={() => setOpen("pause")} />}
      {(mayAdminister || (mayOperate && job.scheduleType === "CRON")) && (
        <Button onPress={() => setOpen("schedule")}>Edit schedule</Button>
      )}
      {mayOperate && (
        <Button look="primary" isDisabled={!job.enabled} onPress={() => setOpen("run")}>
          Run now
        </Button>
      )}
      {mayAdminister && <More onDelete={() => setOpen("delete")} />}
      <Suspense>
        {open === "run" && <RunDialog jobId={job.name} onClose={close} />}
        {open === "schedule" && <ScheduleDialog jobId={job.name} onClose={close} />}
        {open === "pause" && <PauseDialog job={job} onClose={close} />}
        {open === "delete" && <DeleteDialog job={job} onClose={close} />}
      </Suspense>
    </>
  );
}

function Enabled({ job }: { job: JobDetail }) {
  const change = useSetEnabled(job);
  return (
    <span className={styles["enabled"]} aria-busy={change.isPending}>
      <Switch
        isSelected={change.isPending ? change.variables : job.enabled}
        // Not disabled meanwhile: that would take the focus away.
        onChange={(enabled) => !change.isPending && change.mutate(enabled)}
      >
        Enabled
      </Switch>
    </span>
  );
}

function PauseOrResume({ job, onPause }: { job: JobDetail; onPause: () => void }) {
  const resume = useResume(job);
  if (!isPausedItself(job)) return <Button onPress={onPause}>Pause…</Button>;
  return (
    <Button isDisabled={resume.isPending} onPress={() => resume.mutate()}>
      Resume
    </Button>
  );
}

function More({ onDelete }: { onDelete: () => void }) {
  const actions: Action[] = [{ name: "Delete…", isDangerous: true, onAction: onDelete }];
  return <Menu label="Further actions" look="plain" actions={actions} />;
}

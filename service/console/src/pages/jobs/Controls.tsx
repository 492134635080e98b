/** What can be done with a job from the list; only what the user may do, and the job allows. */
import { isPausedItself, useResume, useSetEnabled } from "../../api/job_actions";
import type { Job } from "../../api/types";
import { Button } from "../../components/Button";
import { classes } from "../../components/classes";
import { Switch } from "../../components/fields";
import { jobPath } from "../../components/Link";
import { Menu, type Action } from "../../components/Menu";
import { notify } from "../../components/toast_queue";
import styles from "./Controls.module.css";
import { useActing } from "./dialogs";

/** A switch; shows at once what was asked for, and goes back where it is refused. A viewer sees a word. */
export function EnabledControl({ job }: { job: Job }) {
  const { mayOperate } = useActing();
  const change = useSetEnabled(job);
  if (!mayOperate)
    return <span className={job.enabled ? styles["on"] : styles["off"]}>{job.enabled ? "On" : "Off"}</span>;
  const isOn = change.isPending ? change.variables : job.enabled;
  return (
    <span
      className={classes(styles["switch"], change.isPending && styles["pending"])}
      aria-busy={change.isPending}
    >
      <Switch
        aria-label={`Enabled: ${job.displayName}`}
        isSelected={isOn}
        // Not disabled meanwhile: that would take the focus away.
        onChange={(enabled) => !change.isPending && change.mutate(enabled)}
      />
    </span>
  );
}

export function JobActions({ job }: { job: Job }) {
  const { mayOperate, open } = useActing();
  return (
    <span className={styles["actions"]}>
      {mayOperate && (
        <Button
          isSmall
          aria-label={`Run now: ${job.displayName}`}
          isDisabled={!job.enabled}
          onPress={() => open({ kind: "run", jobId: job.name })}
        >
          Run now
        </Button>
      )}
      <JobMenu job={job} />
    </span>
  );
}

function JobMenu({ job }: { job: Job }) {
  const { mayOperate, mayAdminister, open } = useActing();
  const resume = useResume(job);
  const jobId = job.name;
  // An admin may give a manual job a schedule.
  const maySchedule = mayAdminister || (mayOperate && job.scheduleType === "CRON");
  const isPaused = isPausedItself(job);
  const actions: (Action | false)[] = [
    { name: "Open", path: jobPath(jobId) },
    maySchedule && { name: "Edit schedule…", onAction: () => open({ kind: "schedule", jobId }) },
    mayAdminister && { name: "Edit settings…", onAction: () => open({ kind: "settings", jobId }) },
    mayOperate && !isPaused && { name: "Pause…", onAction: () => open({ kind: "pause", jobId }) },
    mayOperate && isPaused && { name: "Resume", onAction: () => resume.mutate() },
    { name: "Executions", path: `${jobPath(jobId)}?tab=executions` },
    { name: "Timeline", path: `/timeline?q=${encodeURIComponent(jobId)}` },
    { name: "Copy id", onAction: () => void copyId(jobId) },
    mayAdminister && {
      name: "Delete…",
      isDangerous: true,
      onAction: () => open({ kind: "delete", jobId }),
    },
  ];
  return (
    <Menu label={`Actions: ${job.displayName}`} actions={actions.filter((action) => action !== false)} />
  );
}

async function copyId(jobId: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(jobId);
    notify({ tone: "success", title: "Copied", text: jobId });
  } catch {
    notify({ tone: "plain", title: "The browser does not let pages copy; select it by hand", text: jobId });
  }
}

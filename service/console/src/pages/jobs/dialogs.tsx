/** The dialogs of this screen: which one is open, and for which job. */
import { createContext, Suspense, useContext } from "react";
import type { Job } from "../../api/types";
import {
  CreateDialog,
  DeleteDialog,
  PauseDialog,
  RunDialog,
  ScheduleDialog,
  SettingsDialog,
} from "../../dialogs/lazy";

export type OpenDialog =
  | { kind: "run"; jobId: string }
  | { kind: "schedule"; jobId: string }
  | { kind: "settings"; jobId: string }
  | { kind: "pause"; jobId: string }
  | { kind: "delete"; jobId: string }
  | { kind: "pause-all" }
  | { kind: "create" };

/** What every row needs: what the user may do, and how a dialog is opened; the same for the life of the screen. */
interface Acting {
  mayOperate: boolean;
  mayAdminister: boolean;
  open: (dialog: OpenDialog) => void;
}

export const ActingContext = createContext<Acting>({
  mayOperate: false,
  mayAdminister: false,
  open: () => undefined,
});

export function useActing(): Acting {
  return useContext(ActingContext);
}

interface DialogsProps {
  open: OpenDialog | null;
  jobs: readonly Job[];
  onClose: () => void;
}

export function Dialogs({ open, jobs, onClose }: DialogsProps) {
  return <Suspense>{open && <Shown open={open} jobs={jobs} onClose={onClose} />}</Suspense>;
}

function Shown({ open, jobs, onClose }: DialogsProps & { open: OpenDialog }) {
  if (open.kind === "pause-all") return <PauseDialog job={null} onClose={onClose} />;
  if (open.kind === "create") return <CreateDialog onClose={onClose} />;
  // A dialog for a job that is deleted meanwhile says so itself, when it is refused.
  if (open.kind === "run") return <RunDialog jobId={open.jobId} onClose={onClose} />;
  if (open.kind === "schedule") return <ScheduleDialog jobId={open.jobId} onClose={onClose} />;
  if (open.kind === "settings") return <SettingsDialog jobId={open.jobId} onClose={onClose} />;
  const job = jobs.find(({ name }) => name === open.jobId);
  if (!job) return null;
  if (open.kind === "pause") return <PauseDialog job={job} onClose={onClose} />;
  return <DeleteDialog job={job} onClose={onClose} onDeleted={focusContent} />;
}

/** The button that has opened the dialog goes with its job; the keyboard goes on at the list. */
function focusContent(): void {
  setTimeout(() => document.getElementById("content")?.focus({ preventScroll: true }));
}

/** What can be done with a job. */
import { lazy, Suspense, useState } from "react";
import { useMay } from "../../api/session";
import type { JobDetail } from "../../api/types";
import { Button } from "../../components/Button";

const RunDialog = lazy(() => import("../../dialogs/run/RunDialog"));
const ScheduleDialog = lazy(() => import("../../dialogs/schedule/ScheduleDialog"));

export function JobActions({ job }: { job: JobDetail }) {
  const [open, setOpen] = useState<"run" | "schedule" | null>(null);
  const mayOperate = useMay("operator");
  if (!mayOperate) return null;
  const close = () => setOpen(null);
  return (
    <>
      <Button onPress={() => setOpen("schedule")}>Edit schedule</Button>
      <Button look="primary" onPress={() => setOpen("run")}>
        Run now
      </Button>
      <Suspense>
        {open === "run" && <RunDialog jobId={job.name} isOpen onClose={close} />}
        {open === "schedule" && <ScheduleDialog jobId={job.name} isOpen onClose={close} />}
      </Suspense>
    </>
  );
}

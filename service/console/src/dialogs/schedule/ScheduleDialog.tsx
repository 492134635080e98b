/** Not there yet. */
export default function ScheduleDialog(_: { jobId: string; isOpen: boolean; onClose: () => void }) {
  return null;
}

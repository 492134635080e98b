/** Not there yet. */
export default function ScheduleDialog(_props: { jobId: string; isOpen: boolean; onClose: () => void }) {
  return null;
}

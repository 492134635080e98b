/** Not there yet. */
export default function RunDialog(_: { jobId: string; isOpen: boolean; onClose: () => void }) {
  return null;
}

/** Not there yet. */
export default function RunDialog(_props: { jobId: string; isOpen: boolean; onClose: () => void }) {
  return null;
}

/** Not there yet. */
export default function CreateDialog(_props: { isOpen: boolean; onClose: () => void }) {
  return null;
}

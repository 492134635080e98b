/** Lets nobody lose what they have typed without being asked. */
import { useEffect, useState, type ReactNode } from "react";
import { useBlocker } from "react-router";
import { Confirm } from "./Dialog";

interface Unsaved {
  /** Closes at once where there is nothing to lose, else asks. */
  close: () => void;
  /** The question, to be put into the dialog. */
  question: ReactNode;
}

/**
 * Guards a dialog that holds something which is not saved; `text` says what would be lost.
 *
 * Closing the dialog asks, and so do Back, Forward and links that lead elsewhere. The router can be held up in one
 * place at a time: that is enough while dialogs are modal, and in the page only while they are open.
 */
export function useUnsaved(isChanged: boolean, text: string, onClose: () => void): Unsaved {
  const [isAsked, setIsAsked] = useState(false);
  const { state, proceed, reset } = useBlocker(isChanged);
  useEffect(() => {
    if (!isChanged) return;
    // The browser then asks before the page is left.
    const ask = (event: BeforeUnloadEvent) => event.preventDefault();
    window.addEventListener("beforeunload", ask);
    return () => window.removeEventListener("beforeunload", ask);
  }, [isChanged]);
  const stay = () => {
    setIsAsked(false);
    reset?.();
  };
  const discard = () => {
    proceed?.(); // to where somebody was about to go
    onClose();
  };
  const question = (
    <Confirm
      title="Leave without saving?"
      isOpen={isAsked || state === "blocked"}
      confirm="Discard"
      dismiss="Go on editing"
      onConfirm={discard}
      onClose={stay}
    >
      <p>{text}</p>
    </Confirm>
  );
  return { close: () => (isChanged ? setIsAsked(true) : onClose()), question };
}

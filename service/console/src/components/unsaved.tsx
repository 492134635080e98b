/** Lets nobody lose what they have typed without being asked. */
import { useEffect, useState, type ReactNode } from "react";
import { Confirm } from "./Dialog";

interface Unsaved {
  /** Closes at once where there is nothing to lose, else asks. */
  close: () => void;
  /** The question, to be put into the dialog. */
  question: ReactNode;
}

/** Guards a dialog that holds something which is not saved; `text` says what would be lost. */
export function useUnsaved(isChanged: boolean, text: string, onClose: () => void): Unsaved {
  const [isAsked, setIsAsked] = useState(false);
  useEffect(() => {
    if (!isChanged) return;
    // The browser then asks before the page is left.
    const ask = (event: BeforeUnloadEvent) => event.preventDefault();
    window.addEventListener("beforeunload", ask);
    return () => window.removeEventListener("beforeunload", ask);
  }, [isChanged]);
  const question = (
    <Confirm
      title="Leave without saving?"
      isOpen={isAsked}
      confirm="Discard"
      dismiss="Go on editing"
      onConfirm={onClose}
      onClose={() => setIsAsked(false)}
    >
      <p>{text}</p>
    </Confirm>
  );
  return { close: () => (isChanged ? setIsAsked(true) : onClose()), question };
}

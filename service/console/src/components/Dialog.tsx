/** Dialogs: over the page, with the focus kept inside; the whole screen on a phone. */
import { Dialog as AriaDialog, Heading, Modal, ModalOverlay } from "react-aria-components";
import { useEffect, useRef, type ReactNode } from "react";
import { NavigationType, useLocation, useNavigationType } from "react-router";
import { Button, type Look } from "./Button";
import { classes } from "./classes";
import { DropsSecondClick, isSecondClick } from "./second_click";
import styles from "./Dialog.module.css";

interface FrameProps {
  isOpen: boolean;
  onClose: () => void;
  isWide?: boolean;
  children: ReactNode;
}

interface ContentProps {
  title: ReactNode;
  onClose: () => void;
  /** Buttons at the foot. */
  actions?: ReactNode;
  children: ReactNode;
}

type DialogProps = FrameProps & ContentProps;

export function Dialog({ isOpen, isWide = false, ...content }: DialogProps) {
  return (
    <DialogFrame isOpen={isOpen} isWide={isWide} onClose={content.onClose}>
      <DialogContent {...content} />
    </DialogFrame>
  );
}

/**
 * What a dialog stands in. Its content may become another one, and the focus still returns to where it was.
 *
 * It closes when somebody goes elsewhere, also where that is another job on the same kind of screen.
 */
export function DialogFrame({ isOpen, onClose, isWide = false, children }: FrameProps) {
  useCloseOnNavigation(isOpen, onClose);
  return (
    <ModalOverlay
      className={styles["overlay"] ?? ""}
      isOpen={isOpen}
      isDismissable
      // Beside a dialog that the first click of a double click has opened, the second one hits nothing.
      shouldCloseOnInteractOutside={() => !isSecondClick()}
      onOpenChange={(isStillOpen) => !isStillOpen && onClose()}
    >
      <Modal className={classes(styles["modal"], isWide && styles["wide"])}>{children}</Modal>
    </ModalOverlay>
  );
}

/** Whoever goes back, or follows a link in the dialog, wants to see where that leads. */
function useCloseOnNavigation(isOpen: boolean, onClose: () => void) {
  const { key } = useLocation();
  const kind = useNavigationType();
  const opened = useRef<string | null>(null);
  useEffect(() => {
    if (!isOpen) {
      opened.current = null;
      return;
    }
    // An address that takes the place of the last one says what the same screen shows: nobody has gone anywhere.
    const hasLeft = opened.current !== null && opened.current !== key && kind !== NavigationType.Replace;
    opened.current = key;
    if (hasLeft) onClose();
  }, [isOpen, key, kind, onClose]);
}

/** A dialog within its frame. */
export function DialogContent({ title, onClose, actions, children }: ContentProps) {
  return (
    <AriaDialog className={styles["dialog"] ?? ""}>
      <header className={styles["head"]}>
        <Heading slot="title" className={styles["title"] ?? ""}>
          {title}
        </Heading>
        <Button look="quiet" isSmall aria-label="Close the dialog" onPress={onClose}>
          ✕
        </Button>
      </header>
      <div className={styles["body"]}>{children}</div>
      {actions !== undefined && (
        <footer className={styles["foot"]}>
          <DropsSecondClick value>{actions}</DropsSecondClick>
        </footer>
      )}
    </AriaDialog>
  );
}

/** Says within a dialog why what it asked for was not done. */
export function DialogAlert({ children }: { children: ReactNode }) {
  return (
    <p role="alert" className={styles["alert"]}>
      {children}
    </p>
  );
}

interface ConfirmProps {
  title: ReactNode;
  isOpen: boolean;
  isBusy?: boolean;
  confirm: string;
  /** What the button says that leaves everything as it is. */
  dismiss?: string;
  look?: Look;
  onConfirm: () => void;
  onClose: () => void;
  children: ReactNode;
}

/** Asks before something that is hard to take back. */
export function Confirm(allProps: ConfirmProps) {
  const { confirm, dismiss = "Cancel", look = "danger", isBusy = false, onConfirm, ...props } = allProps;
  const actions = (
    <>
      <Button onPress={props.onClose}>{dismiss}</Button>
      <Button look={look} isDisabled={isBusy} onPress={onConfirm}>
        {confirm}
      </Button>
    </>
  );
  return <Dialog {...props} actions={actions} />;
}

/** Where short messages appear; F6 leads there and back. */
import { useSyncExternalStore } from "react";
import { Text } from "react-aria-components";
import {
  UNSTABLE_Toast as Toast,
  UNSTABLE_ToastContent as ToastContent,
  UNSTABLE_ToastRegion as AriaToastRegion,
} from "react-aria-components/Toast";
import { Button } from "./Button";
import { classes } from "./classes";
import { toasts } from "./toast_queue";
import styles from "./Toasts.module.css";

const MARKS = { success: "✓", failed: "!", plain: "i" };

const subscribe = (onChange: () => void) => toasts.subscribe(onChange);
const isNeeded = () => toasts.visibleToasts.length > 0;

export function ToastRegion() {
  // The library makes it a landmark when it is mounted, and only if there is a message already.
  return useSyncExternalStore(subscribe, isNeeded) ? <Region /> : null;
}

function Region() {
  return (
    <AriaToastRegion queue={toasts} className={styles["region"] ?? ""} aria-label="Messages">
      {({ toast }) => {
        const { tone, title, text, action } = toast.content;
        return (
          <Toast toast={toast} className={classes(styles["toast"], styles[tone])}>
            <span className={styles["mark"]} aria-hidden="true">
              {MARKS[tone]}
            </span>
            <ToastContent className={styles["content"] ?? ""}>
              <Text slot="title" className={styles["title"] ?? ""}>
                <bdi>{title}</bdi>
              </Text>
              {text !== undefined && (
                <Text slot="description">
                  <bdi>{text}</bdi>
                </Text>
              )}
            </ToastContent>
            {action && (
              <Button
                isSmall
                onPress={() => {
                  action.onAction();
                  toasts.close(toast.key);
                }}
              >
                {action.name}
              </Button>
            )}
            <Button slot="close" look="quiet" isSmall aria-label="Close the message">
              ✕
            </Button>
          </Toast>
        );
      }}
    </AriaToastRegion>
  );
}

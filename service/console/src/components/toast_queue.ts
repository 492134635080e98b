/** Short messages about what an action did. */
import { UNSTABLE_ToastQueue as ToastQueue } from "react-aria-components/Toast";

interface Message {
  tone: "success" | "failed" | "plain";
  title: string;
  text?: string;
  /** What can be done about it, such as taking it back. */
  action?: { name: string; onAction: () => void };
}

const SHOWN_MS = 8_000;

export const toasts = new ToastQueue<Message>({ maxVisibleToasts: 4 });

/** Shows a message; failures, and what offers an action, stay until they are closed. */
export function notify(message: Message): void {
  const stays = message.tone === "failed" || message.action !== undefined;
  toasts.add(message, stays ? {} : { timeout: SHOWN_MS });
}

/** Whether the screen is a phone's; the same width stands in the style sheets of this folder. */
import { useSyncExternalStore } from "react";

const narrow = window.matchMedia("(width < 640px)");

function subscribe(listener: () => void): () => void {
  narrow.addEventListener("change", listener);
  return () => narrow.removeEventListener("change", listener);
}

export function useIsNarrow(): boolean {
  return useSyncExternalStore(subscribe, () => narrow.matches);
}

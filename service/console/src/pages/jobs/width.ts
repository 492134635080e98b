/** Whether the screen is wide enough for the table; below, every job is a card. */
import { useSyncExternalStore } from "react";

// The same width stands in the style sheets of this folder.
const wide = window.matchMedia("(width >= 1080px)");

function subscribe(listener: () => void): () => void {
  wide.addEventListener("change", listener);
  return () => wide.removeEventListener("change", listener);
}

export function useIsWide(): boolean {
  return useSyncExternalStore(subscribe, () => wide.matches);
}

/** How many CSS pixels are one rem: what the user has set for the size of text. */
export function pixelsPerRem(): number {
  return parseFloat(getComputedStyle(document.documentElement).fontSize);
}

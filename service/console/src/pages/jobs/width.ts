/** How wide the screen is, and so how a job looks: a row of the table, a wide card, or a narrow one. */
import { useSyncExternalStore } from "react";

export type Look = "table" | "wide-cards" | "cards";

// The same widths stand in the style sheets of this folder.
const forTable = window.matchMedia("(width >= 1080px)");
const forWideCards = window.matchMedia("(width >= 640px)");

function subscribe(listener: () => void): () => void {
  for (const media of [forTable, forWideCards]) media.addEventListener("change", listener);
  return () => {
    for (const media of [forTable, forWideCards]) media.removeEventListener("change", listener);
  };
}

export function useLook(): Look {
  return useSyncExternalStore(subscribe, () =>
    forTable.matches ? "table" : forWideCards.matches ? "wide-cards" : "cards",
  );
}

/** How many CSS pixels are one rem: what the user has set for the size of text. */
export function pixelsPerRem(): number {
  return parseFloat(getComputedStyle(document.documentElement).fontSize);
}

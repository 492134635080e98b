/**
 * The second click of a double click is meant for what the first one hit, and what the first one did may have put
 * something else there: a dialog, or another button.
 *
 * A click's `detail` counts the clicks in one place within the system's time for a double click; a key press has 0
 * (UI Events, 3.3 and 3.5.1.1).
 */
import { createContext, useContext } from "react";

let isSecond = false;

/** Looks at every click, before anybody else does who asks what it is. */
export function watchClicks(): void {
  window.addEventListener("click", ({ detail }) => (isSecond = detail > 1), { capture: true });
  window.addEventListener("pointerdown", () => (isSecond = false), { capture: true });
}

/** Whether the click that is going on belongs to a double click, and is not its first. */
export function isSecondClick(): boolean {
  return isSecond;
}

/** Whether the buttons within do nothing at a second click. */
export const DropsSecondClick = createContext(false);

/** A question that a button within asks at a click: whether it is to be dropped. */
export function useDropped(): () => boolean {
  const dropsSecond = useContext(DropsSecondClick);
  return () => dropsSecond && isSecond;
}

/** What buttons, keys and drags make of a view. */
import { now } from "../../time/clock";
import type { Shown } from "./address";
import { neighbour, panned, zoomedStart, type Span, type View } from "./view";

export type Move = Pick<Shown, "span" | "start">;

/** Moves the view by a part of its span; it does not follow the present instant any more. */
export function moveBy(view: View, share: number): Move {
  return { span: view.span, start: panned(view, share) };
}

/** Shows another span: around `instant`, else around the middle; a view that follows goes on to. */
export function zoomTo(view: View, span: Span, instant?: number): Move {
  if (view.isFollowing && instant === undefined) return { span, start: null };
  return { span, start: zoomedStart(view, span, instant ?? (view.from + view.to) / 2) };
}

/** What a key asks for; null where it asks for nothing. */
export function moveOfKey(view: View, key: string): Move | null {
  switch (key) {
    case "ArrowLeft":
      return moveBy(view, -0.1);
    case "ArrowRight":
      return moveBy(view, 0.1);
    case "+":
    case "=":
      return zoomedBy(view, -1);
    case "-":
    case "_":
      return zoomedBy(view, 1);
    case "n":
      return { span: view.span, start: null };
    default:
      return null;
  }
}

function zoomedBy(view: View, by: -1 | 1): Move | null {
  const span = neighbour(view.span, by);
  return span && zoomTo(view, span);
}

/** Shows the shortest span that holds a time, with the time in the middle. */
export function zoomInto(spans: readonly Span[], from: number, to: number): Move | null {
  const span = spans.find(({ ms }) => ms >= to - from);
  return span ? { span, start: (from + to - span.ms) / 2 } : null;
}

/** The end of what has been: `to`, or the present instant where that is earlier. */
export function endOfPast(to: number): number {
  return Math.min(to, now());
}

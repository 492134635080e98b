/** Drags of a pointer over the lanes move the view; a press that does not move asks what is there. */
import { useEffect, useRef, type PointerEvent } from "react";
import type { Scale } from "./scale";

// A hand trembles.
const DRAG_PIXELS = 5;

interface Press {
  pointerId: number;
  x: number;
  from: number;
  isDrag: boolean;
}

type Ask = (jobId: string, x: number) => void;

export function useDrag(scale: Scale, onMove: (start: number) => void, onAsk: Ask) {
  const press = useRef<Press | null>(null);
  const list = useRef<HTMLElement | null>(null);
  useSidewaysWheel(list, scale, onMove);
  return {
    onPointerEnter: (event: PointerEvent<HTMLElement>) => {
      list.current = event.currentTarget;
    },
    onPointerDown: (event: PointerEvent<HTMLElement>) => {
      list.current = event.currentTarget;
      if (event.button !== 0 || trackOf(event) === null) return;
      press.current = { pointerId: event.pointerId, x: event.clientX, from: scale.from, isDrag: false };
    },
    onPointerMove: (event: PointerEvent<HTMLElement>) => {
      const begun = press.current;
      if (begun?.pointerId !== event.pointerId) return;
      const moved = event.clientX - begun.x;
      if (!begun.isDrag && Math.abs(moved) < DRAG_PIXELS) return;
      if (!begun.isDrag) event.currentTarget.setPointerCapture(event.pointerId);
      begun.isDrag = true;
      onMove(begun.from - (moved / scale.width) * (scale.to - scale.from));
    },
    onPointerUp: (event: PointerEvent<HTMLElement>) => {
      const begun = press.current;
      press.current = null;
      const track = trackOf(event);
      if (!begun || begun.isDrag || track === null) return;
      onAsk(track.dataset["job"] ?? "", event.clientX - track.getBoundingClientRect().left);
    },
    onPointerCancel: () => {
      press.current = null;
    },
  };
}

function trackOf({ target }: PointerEvent): HTMLElement | null {
  return target instanceof Element ? target.closest<HTMLElement>("[data-job]") : null;
}

/** A wheel or touchpad that goes sideways moves the view, and not back to the page before. */
function useSidewaysWheel(
  list: React.RefObject<HTMLElement | null>,
  scale: Scale,
  onMove: (start: number) => void,
) {
  const latest = useRef({ scale, onMove });
  useEffect(() => {
    latest.current = { scale, onMove };
  });
  useEffect(() => {
    let rest = 0;
    const onWheel = (event: WheelEvent) => {
      const sideways = event.shiftKey && event.deltaX === 0 ? event.deltaY : event.deltaX;
      if (Math.abs(sideways) <= Math.abs(event.shiftKey ? 0 : event.deltaY)) return;
      if (!(event.target instanceof Node) || !list.current?.contains(event.target)) return;
      event.preventDefault();
      const { scale: present, onMove: move } = latest.current;
      // Small turns add up until they are a step of the view.
      rest += sideways;
      if (Math.abs(rest) < DRAG_PIXELS) return;
      move(present.from + (rest / present.width) * (present.to - present.from));
      rest = 0;
    };
    window.addEventListener("wheel", onWheel, { passive: false });
    return () => window.removeEventListener("wheel", onWheel);
  }, [list]);
}

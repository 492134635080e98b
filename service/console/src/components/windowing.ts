/** Which rows of a long list are in the page: those that can be seen, and some around them. */
import { useLayoutEffect, useMemo, useState, type RefObject } from "react";

interface Range {
  first: number;
  /** Behind the last row. */
  end: number;
}

// So few rows are all in the page: the browser's own search finds them, and print shows them.
const FEW = 40;
// Rows beyond the edges, so that the keyboard finds the next one; and how many rows come and go at once.
const MARGIN = 6;
const STEP = 4;
// Before anything is measured: what a screen holds.
const FIRST_SIGHT = 16;

/** The offsets of rows from the top of the list: of row i at [i], the height of all at the end. */
export function offsetsOf(heights: readonly number[]): Float64Array {
  const offsets = new Float64Array(heights.length + 1);
  heights.forEach((height, index) => (offsets[index + 1] = (offsets[index] ?? 0) + height));
  return offsets;
}

/** Returns the rows between two offsets, with a margin; the edges move in steps. */
export function rangeOf(offsets: Float64Array, top: number, bottom: number): Range {
  const count = offsets.length - 1;
  const first = Math.max(0, indexAt(offsets, top) - MARGIN);
  const end = Math.min(count, indexAt(offsets, bottom) + 1 + MARGIN);
  return { first: Math.floor(first / STEP) * STEP, end: Math.min(count, Math.ceil(end / STEP) * STEP) };
}

/** Returns the row that stands at an offset; beyond the edges the nearest one. */
function indexAt(offsets: Float64Array, offset: number): number {
  let [low, high] = [0, Math.max(0, offsets.length - 2)];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((offsets[middle] ?? 0) <= offset) low = middle;
    else high = middle - 1;
  }
  return low;
}

/**
 * Follows which rows have to be in the page while it is scrolled.
 *
 * `list` is the element whose top is the top of the first row. Heights are in CSS pixels.
 */
export function useWindow(list: RefObject<HTMLElement | null>, heights: readonly number[]) {
  const offsets = useMemo(() => offsetsOf(heights), [heights]);
  const [seen, setSeen] = useState<Range>({ first: 0, end: FIRST_SIGHT });
  const isShort = heights.length <= FEW;
  useLayoutEffect(() => {
    if (isShort) return;
    const look = () => {
      const element = list.current;
      if (!element) return;
      const top = -element.getBoundingClientRect().top;
      const next = rangeOf(offsets, top, top + window.innerHeight);
      setSeen((last) => (last.first === next.first && last.end === next.end ? last : next));
    };
    look();
    window.addEventListener("scroll", look, { passive: true });
    window.addEventListener("resize", look);
    return () => {
      window.removeEventListener("scroll", look);
      window.removeEventListener("resize", look);
    };
  }, [list, offsets, isShort]);
  const end = isShort ? heights.length : Math.min(seen.end, heights.length);
  const first = isShort ? 0 : Math.min(seen.first, end);
  const total = offsets[heights.length] ?? 0;
  return { first, end, before: offsets[first] ?? 0, after: total - (offsets[end] ?? 0) };
}

/** From instants to pixels, and how high the rows are. */

/** `width` pixels show [from, to), in milliseconds since 1970. */
export interface Scale {
  from: number;
  to: number;
  width: number;
}

export const GROUP_HEIGHT = 34;
export const TRACK_HEIGHT = 28;
// On a phone the name stands above its track, large enough for a finger.
const NAME_HEIGHT = 26;

export function heightOf(kind: "group" | "lane", isNarrow: boolean): number {
  if (kind === "group") return GROUP_HEIGHT;
  return isNarrow ? TRACK_HEIGHT + NAME_HEIGHT : TRACK_HEIGHT;
}

/** How far below the top of a lane its track begins. */
export function trackTop(isNarrow: boolean): number {
  return heightOf("lane", isNarrow) - TRACK_HEIGHT;
}

export function xOf(scale: Scale, instant: number): number {
  return ((instant - scale.from) / (scale.to - scale.from)) * scale.width;
}

/** Where something lies that lasts from `start` to `end`; null where it is out of sight. */
export function spanOn(scale: Scale, start: number, end: number): { x: number; width: number } | null {
  const [left, right] = [Math.max(start, scale.from), Math.min(end, scale.to)];
  if (right <= left) return null;
  return { x: xOf(scale, left), width: xOf(scale, right) - xOf(scale, left) };
}

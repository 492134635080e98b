/** What part of time the screen shows; it stands in the address, or follows the present instant. */

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** How much is shown at once. The view begins at a multiple of `step`; the API answers seven days at most. */
export const SPANS = [
  { id: "1h", name: "1 h", words: "1 hour", ms: HOUR, step: 15 * SECOND },
  { id: "6h", name: "6 h", words: "6 hours", ms: 6 * HOUR, step: MINUTE },
  { id: "24h", name: "24 h", words: "24 hours", ms: DAY, step: 5 * MINUTE },
  { id: "3d", name: "3 d", words: "3 days", ms: 3 * DAY, step: 15 * MINUTE },
  { id: "7d", name: "7 d", words: "7 days", ms: 7 * DAY, step: 30 * MINUTE },
] as const;
export type Span = (typeof SPANS)[number];

export const DEFAULT_SPAN: Span = SPANS[2];
// Where the present instant stands while the view follows it.
const PAST_SHARE = 0.7;
// What is read beyond the edges, so that moving a little asks for nothing new.
const READ_STEPS = 12;
const EARLIEST = Date.UTC(1970, 0, 9);
const LATEST = Date.UTC(8999, 0, 1);

export interface View {
  span: Span;
  /** In milliseconds since 1970, like `to`. */
  from: number;
  to: number;
  /** It moves on with the present instant. */
  isFollowing: boolean;
}

export function spanOf(id: string | null): Span {
  return SPANS.find((span) => span.id === id) ?? DEFAULT_SPAN;
}

/** The instant at which the view begins, as the address has it; null: it follows the present instant. */
export function startOf(text: string | null): number | null {
  const start = text === null ? Number.NaN : Date.parse(text);
  return Number.isNaN(start) || start < EARLIEST || start > LATEST ? null : start;
}

/** Where a view that follows the present instant begins. */
export function followingStart(nowMs: number, span: Span): number {
  return floorTo(nowMs - PAST_SHARE * span.ms, span.step);
}

export function viewOf(start: number | null, span: Span, followed: number): View {
  const from = start === null ? followed : floorTo(start, span.step);
  return { span, from, to: from + span.ms, isFollowing: start === null };
}

/** Where the view begins when it is moved by a part of its span. */
export function panned(view: View, share: number): number {
  const moved = floorTo(view.from + share * view.span.ms + view.span.step / 2, view.span.step);
  return Math.min(Math.max(moved, EARLIEST), LATEST);
}

/** The next shorter (-1) or longer (1) span; null at the ends. */
export function neighbour(span: Span, by: -1 | 1): Span | null {
  return SPANS[SPANS.indexOf(span) + by] ?? null;
}

/** Where a view of another span begins in which `instant` stays where it is. */
export function zoomedStart(view: View, span: Span, instant: number): number {
  const share = (instant - view.from) / view.span.ms;
  return floorTo(instant - share * span.ms + span.step / 2, span.step);
}

/** From when to when the timeline is read for a view: a bit more than is seen, where the API allows it. */
export function readingOf({ span, from, to }: View): { from: number; to: number } {
  if (neighbour(span, 1) === null) return { from, to };
  const step = span.ms / READ_STEPS;
  return { from: floorTo(from, step), to: -floorTo(-to, step) };
}

function floorTo(instant: number, step: number): number {
  return Math.floor(instant / step) * step;
}

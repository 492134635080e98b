/** What the screen shows as the address has it, so that a link shows the same. */
import { DEFAULT_SPAN, followingStart, spanOf, startOf, viewOf, type Span } from "./view";

export interface Shown {
  span: Span;
  /** Where the view begins, in milliseconds since 1970; null: it follows the present instant. */
  start: number | null;
  group: string;
  text: string;
  /** "" is the browser's. */
  zone: string;
  /** The job whose lane is told about; "" is none. */
  lane: string;
  /** The instant on that lane that is asked about, in milliseconds since 1970; null: all that is on it. */
  at: number | null;
}

export function shownOf(search: string): Shown {
  const parameters = new URLSearchParams(search);
  const lane = parameters.get("lane") ?? "";
  return {
    span: spanOf(parameters.get("span")),
    start: startOf(parameters.get("from")),
    group: parameters.get("group") ?? "",
    text: parameters.get("q") ?? "",
    zone: parameters.get("zone") ?? "",
    lane,
    at: lane ? startOf(parameters.get("at")) : null,
  };
}

export function searchOf({ span, start, group, text, zone, lane, at }: Shown): string {
  const parameters = new URLSearchParams({
    ...(span !== DEFAULT_SPAN && { span: span.id }),
    ...(start !== null && { from: textOf(start) }),
    ...(group && { group }),
    ...(text && { q: text }),
    ...(zone && { zone }),
    ...(lane && { lane }),
    ...(lane && at !== null && { at: textOf(at) }),
  });
  return parameters.toString();
}

/** Has the view hold the instant that is asked about: one that follows the present instant may have left it behind. */
export function withInstant(shown: Shown, nowMs: number): Shown {
  const { span, start, at } = shown;
  if (start !== null || at === null) return shown;
  const { from, to } = viewOf(null, span, followingStart(nowMs, span));
  return from <= at && at < to ? shown : { ...shown, start: at - span.ms / 2 };
}

function textOf(instant: number): string {
  return new Date(instant).toISOString().replace(".000Z", "Z");
}

/** What the screen shows as the address has it, so that a link shows the same. */
import { DEFAULT_SPAN, spanOf, startOf, type Span } from "./view";

export interface Shown {
  span: Span;
  /** Where the view begins, in milliseconds since 1970; null: it follows the present instant. */
  start: number | null;
  group: string;
  text: string;
  /** "" is the browser's. */
  zone: string;
}

export function shownOf(search: string): Shown {
  const parameters = new URLSearchParams(search);
  return {
    span: spanOf(parameters.get("span")),
    start: startOf(parameters.get("from")),
    group: parameters.get("group") ?? "",
    text: parameters.get("q") ?? "",
    zone: parameters.get("zone") ?? "",
  };
}

export function searchOf({ span, start, group, text, zone }: Shown): string {
  const parameters = new URLSearchParams({
    ...(span !== DEFAULT_SPAN && { span: span.id }),
    ...(start !== null && { from: new Date(start).toISOString().replace(".000Z", "Z") }),
    ...(group && { group }),
    ...(text && { q: text }),
    ...(zone && { zone }),
  });
  return parameters.toString();
}

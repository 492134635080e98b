/** Until when a pause lasts: some common choices, and any instant. */
import { BROWSER_ZONE } from "../../time/format";
import { instantOf, wallTime } from "../../time/zoned";

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

export const CHOICES = [
  { id: "resumed", name: "Until somebody resumes" },
  { id: "15", name: "For 15 minutes" },
  { id: "60", name: "For 1 hour" },
  { id: "240", name: "For 4 hours" },
  { id: "tomorrow", name: "Until tomorrow, 08:00" },
  { id: "instant", name: "Until a time of your choice" },
] as const;
export type UntilChoice = (typeof CHOICES)[number]["id"];

/**
 * Returns the instant (RFC 3339) at which a pause that begins now would end, null for one without an end, and
 * undefined where `typed`, a time in the browser's zone such as "2026-11-24T15:59", is none.
 */
export function untilOf(choice: UntilChoice, typed: string, nowMs: number): string | null | undefined {
  switch (choice) {
    case "resumed":
      return null;
    case "instant":
      return instantOf(typed, BROWSER_ZONE) ?? undefined;
    case "tomorrow":
      return (
        instantOf(`${wallTime(nowMs + DAY, BROWSER_ZONE).slice(0, 10)}T08:00`, BROWSER_ZONE) ?? undefined
      );
    default:
      return new Date(nowMs + Number(choice) * MINUTE).toISOString();
  }
}

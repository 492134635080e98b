/** Instants and spans that go on by themselves. */
import { absolute, BROWSER_ZONE, countdown, duration, relative } from "../time/format";
import { useNow } from "../time/clock";

/** An instant in the browser's zone, the zone of the job and UTC: what a pointer that rests on it reads. */
export function inAllZones(instant: string, zone?: string): string {
  const zones = [...new Set([zone ?? BROWSER_ZONE, BROWSER_ZONE, "UTC"])];
  return zones.map((each) => `${absolute(instant, each)} (${each})`).join("\n");
}

/** How long ago, or how far ahead: "12 s ago", "in 3 min". */
export function Ago({ instant, zone }: { instant: string; zone?: string }) {
  const text = useNow((nowMs) => relative(instant, nowMs));
  return (
    <time dateTime={instant} title={inAllZones(instant, zone)}>
      {text}
    </time>
  );
}

/** How long it is until then, to the second: "in 04:12". */
export function Countdown({ instant, zone }: { instant: string; zone?: string }) {
  const text = useNow((nowMs) => countdown(instant, nowMs));
  return (
    <time dateTime={instant} title={inAllZones(instant, zone)}>
      {text}
    </time>
  );
}

/** An instant in full, in the given zone, else in the browser's. */
export function At({ instant, zone }: { instant: string; zone?: string }) {
  return (
    <time dateTime={instant} title={inAllZones(instant, zone)}>
      {absolute(instant, zone)}
    </time>
  );
}

/** How long something that goes on has taken so far. */
export function Elapsed({ since }: { since: string }) {
  const text = useNow((nowMs) => duration(Math.floor((nowMs - Date.parse(since)) / 1000) * 1000));
  return <span>{text}</span>;
}

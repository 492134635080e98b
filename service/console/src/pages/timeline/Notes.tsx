/** What happened to all jobs in the time shown: outages, and changes of the clocks. */
import type { Timeline } from "../../api/types";
import { absolute, duration } from "../../time/format";
import { changesOf, wordsOfChange } from "./clock_changes";
import styles from "./Notes.module.css";
import type { View } from "./view";

const MOST = 3;

export function Notes({ timeline, view, zone }: { timeline: Timeline; view: View; zone: string }) {
  const outages = timeline.outages
    .filter(({ fromTime, toTime }) => isSeen(view, fromTime, toTime))
    .map(({ fromTime, toTime }) => ({
      key: fromTime,
      kind: "outage",
      word: "Outage",
      text:
        toTime === null
          ? `since ${absolute(fromTime, zone)} no replica holds a lease`
          : `no replica held a lease for ${duration(Date.parse(toTime) - Date.parse(fromTime))} from ${absolute(fromTime, zone)}`,
    }));
  const changes = changesOf(timeline.clockChanges)
    .filter(({ at }) => isSeen(view, at, at))
    .map((change) => ({
      key: `${change.at} ${change.shiftSeconds}`,
      kind: "change",
      word: "Clock change",
      text: `${wordsOfChange(change)} at ${absolute(change.at, zone)}`,
    }));
  const notes = [...outages, ...changes];
  if (notes.length === 0) return null;
  return (
    <ul className={styles["notes"]} aria-label="In this time">
      {notes.slice(0, MOST).map(({ key, kind, word, text }) => (
        <li key={key} className={styles[kind]}>
          <strong>{word}</strong>: {text}
        </li>
      ))}
      {notes.length > MOST && <li>and {notes.length - MOST} more, marked above the lanes</li>}
    </ul>
  );
}

function isSeen({ from, to }: View, start: string, end: string | null): boolean {
  return Date.parse(start) < to && (end === null || Date.parse(end) >= from);
}

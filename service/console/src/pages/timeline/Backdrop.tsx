/** What goes through all lanes: the grid, outages, clock changes, and the present instant. */
import type { Timeline } from "../../api/types";
import { useNow } from "../../time/clock";
import styles from "./Backdrop.module.css";
import { changesOf } from "./clock_changes";
import { spanOn, xOf, type Scale } from "./scale";
import type { Tick } from "./ticks";

interface BackdropProps {
  scale: Scale;
  ticks: readonly Tick[];
  timeline: Timeline;
}

export function Backdrop({ scale, ticks, timeline }: BackdropProps) {
  return (
    <svg className={styles["backdrop"]} width={scale.width} aria-hidden="true">
      <defs>
        <pattern id="timeline-rest" width="7" height="7" patternUnits="userSpaceOnUse">
          <path className={styles["hatch"]} d="M-1 8 L8 -1 M-1 1 L1 -1 M6 8 L8 6" />
        </pattern>
      </defs>
      <Outages scale={scale} outages={timeline.outages} />
      {ticks.map(({ at, isDay }) => (
        <line
          key={at}
          className={isDay ? styles["day"] : styles["tick"]}
          x1={xOf(scale, at)}
          x2={xOf(scale, at)}
          y1="0"
          y2="100%"
        />
      ))}
      {changesOf(timeline.clockChanges).map(({ at, shiftSeconds }) => {
        const x = xOf(scale, Date.parse(at));
        return (
          <line key={`${at} ${shiftSeconds}`} className={styles["change"]} x1={x} x2={x} y1="0" y2="100%" />
        );
      })}
      <NowLine scale={scale} />
    </svg>
  );
}

function Outages({ scale, outages }: { scale: Scale; outages: Timeline["outages"] }) {
  const nowMs = useNow((ms) => Math.floor(ms / 1000) * 1000);
  return outages.map(({ fromTime, toTime }) => {
    const place = spanOn(scale, Date.parse(fromTime), toTime === null ? nowMs : Date.parse(toTime));
    if (place === null) return null;
    return (
      <rect
        key={fromTime}
        className={styles["outage"]}
        x={place.x}
        width={Math.max(2, place.width)}
        y="0"
        height="100%"
      />
    );
  });
}

/** Moves by itself; nothing else is drawn anew for it. */
function NowLine({ scale }: { scale: Scale }) {
  const x = useNow((nowMs) => Math.round(xOf(scale, nowMs) * 10) / 10);
  if (x < 0 || x > scale.width) return null;
  return (
    <>
      <rect className={styles["future"]} x={x} width={scale.width - x} y="0" height="100%" />
      <line className={styles["now"]} x1={x} x2={x} y1="0" y2="100%" data-testid="now" />
    </>
  );
}

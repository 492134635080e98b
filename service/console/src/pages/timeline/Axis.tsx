/** The time axis: ticks on the clocks of a zone, the present instant, outages and clock changes. */
import type { Ref } from "react";
import type { Timeline } from "../../api/types";
import { useNow } from "../../time/clock";
import { absolute, localTime } from "../../time/format";
import styles from "./Axis.module.css";
import { changesOf, wordsOfChange } from "./clock_changes";
import { spanOn, xOf, type Scale } from "./scale";
import type { Tick } from "./ticks";

const HEIGHT = 42;
const TICK_Y = 15;
const MARK_Y = 34;
// So wide is the word in a mark.
const WORD = 52;

interface AxisProps {
  ref: Ref<HTMLDivElement>;
  scale: Scale;
  ticks: readonly Tick[];
  timeline: Timeline;
  zone: string;
}

export function Axis({ ref, scale, ticks, timeline, zone }: AxisProps) {
  const changes = changesOf(timeline.clockChanges).filter(({ at }) => isIn(scale, Date.parse(at)));
  const nowMs = useNow((ms) => Math.floor(ms / 1000) * 1000);
  return (
    <div className={styles["axis"]}>
      <div className={styles["zone"]}>{localTime(scale.to, zone).zoneName}</div>
      <div className={styles["scale"]} ref={ref}>
        <svg width={scale.width} height={HEIGHT} aria-hidden="true" className={styles["drawing"]}>
          {ticks.map(({ at, label, isDay }) => (
            <g key={at}>
              <line className={styles["tick"]} x1={xOf(scale, at)} x2={xOf(scale, at)} y1={19} y2={HEIGHT} />
              <text
                className={isDay ? styles["day"] : styles["label"]}
                x={inside(xOf(scale, at), label.length * 3.6, scale.width)}
                y={TICK_Y}
              >
                {label}
              </text>
            </g>
          ))}
          {timeline.outages.map(({ fromTime, toTime }) => {
            const place = spanOn(scale, Date.parse(fromTime), toTime === null ? nowMs : Date.parse(toTime));
            if (place === null) return null;
            return (
              <g key={fromTime} className={styles["outage"]}>
                <title>{`No replica held a lease from ${absolute(fromTime, zone)}${toTime ? ` to ${absolute(toTime, zone)}` : ""}`}</title>
                <rect x={place.x} width={Math.max(2, place.width)} y={MARK_Y - 12} height={HEIGHT} />
                <text x={inside(place.x + place.width / 2, WORD / 2, scale.width)} y={MARK_Y}>
                  Outage
                </text>
              </g>
            );
          })}
          {changes.map((change) => (
            <g key={`${change.at} ${change.shiftSeconds}`} className={styles["change"]}>
              <title>{wordsOfChange(change)}</title>
              <text x={inside(xOf(scale, Date.parse(change.at)), WORD / 2, scale.width)} y={MARK_Y}>
                {change.shiftSeconds > 0 ? "Clocks +" : "Clocks −"}
              </text>
            </g>
          ))}
          {isIn(scale, nowMs) && (
            <g className={styles["now"]}>
              <rect
                x={inside(xOf(scale, nowMs), 17, scale.width) - 17}
                y={MARK_Y - 11}
                width={34}
                height={15}
                rx={3}
              />
              <text x={inside(xOf(scale, nowMs), 17, scale.width)} y={MARK_Y + 0.5}>
                now
              </text>
            </g>
          )}
        </svg>
      </div>
    </div>
  );
}

function isIn({ from, to }: Scale, instant: number): boolean {
  return from <= instant && instant < to;
}

/** Keeps a centred word within the drawing. */
function inside(x: number, half: number, width: number): number {
  return Math.min(Math.max(x, half), width - half);
}

/** The lanes below the time axis: only those in sight are in the page; drags and keys move the view. */
import { useCallback, useMemo, useRef } from "react";
import type { Timeline } from "../../api/types";
import { useWidth } from "../../components/use_width";
import { offsetsOf, useWindow } from "../../components/windowing";
import type { Shown } from "./address";
import { Axis } from "./Axis";
import { Backdrop } from "./Backdrop";
import styles from "./Chart.module.css";
import { hitAt, instantOf } from "./hit";
import { Inspector } from "./Inspector";
import { LaneRow } from "./LaneRow";
import type { Row } from "./lanes";
import { Moment, Place } from "./Moment";
import { moveOfKey } from "./moves";
import { useIsNarrow } from "./narrow";
import { GROUP_HEIGHT, heightOf, trackTop, xOf, type Scale } from "./scale";
import { ticksOf } from "./ticks";
import { useDrag } from "./use_drag";
import { useMoreLanes } from "./use_more_lanes";
import { now } from "../../time/clock";
import type { View } from "./view";

interface ChartProps {
  rows: readonly Row[];
  timeline: Timeline;
  view: View;
  zone: string;
  /** What is told about. */
  lane: string;
  at: number | null;
  onChange: (some: Partial<Shown>) => void;
}

// How near to a mark a pointer, or a finger, has to be.
const REACH_PIXELS = 5;

const NOTHING_ASKED = { lane: "", at: null };

export function Chart({ rows, timeline, view, zone, lane, at, onChange }: ChartProps) {
  const isNarrow = useIsNarrow();
  const list = useRef<HTMLOListElement>(null);
  const [axis, width] = useWidth<HTMLDivElement>(900);
  const anchor = useRef<HTMLSpanElement>(null);
  const heights = useMemo(() => rows.map(({ kind }) => heightOf(kind, isNarrow)), [rows, isNarrow]);
  const { first, end, before, after } = useWindow(list, heights);
  const inSight = useMemo(() => rows.slice(first, end), [rows, first, end]);
  const shownRows = useMoreLanes(inSight, timeline);
  const { from, to } = view;
  const scale: Scale = useMemo(() => ({ from, to, width }), [from, to, width]);
  const ticks = useMemo(() => ticksOf(from, to, width, zone), [from, to, width, zone]);
  const lanes = useMemo(() => {
    const found = [...rows, ...shownRows].filter((row) => row.kind === "lane");
    return new Map(found.map((row) => [row.jobId, row]));
  }, [rows, shownRows]);

  const perPixel = (to - from) / width;
  const reach = Math.round(REACH_PIXELS * perPixel);
  const ask = (jobId: string, x: number) => {
    const row = lanes.get(jobId);
    if (!row) return;
    const instant = Math.round(from + x * perPixel);
    const hit = hitAt(row.lane, instant, reach, now());
    onChange({ lane: jobId, at: instantOf(hit, instant, now()) });
  };
  const drag = useDrag(scale, (start) => onChange({ start }), ask);
  const inspect = useCallback((jobId: string) => onChange({ lane: jobId, at: null }), [onChange]);
  const close = () => onChange(NOTHING_ASKED);
  const index = rows.findIndex((row) => row.kind === "lane" && row.jobId === lane);
  // It need not be in sight, if it was an address that asked.
  const [asked] = useMoreLanes(
    useMemo(() => rows.slice(index, index + 1), [rows, index]),
    timeline,
  );
  const row = asked?.kind === "lane" ? asked : null;
  const hit = useMemo(
    () => (row?.lane && at !== null ? hitAt(row.lane, at, reach, now()) : null),
    [row, at, reach],
  );

  return (
    <section
      className={styles["chart"]}
      aria-label="Lanes. Arrow keys move the time shown, plus and minus zoom, n leads to now."
      tabIndex={0}
      onKeyDown={(event) => {
        if (event.ctrlKey || event.metaKey || event.altKey) return;
        const move = moveOfKey(view, event.key);
        if (move === null) return;
        event.preventDefault();
        onChange(move);
      }}
    >
      <Axis ref={axis} scale={scale} ticks={ticks} timeline={timeline} zone={zone} />
      <div className={styles["body"]}>
        <Backdrop scale={scale} ticks={ticks} timeline={timeline} />
        <ol
          ref={list}
          className={styles["lanes"]}
          aria-label="Jobs"
          style={{ paddingTop: before, paddingBottom: after }}
          {...drag}
        >
          {shownRows.map((row) =>
            row.kind === "group" ? (
              <li key={row.key} className={styles["group"]} style={{ height: GROUP_HEIGHT }}>
                <h2>
                  <bdi>{row.name}</bdi> <span>{row.count}</span>
                </h2>
              </li>
            ) : (
              <LaneRow
                key={row.key}
                row={row}
                scale={scale}
                origin={timeline.fromTime}
                isNarrow={isNarrow}
                onInspect={inspect}
              />
            ),
          )}
        </ol>
        {row && at !== null && (
          <Place
            key={`${lane} ${at}`}
            ref={anchor}
            x={Math.min(Math.max(xOf(scale, at), 0), width)}
            y={(offsetsOf(heights)[index] ?? 0) + trackTop(isNarrow)}
          />
        )}
      </div>
      {row && hit && (
        <Moment
          asked={{ row, hit, reach }}
          anchor={anchor}
          outages={timeline.outages}
          onMove={(move) => onChange({ ...move, ...NOTHING_ASKED })}
          onClose={close}
        />
      )}
      {row && at === null && (
        <Inspector key={lane} row={row} view={view} outages={timeline.outages} onClose={close} />
      )}
    </section>
  );
}

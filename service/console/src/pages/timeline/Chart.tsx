/** The lanes below the time axis: only those in sight are in the page; drags and keys move the view. */
import { useCallback, useMemo, useRef, useState } from "react";
import type { Timeline } from "../../api/types";
import { useWidth } from "../../components/use_width";
import { useWindow } from "../../components/windowing";
import type { Shown } from "./address";
import { Axis } from "./Axis";
import { Backdrop } from "./Backdrop";
import styles from "./Chart.module.css";
import { hitAt } from "./hit";
import { Inspector } from "./Inspector";
import { LaneRow } from "./LaneRow";
import type { JobLane, Row } from "./lanes";
import { Moment, type Asked } from "./Moment";
import { moveOfKey } from "./moves";
import { useIsNarrow } from "./narrow";
import { GROUP_HEIGHT, heightOf, type Scale } from "./scale";
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
  onChange: (some: Partial<Shown>) => void;
}

// How near to a mark a pointer, or a finger, has to be.
const REACH_PIXELS = 5;

export function Chart({ rows, timeline, view, zone, onChange }: ChartProps) {
  const isNarrow = useIsNarrow();
  const list = useRef<HTMLOListElement>(null);
  const [axis, width] = useWidth<HTMLDivElement>(900);
  const [asked, setAsked] = useState<Asked | null>(null);
  const [inspected, setInspected] = useState<string | null>(null);
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

  const ask = (jobId: string, x: number, anchor: DOMRect, clientX: number) => {
    const row = lanes.get(jobId);
    if (!row) return;
    const perPixel = (to - from) / width;
    const reach = Math.round(REACH_PIXELS * perPixel);
    const hit = hitAt(row.lane, Math.round(from + x * perPixel), reach, now());
    setAsked({ row, hit, reach, anchor: { left: clientX, top: anchor.top, height: anchor.height } });
  };
  const drag = useDrag(scale, (start) => onChange({ start }), ask);
  const inspect = useCallback((jobId: string) => setInspected(jobId), []);
  const shownLane: JobLane | undefined = inspected === null ? undefined : lanes.get(inspected);

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
      </div>
      {asked && (
        <Moment
          asked={asked}
          outages={timeline.outages}
          onMove={(move) => {
            setAsked(null);
            onChange(move);
          }}
          onClose={() => setAsked(null)}
        />
      )}
      {shownLane && (
        <Inspector
          row={shownLane}
          view={view}
          outages={timeline.outages}
          onClose={() => setInspected(null)}
        />
      )}
    </section>
  );
}

/**
 * The lines of a log in a box that scrolls, of which only those in sight are in the page.
 *
 * It is no live region: a run may write hundreds of lines a second, and nobody could listen to that. How many there
 * are, whether more will come and what was found is said beside it.
 */
import {
  useCallback,
  useEffect,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
  type KeyboardEvent,
} from "react";
import type { LogLine } from "../../../api/log_lines";
import { Heights } from "./heights";
import styles from "./Log.module.css";
import { LogRow, rowId } from "./LogRow";
import { indexOfId } from "./selection";

// As in Log.module.css.
const LINE_PX = 24;
const MARGIN = 12;
const FIRST_SIGHT = 40;
const AT_END_PX = 8;

interface LogViewProps {
  lines: readonly LogLine[];
  finder: RegExp | null;
  markedId: number | null;
  isFollowing: boolean;
  onFollow: (isFollowing: boolean) => void;
  zone: string;
}

export function LogView({ lines, finder, markedId, isFollowing, onFollow, zone }: LogViewProps) {
  const box = useRef<HTMLDivElement>(null);
  const [seen, setSeen] = useState({ first: 0, end: FIRST_SIGHT });
  const [open, setOpen] = useState<ReadonlyMap<number, number>>(new Map());
  const [currentId, setCurrentId] = useState<number | null>(null);
  const heights = useHeights(lines, open);
  const anchor = useRef<{ logId: number; offset: number } | null>(null);
  const lastTop = useRef(0);
  const wantsFocus = useRef<number | null>(null);
  const justOpened = useRef<number | null>(null);

  const look = useCallback(() => {
    const element = box.current;
    if (!element) return;
    const { scrollTop, clientHeight } = element;
    const top = heights.indexAt(scrollTop);
    const first = Math.max(0, top - MARGIN);
    const end = heights.indexAt(scrollTop + clientHeight) + 1 + MARGIN;
    setSeen((before) => (before.first === first && before.end === end ? before : { first, end }));
    const line = lines[top];
    anchor.current = line ? { logId: line.logId, offset: scrollTop - heights.topOf(top) } : null;
    lastTop.current = scrollTop;
  }, [heights, lines]);

  const onScroll = () => {
    const element = box.current;
    if (!element) return;
    const isAtEnd = element.scrollHeight - element.scrollTop - element.clientHeight < AT_END_PX;
    if (isAtEnd) onFollow(true);
    else if (element.scrollTop < lastTop.current) onFollow(false);
    look();
  };

  // When lines come, go or open: stay at the end, or with the line that was at the top.
  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return;
    if (isFollowing) element.scrollTop = element.scrollHeight;
    else if (anchor.current) {
      const wanted = heights.topOf(indexOfId(lines, anchor.current.logId)) + anchor.current.offset;
      if (Math.abs(element.scrollTop - wanted) > 1) element.scrollTop = wanted;
    }
    const opened = justOpened.current;
    if (opened !== null && (open.get(opened) ?? 0) > 0) {
      justOpened.current = null;
      const index = indexOfId(lines, opened);
      const [top, bottom] = [heights.topOf(index), heights.topOf(index + 1)];
      const hidden = bottom - element.scrollTop - element.clientHeight;
      if (hidden > 0) element.scrollTop = Math.min(top, element.scrollTop + hidden);
    }
    look();
  }, [lines, heights, open, isFollowing, look]);

  const bringIntoSight = useCallback(
    (index: number, isCentred: boolean) => {
      const element = box.current;
      if (!element) return;
      const top = heights.topOf(index);
      const { scrollTop, clientHeight } = element;
      if (isCentred) element.scrollTop = top - clientHeight / 2;
      else if (top < scrollTop) element.scrollTop = top;
      else if (top + LINE_PX > scrollTop + clientHeight) element.scrollTop = top + LINE_PX - clientHeight;
      look(); // at once: the browser tells of the scrolling later, when the old place may have been restored
    },
    [heights, look],
  );

  const marked = useRef<number | null>(null);
  useLayoutEffect(() => {
    if (markedId === marked.current) return;
    marked.current = markedId;
    if (markedId !== null) bringIntoSight(indexOfId(lines, markedId), true);
  }, [markedId, lines, bringIntoSight]);

  useEffect(() => {
    if (wantsFocus.current === null || wantsFocus.current !== currentId) return;
    document.getElementById(rowId(wantsFocus.current))?.focus({ preventScroll: true });
    wantsFocus.current = null;
  }, [currentId, seen]);

  const onKeyDown = (event: KeyboardEvent) => {
    const page = Math.max(1, Math.floor((box.current?.clientHeight ?? 0) / LINE_PX) - 1);
    const from = currentId === null ? lines.length - 1 : indexOfId(lines, currentId);
    const to = targetOf(event.key, from, page, lines.length);
    const line = to === null ? undefined : lines[Math.max(0, Math.min(lines.length - 1, to))];
    if (!line) return;
    event.preventDefault();
    if (line.logId === currentId) return;
    onFollow(false);
    wantsFocus.current = line.logId;
    setCurrentId(line.logId);
    bringIntoSight(indexOfId(lines, line.logId), false);
  };

  const onToggle = useCallback(
    (logId: number) => {
      onFollow(false); // or the next line would take away what is being read
      justOpened.current = logId;
      setOpen((before) => {
        const after = new Map(before);
        if (!after.delete(logId)) after.set(logId, 0);
        return after;
      });
    },
    [onFollow],
  );
  const onHeight = useCallback((logId: number, height: number) => {
    setOpen((before) => (before.get(logId) === height ? before : new Map(before).set(logId, height)));
  }, []);

  const currentIndex =
    currentId === null ? lines.length - 1 : Math.min(indexOfId(lines, currentId), lines.length - 1);
  return (
    <div
      ref={box}
      className={styles["box"]}
      role="region"
      aria-label="Lines of the log"
      tabIndex={0}
      onScroll={onScroll}
    >
      <ol className={styles["lines"]} style={{ height: `${heights.total}px` }} onKeyDown={onKeyDown}>
        {shownOf(seen, currentIndex, lines.length).map((index) => {
          const line = lines[index];
          if (!line) return null;
          return (
            <LogRow
              key={line.logId}
              line={line}
              top={heights.topOf(index)}
              position={index + 1}
              size={lines.length}
              finder={finder}
              zone={zone}
              isOpen={open.has(line.logId)}
              isMarked={line.logId === markedId}
              isCurrent={index === currentIndex}
              onToggle={onToggle}
              onCurrent={setCurrentId}
              onHeight={onHeight}
            />
          );
        })}
      </ol>
    </div>
  );
}

function useHeights(lines: readonly LogLine[], open: ReadonlyMap<number, number>): Heights {
  return useMemo(() => {
    const extras = [...open]
      .map(([logId, height]) => ({ logId, height, index: indexOfId(lines, logId) }))
      .filter(({ logId, index }) => lines[index]?.logId === logId)
      .sort((one, other) => one.index - other.index);
    return new Heights(lines.length, LINE_PX, extras);
  }, [lines, open]);
}

/** The lines in sight, and the one that has the focus or would get it, wherever it is: it must not vanish. */
function shownOf(seen: { first: number; end: number }, current: number, count: number): number[] {
  const end = Math.min(seen.end, count);
  const first = Math.min(seen.first, Math.max(0, end - 1));
  const shown = Array.from({ length: end - first }, (_, index) => first + index);
  if (current >= 0 && current < first) return [current, ...shown];
  return current >= end && current < count ? [...shown, current] : shown;
}

function targetOf(key: string, from: number, page: number, count: number): number | null {
  switch (key) {
    case "ArrowDown":
      return from + 1;
    case "ArrowUp":
      return from - 1;
    case "PageDown":
      return from + page;
    case "PageUp":
      return from - page;
    case "Home":
      return 0;
    case "End":
      return count - 1;
    default:
      return null;
  }
}

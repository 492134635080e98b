/** One line of a log: on one line, or open with all that it says. */
import { memo, useLayoutEffect, useRef } from "react";
import type { LogLine } from "../../../api/log_lines";
import { classes } from "../../../components/classes";
import { absolute, localTime } from "../../../time/format";
import styles from "./Log.module.css";
import { partsOf, rankOf } from "./selection";

interface LogRowProps {
  line: LogLine;
  top: number;
  position: number;
  size: number;
  finder: RegExp | null;
  zone: string;
  isOpen: boolean;
  isMarked: boolean;
  /** The one line that the Tab key reaches. */
  isCurrent: boolean;
  onToggle: (logId: number) => void;
  onCurrent: (logId: number) => void;
  /** Told of the height of what is open, in CSS pixels. */
  onHeight: (logId: number, height: number) => void;
}

export const LogRow = memo(function LogRow(props: LogRowProps) {
  const { line, top, position, size, finder, zone, isOpen, isMarked, isCurrent } = props;
  const { logId, level, message, fieldText } = line;
  return (
    <li
      className={classes(styles["row"], isMarked && styles["marked"])}
      style={{ top: `${top}px` }}
      aria-setsize={size}
      aria-posinset={position}
    >
      {/* The browser's own button: dozens of these come and go with every turn of the wheel. */}
      <button
        type="button"
        id={rowId(logId)}
        className={styles["line"]}
        tabIndex={isCurrent ? 0 : -1}
        aria-expanded={isOpen}
        onClick={() => props.onToggle(logId)}
        onFocus={() => props.onCurrent(logId)}
      >
        <time dateTime={line.timestamp} className={styles["time"]}>
          {timeOf(line.timestamp, zone)}
        </time>
        <span className={classes(styles["level"], styles[`rank${rankOf(level)}`])}>
          <bdi>{level.toUpperCase()}</bdi>
        </span>
        <span className={styles["text"]}>
          <bdi>
            <Found text={firstPart(message)} finder={finder} />
          </bdi>{" "}
          {fieldText && (
            <bdi className={styles["fields"]}>
              <Found text={firstPart(fieldText)} finder={finder} />
            </bdi>
          )}
        </span>
      </button>
      {isOpen && <Details line={line} finder={finder} zone={zone} onHeight={props.onHeight} />}
    </li>
  );
});

type DetailsProps = Pick<LogRowProps, "line" | "finder" | "zone" | "onHeight">;

function Details({ line, finder, zone, onHeight }: DetailsProps) {
  const element = useRef<HTMLDivElement>(null);
  const { logId, timestamp, message, fields } = line;
  useLayoutEffect(() => {
    const box = element.current;
    if (!box) return;
    const measure = () => onHeight(logId, box.offsetHeight);
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(box);
    return () => observer.disconnect();
  }, [logId, onHeight]);
  return (
    <div ref={element} className={styles["details"]}>
      <p className={styles["when"]}>
        {absolute(timestamp, zone)} · <code>{timestamp}</code>
      </p>
      <pre>
        <Found text={message} finder={finder} />
      </pre>
      {Object.entries(fields).length > 0 && (
        <dl>
          {Object.entries(fields).map(([name, value]) => (
            <div key={name}>
              <dt>
                <bdi>{name}</bdi>
              </dt>
              <dd>
                <Found
                  text={typeof value === "string" ? value : JSON.stringify(value, null, 2)}
                  finder={finder}
                />
              </dd>
            </div>
          ))}
        </dl>
      )}
    </div>
  );
}

function Found({ text, finder }: { text: string; finder: RegExp | null }) {
  if (!finder) return text;
  return partsOf(text, finder).map((part, index) =>
    index % 2 === 1 ? <mark key={index}>{part}</mark> : part,
  );
}

// More than the widest screen shows of one line.
const LONGEST = 1_000;

function firstPart(text: string): string {
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}

/** The id of a line's button in the page. */
export function rowId(logId: number): string {
  return `log-line-${logId}`;
}

function timeOf(timestamp: string, zone: string): string {
  const ms = Date.parse(timestamp) % 1000;
  return `${localTime(timestamp, zone).time}.${String(ms).padStart(3, "0")}`;
}

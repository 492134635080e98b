/** The lines of a run's log as the page keeps them: in order, each once, and not without end. */
import type { LogEntry } from "./types";

export interface LogLine {
  logId: number;
  timestamp: string;
  level: string;
  message: string;
  fields: Record<string, unknown>;
  /** The fields on one line, such as "symbol=IBM bars=120". */
  fieldText: string;
}

export interface LogLines {
  lines: readonly LogLine[];
  /** How many of the oldest lines have been left out to save memory. */
  leftOut: number;
  characters: number;
}

export const MOST_LINES = 20_000;
const MOST_CHARACTERS = 16_000_000;
// Beyond a limit this part of it stays, so that not every line has the array copied once more.
const KEPT = 0.9;

export const NO_LINES: LogLines = { lines: [], leftOut: 0, characters: 0 };

/** Returns the lines with further ones behind them; what is there already comes in no second time. */
export function withLines(before: LogLines, entries: readonly LogEntry[]): LogLines {
  let last = lastIdOf(before);
  const added: LogLine[] = [];
  for (const entry of entries) {
    if (entry.logId <= last) continue;
    last = entry.logId;
    added.push(lineOf(entry));
  }
  if (added.length === 0) return before;
  const characters = added.reduce((sum, line) => sum + sizeOf(line), before.characters);
  return bounded({ ...before, lines: [...before.lines, ...added], characters });
}

/** The id of the last line, 0 where there is none. */
export function lastIdOf({ lines }: LogLines): number {
  return lines.at(-1)?.logId ?? 0;
}

function bounded(all: LogLines): LogLines {
  if (all.lines.length <= MOST_LINES && all.characters <= MOST_CHARACTERS) return all;
  let { characters } = all;
  let first = 0;
  while (all.lines.length - first > MOST_LINES * KEPT || characters > MOST_CHARACTERS * KEPT) {
    const line = all.lines[first];
    if (!line) break;
    characters -= sizeOf(line);
    first += 1;
  }
  return { lines: all.lines.slice(first), leftOut: all.leftOut + first, characters };
}

function sizeOf({ message, fieldText }: LogLine): number {
  return message.length + 2 * fieldText.length; // the fields are kept as text and as what they are
}

function lineOf({ logId, timestamp, level, message, fields }: LogEntry): LogLine {
  return { logId, timestamp, level, message, fields, fieldText: fieldTextOf(fields) };
}

/** Writes fields on one line; texts without quotes where nothing can be mistaken. */
export function fieldTextOf(fields: Record<string, unknown>): string {
  return Object.entries(fields)
    .map(([name, value]) => `${name}=${valueText(value)}`)
    .join(" ");
}

function valueText(value: unknown): string {
  if (typeof value === "string" && /^[^\s"=]+$/.test(value)) return value;
  return JSON.stringify(value);
}

/** Writes a line as it stands in a file. */
export function lineAsText({ timestamp, level, message, fieldText }: LogLine): string {
  return [timestamp, level.toUpperCase().padEnd(7), message, fieldText].filter(Boolean).join(" ");
}

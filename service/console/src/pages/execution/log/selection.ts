/** Which lines of a log are shown, and where a text is found in them. */
import type { LogLine } from "../../../api/log_lines";

export const LEVELS = ["ALL", "WARNING", "ERROR"] as const;
export type Level = (typeof LEVELS)[number];

const RANKS: Record<string, number> = { debug: 0, info: 1, warning: 2, warn: 2, error: 3, critical: 4 };
const LEAST: Record<Level, number> = { ALL: 0, WARNING: 2, ERROR: 3 };

/** How grave a level is; one that nobody knows counts as information. */
export function rankOf(level: string): number {
  return RANKS[level.toLowerCase()] ?? 1;
}

/** Returns the lines of that level and graver ones. */
export function ofLevel(lines: readonly LogLine[], level: Level): readonly LogLine[] {
  const least = LEAST[level];
  return least === 0 ? lines : lines.filter((line) => rankOf(line.level) >= least);
}

/** Returns what finds a text whatever its case, everywhere in a line; null where nothing is looked for. */
export function finderOf(text: string): RegExp | null {
  return text === "" ? null : new RegExp(text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&"), "giu");
}

/** Returns the indexes of the lines in which the text stands. */
export function findIn(lines: readonly LogLine[], finder: RegExp | null): number[] {
  if (!finder) return [];
  const found: number[] = [];
  lines.forEach((line, index) => {
    if (line.message.search(finder) >= 0 || line.fieldText.search(finder) >= 0) found.push(index);
  });
  return found;
}

/** Cuts a text into parts that alternate between what was not looked for and what was. */
export function partsOf(text: string, finder: RegExp | null): string[] {
  if (!finder) return [text];
  const parts: string[] = [];
  let end = 0;
  for (const { 0: match, index } of text.matchAll(finder)) {
    parts.push(text.slice(end, index), match);
    end = index + match.length;
  }
  parts.push(text.slice(end));
  return parts;
}

/** Returns the place of a line in those sorted by id; where it is not there, of the next one. */
export function indexOfId(lines: readonly LogLine[], logId: number): number {
  let [low, high] = [0, lines.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((lines[middle]?.logId ?? 0) < logId) low = middle + 1;
    else high = middle;
  }
  return low;
}

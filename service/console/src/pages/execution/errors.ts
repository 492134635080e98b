/** What went wrong in an execution, sorted: what ended it, and what it lived with. */

export interface Errors {
  /** The message that ended it; null where it succeeded, or nobody said why. */
  ending: string | null;
  /** Messages about single symbols, and others that did not end it. */
  others: SymbolError[];
  /** How many further ones were counted and not kept. */
  notKept: number;
}

interface SymbolError {
  /** Null where the message begins with none. */
  symbol: string | null;
  message: string;
}

const BAD_ENDS = new Set(["FAILED", "TIMEOUT", "CANCELLED", "LOST"]);
const SYMBOL = /^([^\s:]{1,40}): (.+)$/s;

/** Sorts the messages of an execution; the last one is what ended it. */
export function errorsOf(status: string, details: unknown, errorCount: number): Errors {
  const messages = (Array.isArray(details) ? details : details === null ? [] : [details]).map(textOf);
  const ending = BAD_ENDS.has(status) ? (messages.pop() ?? null) : null;
  const counted = errorCount - (ending === null ? 0 : 1);
  return { ending, others: messages.map(symbolError), notKept: Math.max(0, counted - messages.length) };
}

/** The first line of a text, and whether there is more. */
export function firstLineOf(text: string): { line: string; isAll: boolean } {
  const line = text.split("\n", 1)[0] ?? "";
  const shown = line.length > LONGEST_LINE ? `${line.slice(0, LONGEST_LINE)}…` : line;
  return { line: shown, isAll: shown === text };
}

const LONGEST_LINE = 400;

function textOf(detail: unknown): string {
  return typeof detail === "string" ? detail : JSON.stringify(detail, null, 2);
}

function symbolError(message: string): SymbolError {
  const found = SYMBOL.exec(message);
  return found?.[1] && found[2] ? { symbol: found[1], message: found[2] } : { symbol: null, message };
}

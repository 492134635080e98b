/** Values of parameters as the texts of a form, and back. */
import type { Bound, Kind, Parameter } from "./parameters";

/** What a field holds: its text, or null for the value null. */
export type Entry = string | null;

type Reading = { value: unknown } | { error: string };

/** What the job, or else the handler, says of a parameter; `from` is null where neither says anything. */
export interface Base {
  value: unknown;
  from: "job" | "default" | null;
}

export function baseOf(parameter: Parameter, jobParams: Record<string, unknown>): Base {
  if (Object.hasOwn(jobParams, parameter.name)) return { value: jobParams[parameter.name], from: "job" };
  if (parameter.preset !== undefined) return { value: parameter.preset, from: "default" };
  return { value: undefined, from: null };
}

/** "from the job: FX", "by default: 1", "not set in the job". */
export function baseWords({ value, from }: Base): string {
  if (from === null) return "Not set in the job.";
  const text = shortText(value).replaceAll("\n", " ");
  const shown = text.length > 120 ? `${text.slice(0, 120)}…` : text;
  return `${from === "job" ? "From the job" : "By default"}: ${shown}`;
}

/** A value on one line: JSON, but text without its quotes, and a word for nothing. */
export function shortText(value: unknown): string {
  if (value === null) return "none";
  return value === "" ? "empty" : valueAsText(value);
}

/** The kind of field that can show a value: one of another type than declared is JSON. */
export function kindFor(parameter: Parameter, base: Base): Kind {
  const { value } = base;
  if (value === null || value === undefined) return parameter.kind;
  return fits(parameter, value) ? parameter.kind : "json";
}

function fits({ kind, choices }: Parameter, value: unknown): boolean {
  switch (kind) {
    case "choice":
      return choices.includes(value);
    case "truth":
      return typeof value === "boolean";
    case "whole":
    case "number":
      return typeof value === "number";
    case "texts":
      return Array.isArray(value) && value.every((each) => typeof each === "string" && !each.includes("\n"));
    case "text":
    case "date":
    case "instant":
      return typeof value === "string";
    case "json":
      return true;
  }
}

/** Returns what a field shows of a value. */
export function entryOf(kind: Kind, value: unknown): Entry {
  if (value === null) return null;
  if (value === undefined) return "";
  switch (kind) {
    case "json":
      return JSON.stringify(value, null, 2);
    case "choice":
      return JSON.stringify(value);
    case "texts":
      return Array.isArray(value) ? value.join("\n") : "";
    default:
      return valueAsText(value);
  }
}

function valueAsText(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

const WHOLE = /^[+-]?\d+$/;
const DATE = /^\d{4}-\d\d-\d\d$/;
const INSTANT = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?$/i;

/** Reads a field. */
export function read(parameter: Parameter, kind: Kind, entry: Entry): Reading {
  if (entry === null) return { value: null };
  const text = entry.trim();
  switch (kind) {
    case "text":
      return readText(parameter, entry);
    case "choice":
      return text === "" ? { error: "Choose one." } : { value: JSON.parse(text) as unknown };
    case "truth":
      return { value: text === "true" };
    case "whole": {
      const value = Number(text);
      if (!WHOLE.test(text)) return { error: "Not a whole number." };
      if (!Number.isSafeInteger(value)) return { error: "Greater than a browser can count." };
      return readNumber(parameter, value);
    }
    case "number": {
      const value = Number(text);
      if (text === "" || !Number.isFinite(value)) return { error: "Not a number." };
      return readNumber(parameter, value);
    }
    case "date":
      return DATE.test(text) && isDate(text) ? { value: text } : { error: "Not a date such as 2026-11-24." };
    case "instant":
      return INSTANT.test(text) && isDate(text.slice(0, 10))
        ? { value: text.replace(" ", "T") }
        : { error: "Not an instant such as 2026-11-24T15:59:00Z." };
    case "texts":
      return {
        value: entry
          .split("\n")
          .map((line) => line.trim())
          .filter(Boolean),
      };
    case "json":
      return readJson(text);
  }
}

function readText({ longest, pattern }: Parameter, text: string): Reading {
  if (longest !== undefined && Array.from(text).length > longest)
    return { error: `Longer than ${longest} characters.` };
  if (pattern !== undefined && matches(pattern, text) === false)
    return { error: `Does not match ${pattern}.` };
  return { value: text };
}

/** Whether a text matches; null where the pattern, written for Python, is none here: the server will say. */
function matches(pattern: string, text: string): boolean | null {
  try {
    return new RegExp(pattern, "u").test(text);
  } catch {
    return null;
  }
}

function readNumber({ lowest, highest, multipleOf }: Parameter, value: number): Reading {
  const isLow = lowest && (lowest.isExclusive ? value <= lowest.value : value < lowest.value);
  const isHigh = highest && (highest.isExclusive ? value >= highest.value : value > highest.value);
  if (isLow || isHigh) return { error: `Must be ${boundWords(lowest, highest)}.` };
  if (multipleOf !== undefined && Number.isInteger(multipleOf) && value % multipleOf !== 0)
    return { error: `Must be a multiple of ${multipleOf}.` };
  return { value };
}

/** "from 1 to 10", "greater than 0", "at most 5"; empty where there is no bound. */
export function boundWords(lowest: Bound | undefined, highest: Bound | undefined): string {
  if (lowest && highest && !lowest.isExclusive && !highest.isExclusive) {
    return `from ${lowest.value} to ${highest.value}`;
  }
  const words = [];
  if (lowest) words.push(`${lowest.isExclusive ? "greater than" : "at least"} ${lowest.value}`);
  if (highest) words.push(`${highest.isExclusive ? "less than" : "at most"} ${highest.value}`);
  return words.join(" and ");
}

function readJson(text: string): Reading {
  try {
    return { value: JSON.parse(text) as unknown };
  } catch (fault) {
    return { error: `Not JSON: ${fault instanceof Error ? fault.message : "it cannot be read"}` };
  }
}

function isDate(text: string): boolean {
  const date = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(text);
}

/** Whether two JSON values are the same; the order of an object's keys says nothing. */
export function isSame(one: unknown, other: unknown): boolean {
  if (one === other) return true;
  if (typeof one !== "object" || typeof other !== "object" || one === null || other === null) return false;
  if (Array.isArray(one) !== Array.isArray(other)) return false;
  const [ones, others] = [one as Record<string, unknown>, other as Record<string, unknown>];
  const names = Object.keys(ones);
  return (
    names.length === Object.keys(others).length &&
    names.every((name) => Object.hasOwn(others, name) && isSame(ones[name], others[name]))
  );
}

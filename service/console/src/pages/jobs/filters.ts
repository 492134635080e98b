/** Which jobs are shown, and in which order: all of it stands in the address, so that a link shows the same. */
import type { Job } from "../../api/types";
import { isShown, SHOWN, type Shown } from "./state";

const SORTS = ["name", "status", "last", "next"] as const;
export type Sort = (typeof SORTS)[number];
export type Kind = "any" | "CRON" | "MANUAL";

export interface Filters {
  text: string;
  shown: Shown;
  /** Empty: all groups. */
  group: string;
  kind: Kind;
  sort: Sort;
  isDescending: boolean;
  /** One list by group; else one list of all. */
  isGrouped: boolean;
}

/** What decides whether a job is shown. */
type Narrowing = Pick<Filters, "text" | "shown" | "group" | "kind">;

export const NO_NARROWING: Narrowing = { text: "", shown: "all", group: "", kind: "any" };

/** Reads the filters from an address; what it does not know counts as absent. */
export function filtersOf(query: URLSearchParams): Filters {
  const sort = query.get("sort") ?? "";
  const kind = query.get("type")?.toUpperCase();
  return {
    text: query.get("q") ?? "",
    shown: oneOf(SHOWN, query.get("show")) ?? "all",
    group: query.get("group") ?? "",
    kind: kind === "CRON" || kind === "MANUAL" ? kind : "any",
    sort: oneOf(SORTS, sort.replace(/^-/, "")) ?? "name",
    isDescending: sort.startsWith("-"),
    isGrouped: query.get("flat") === null,
  };
}

/** Writes the filters into an address, leaving out what is as usual, and leaving alone what it does not know. */
export function withFilters(query: URLSearchParams, filters: Filters): URLSearchParams {
  const written = new URLSearchParams(query);
  const put = (name: string, value: string) => {
    if (value === "") written.delete(name);
    else written.set(name, value);
  };
  const direction = filters.isDescending ? "-" : "";
  put("q", filters.text.trim());
  put("show", filters.shown === "all" ? "" : filters.shown);
  put("group", filters.group);
  put("type", filters.kind === "any" ? "" : filters.kind.toLowerCase());
  put("sort", filters.sort === "name" && !filters.isDescending ? "" : direction + filters.sort);
  put("flat", filters.isGrouped ? "" : "1");
  return written;
}

/** Whether fewer jobs are shown than there are. */
export function isNarrowed({ text, shown, group, kind }: Narrowing): boolean {
  return text.trim() !== "" || shown !== "all" || group !== "" || kind !== "any";
}

/** Returns a test that says whether a job is shown; of the text each word has to stand somewhere. */
export function matcherOf({ text, shown, group, kind }: Narrowing): (job: Job) => boolean {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  return (job) =>
    isShown(job, shown) &&
    (group === "" || job.jobGroup === group) &&
    (kind === "any" || job.scheduleType === kind) &&
    words.every((word) => searchedIn(job).includes(word));
}

// A job's text is put together once, and not again at each letter that somebody types.
const texts = new WeakMap<Job, string>();

function searchedIn(job: Job): string {
  let text = texts.get(job);
  if (text === undefined) {
    const parts = [job.name, job.displayName, job.jobGroup, job.handler, job.description ?? ""];
    text = parts.join("\n").toLowerCase();
    texts.set(job, text);
  }
  return text;
}

function oneOf<T extends string>(known: readonly T[], value: string | null): T | null {
  return known.find((each) => each === value) ?? null;
}

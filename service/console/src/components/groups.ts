/** The groups of jobs: their order, and the choice of one. */
import type { Job } from "../api/types";
import type { Choice } from "./fields";

/** Compares names as people order them: 2 before 10, whatever their case. */
export const compareNames = new Intl.Collator("en", { numeric: true, sensitivity: "base" }).compare;

/** The names of all groups, in their order. */
export function groupsOf(jobs: readonly Job[]): string[] {
  return [...new Set(jobs.map(({ jobGroup }) => jobGroup))].sort(compareNames);
}

/** All groups, and the one in the address even where no job is in it; ids are the names behind a "=". */
export function groupChoices(groups: readonly string[], chosen: string): Choice<string>[] {
  const names = chosen === "" || groups.includes(chosen) ? groups : [...groups, chosen];
  return [{ id: "=", name: "All groups" }, ...names.map((name) => ({ id: `=${name}`, name }))];
}

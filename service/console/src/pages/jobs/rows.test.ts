import { describe, expect, test } from "vitest";
import { groupsOf } from "../../components/groups";
import { job } from "./fixture";
import { rowsOf, sortedJobs } from "./rows";

const JOBS = [
  job({ name: "C10", jobGroup: "B", nextRunTime: "2026-11-24T12:00:00Z", status: "RUNNING" }),
  job({ name: "C9", jobGroup: "B", lastRunTime: "2026-11-24T11:00:00Z" }),
  job({ name: "A", jobGroup: "B", nextRunTime: "2026-11-24T11:59:59.5Z", lastRunStatus: "FAILED" }),
  job({ name: "D", jobGroup: "A", lastRunTime: "2026-11-24T11:00:00.25Z", isOverdue: true }),
];
const names = (jobs: { name: string }[]) => jobs.map(({ name }) => name).join(" ");

describe("the order", () => {
  test.each([
    ["name", false, "A C9 C10 D"],
    ["name", true, "D C10 C9 A"],
    ["status", false, "D A C10 C9"],
    ["last", true, "D C9 A C10"],
    ["last", false, "C9 D A C10"],
    ["next", false, "A C10 C9 D"],
    ["next", true, "C10 A C9 D"],
  ] as const)("by %s, descending %s", (sort, isDescending, wanted) =>
    expect(names(sortedJobs(JOBS, sort, isDescending))).toBe(wanted),
  );
});

describe("the rows", () => {
  const order = { sort: "name", isDescending: false } as const;

  test("begin each group with its head, which counts", () => {
    const rows = rowsOf(JOBS, { ...order, isGrouped: true }, () => false);
    expect(rows.map(({ key }) => key)).toEqual(["group A", "job D", "group B", "job A", "job C9", "job C10"]);
    expect(rows[2]).toMatchObject({ name: "B", count: 3, running: 1, failing: 1, overdue: 0 });
  });

  test("leave out what a closed group holds", () => {
    const rows = rowsOf(JOBS, { ...order, isGrouped: true }, (group) => group === "B");
    expect(rows.map(({ key }) => key)).toEqual(["group A", "job D", "group B"]);
    expect(rows[2]).toMatchObject({ isClosed: true, count: 3 });
  });

  test("are one list without groups", () => {
    const rows = rowsOf(JOBS, { ...order, isGrouped: false }, () => true);
    expect(rows.map(({ key }) => key)).toEqual(["job A", "job C9", "job C10", "job D"]);
  });

  test("know all groups", () => expect(groupsOf(JOBS)).toEqual(["A", "B"]));
});

import { describe, expect, test } from "vitest";
import type { Job } from "../../api/types";
import { job } from "./fixture";
import { countsOf, isFailing, stateOf } from "./state";

describe("the state of a job", () => {
  test.each<[string, Partial<Job>]>([
    ["IDLE", {}],
    ["RUNNING", { status: "RUNNING", pausedBy: "JOB", isOverdue: true }],
    ["DISABLED", { status: "PAUSED", pausedBy: "DISABLED", enabled: false, scheduleError: "unreadable" }],
    ["PAUSED", { status: "PAUSED", pausedBy: "ALL" }],
    ["UNPLANNED", { scheduleError: "never fires", isOverdue: true }],
    ["OVERDUE", { isOverdue: true }],
  ])("is %s", (state, some) => expect(stateOf(job({ name: "A", ...some }))).toBe(state));

  test.each<[boolean, Partial<Job>]>([
    [false, { lastRunStatus: "SUCCESS" }],
    [false, { lastRunStatus: "CANCELLED" }],
    [true, { lastRunStatus: "CANCELLED", failuresInSuccession: 2 }],
    [true, { lastRunStatus: "LOST" }],
    [true, { scheduleError: "never fires" }],
  ])("says whether it is failing: %s", (isIt, some) => {
    expect(isFailing(job({ name: "A", ...some }))).toBe(isIt);
  });
});

test("each tile counts the jobs that it shows", () => {
  const jobs = [
    job({ name: "A", status: "RUNNING", runningSince: "2026-11-24T12:00:00Z", lastRunStatus: "FAILED" }),
    job({ name: "B", isOverdue: true }),
    job({ name: "C", status: "PAUSED", pausedBy: "JOB" }),
    job({ name: "D", status: "PAUSED", pausedBy: "DISABLED", enabled: false }),
  ];
  expect(countsOf(jobs)).toEqual({ all: 4, running: 1, failing: 1, overdue: 1, paused: 1, disabled: 1 });
});

import { expect, test } from "vitest";
import { gapsOf, hitAt, outageAt } from "./hit";
import { aJob, aLane, anExecution } from "./fixture";
import { countsOf, jobLanes, rowsOf, summaryOf } from "./lanes";

const at = (time: string) => Date.parse(`2026-11-24T${time}Z`);
const iso = (time: string) => `2026-11-24T${time}Z`;
const NOW = at("12:00:00");
const LANE = aLane({
  executions: [
    anExecution(iso("10:00:00"), iso("10:10:00")),
    anExecution(iso("11:00:00"), iso("11:00:01"), "FAILED"),
    anExecution(iso("11:50:00"), null, "RUNNING"),
  ],
  comingFires: [iso("12:30:00"), iso("13:00:00")],
});

test("jobs stand by group and name, deleted ones last, and all have a row", () => {
  const jobs = [aJob("b10"), aJob("B2"), aJob("z", { jobGroup: "A group", enabled: false })];
  const lanes = [
    aLane({ jobId: "b10" }),
    aLane({ jobId: "gone", displayName: "gone", isDeleted: true, jobGroup: null }),
  ];
  const rows = rowsOf(jobLanes(jobs, lanes), "", "");
  expect(rows.map(({ key }) => key)).toEqual([
    "group A group",
    "lane z",
    "group G",
    "lane B2",
    "lane b10",
    "group Deleted jobs",
    "lane gone",
  ]);
  expect(rows.map((row) => (row.kind === "lane" ? row.state : ""))).toEqual([
    "",
    "disabled",
    "",
    "active",
    "active",
    "",
    "deleted",
  ]);
  expect(rowsOf(jobLanes(jobs, lanes), "G", " B1 ").map(({ key }) => key)).toEqual(["group G", "lane b10"]);
});

test("a job is paused while it is, by itself or with all, and not by a pause that is over", () => {
  const jobs = [
    aJob("itself", { pausedBy: "JOB" }),
    aJob("all", { pausedBy: "ALL" }),
    aJob("over", { pausedUntil: "2026-11-23T12:00:00Z" }),
  ];
  expect(jobLanes(jobs, []).map(({ state }) => state)).toEqual(["paused", "paused", "active"]);
});

test("what is at an instant is the nearest within reach", () => {
  const minute = 60_000;
  expect(hitAt(LANE, at("10:05:00"), 0, NOW)).toMatchObject({ execution: { status: "SUCCESS" } });
  expect(hitAt(LANE, at("11:02:00"), 5 * minute, NOW)).toMatchObject({ execution: { status: "FAILED" } });
  expect(hitAt(LANE, at("11:59:00"), 0, NOW)).toMatchObject({ execution: { status: "RUNNING" } });
  expect(hitAt(LANE, at("12:28:00"), 5 * minute, NOW)).toMatchObject({ kind: "fire" });
  expect(hitAt(LANE, at("10:30:00"), 5 * minute, NOW)).toEqual({ kind: "gap", at: at("10:30:00") });
  expect(hitAt(null, 5, 5, NOW)).toEqual({ kind: "gap", at: 5 });
});

test("a bucket counts up to now, and not where it is empty", () => {
  const bucket = {
    startTime: iso("11:00:00"),
    endTime: iso("13:00:00"),
    successCount: 70,
    failureCount: 2,
    cancelledCount: 0,
  };
  const lane = aLane({ isAggregated: true, buckets: [bucket] });
  expect(hitAt(lane, at("11:30:00"), 0, NOW)).toEqual({ kind: "bucket", bucket });
  expect(hitAt(lane, at("12:30:00"), 0, NOW).kind).toBe("gap");
  expect(countsOf(lane, at("11:00:00"), NOW)).toEqual({ success: 70, failure: 2, cancelled: 0, running: 0 });
});

test("gaps are the longest times without an execution, in order", () => {
  expect(gapsOf(LANE, at("09:00:00"), NOW, 2)).toEqual([
    { from: at("09:00:00"), to: at("10:00:00") },
    { from: at("10:10:00"), to: at("11:00:00") },
  ]);
  expect(gapsOf(aLane(), 0, 10, 5)).toEqual([{ from: 0, to: 10 }]);
});

test("an outage without an end lasts until now", () => {
  const outages = [{ fromTime: iso("11:30:00"), toTime: null }];
  expect(outageAt(outages, at("11:45:00"), NOW)).toBe(outages[0]);
  expect(outageAt(outages, at("12:15:00"), NOW)).toBeNull();
});

test("a lane is told in one sentence", () => {
  const rows = jobLanes([aJob("A")], [LANE]);
  const told = (some: object) =>
    summaryOf(Object.assign({}, rows[0], some), at("09:00:00"), at("14:00:00"), (text) => text.slice(11, 16));
  expect(told({})).toBe("1 succeeded, 1 failed, 1 running; next fire at 12:30");
  expect(told({ state: "paused", lane: aLane() })).toBe("nothing ran; paused");
  expect(told({ lane: null })).toContain("being read");
});

import { expect, test } from "vitest";
import { aLane } from "./fixture";
import type { Row } from "./lanes";
import { unreadPortions, withLanes } from "./sight";

function rows(count: number, read: number): Row[] {
  return Array.from({ length: count }, (_, index) => {
    const jobId = `J${index}`;
    const lane = index < read ? aLane({ jobId }) : null;
    return { kind: "lane", key: jobId, jobId, name: jobId, zone: "UTC", state: "active", lane };
  });
}

test("what is read needs no reading, and portions stay the same while one scrolls a little", () => {
  expect(unreadPortions(rows(100, 100), 0, 30)).toEqual([]);
  const portions = unreadPortions(rows(1000, 200), 210, 235);
  expect(portions).toHaveLength(1);
  expect(portions[0]).toHaveLength(40);
  expect(portions[0]?.[0]).toBe("J200");
  expect(unreadPortions(rows(1000, 200), 214, 239)).toEqual(portions);
  expect(unreadPortions(rows(1000, 210), 190, 245).map((each) => each.length)).toEqual([30, 40]);
});

test("lanes go onto the rows that have none", () => {
  const lane = aLane({ jobId: "J1" });
  const [first, second] = withLanes(rows(2, 1), [lane]);
  expect(first).toMatchObject({ jobId: "J0", lane: { jobId: "J0" } });
  expect(second).toMatchObject({ jobId: "J1", lane });
});

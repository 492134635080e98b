import { describe, expect, test } from "vitest";
import { differing, later, patchOf, standing, type Schedule, type Version } from "./editing";

const FIVE: Schedule = { type: "CRON", cron: "0 */5 * * * *", zone: "UTC", policy: "ONCE" };
const MINE: Schedule = { ...FIVE, cron: "0 */10 * * * *" };
const THEIRS: Schedule = { ...FIVE, zone: "Asia/Tokyo" };

function version(revision: number, schedule: Schedule): Version {
  return { schedule, revision, updatedBy: "ada", updatedAt: "2026-11-24T12:00:00Z" };
}

const BASE = version(5, FIVE);
const editing = { base: BASE, draft: MINE };

describe("an edit against the latest version", () => {
  test("is the job itself before anything is typed", () => {
    expect(standing(null, BASE)).toEqual({ base: BASE, draft: FIVE, theirs: null, isChanged: false });
  });

  test("is changed where nobody else did anything", () => {
    expect(standing(editing, BASE)).toEqual({ ...editing, theirs: null, isChanged: true });
  });

  test("goes by the new revision where the schedule is the same", () => {
    const latest = version(6, FIVE);
    expect(standing(editing, latest)).toEqual({ base: latest, draft: MINE, theirs: null, isChanged: true });
  });

  test("takes what others did where nothing has been typed, or typed back", () => {
    const latest = version(6, THEIRS);
    expect(standing({ base: BASE, draft: { ...FIVE, cron: " 0 */5 * * * * " } }, latest)).toEqual({
      base: latest,
      draft: THEIRS,
      theirs: null,
      isChanged: false,
    });
  });

  test("is done where somebody else made the same change", () => {
    const latest = version(6, MINE);
    expect(standing(editing, latest)).toEqual({ base: latest, draft: MINE, theirs: null, isChanged: false });
  });

  test("conflicts with another change of the schedule, and keeps both", () => {
    const latest = version(6, THEIRS);
    expect(standing(editing, latest)).toEqual({ ...editing, theirs: latest, isChanged: true });
  });

  test("is not set back by an older answer", () => {
    const base = version(7, FIVE);
    expect(standing({ base, draft: MINE }, version(6, THEIRS))).toMatchObject({ base, theirs: null });
    expect(later(BASE, version(4, THEIRS))).toBe(BASE);
    expect(later(BASE, version(6, THEIRS)).revision).toBe(6);
  });
});

describe("a change", () => {
  test("names only what differs, so that it needs no higher role", () => {
    expect(patchOf(FIVE, { ...FIVE, cron: " 0 0 2 * * * " })).toEqual({ scheduleCron: "0 0 2 * * *" });
    expect(patchOf(FIVE, THEIRS)).toEqual({ timeZone: "Asia/Tokyo" });
    expect(patchOf(FIVE, { ...FIVE, policy: "WALL" })).toEqual({ clockChangePolicy: "WALL" });
    expect(patchOf(FIVE, FIVE)).toEqual({});
  });

  test("takes the schedule away, and gives one", () => {
    const manual: Schedule = { ...FIVE, type: "MANUAL" };
    expect(patchOf(FIVE, manual)).toEqual({ scheduleType: "MANUAL", scheduleCron: null });
    expect(patchOf(manual, FIVE)).toEqual({ scheduleType: "CRON", scheduleCron: "0 */5 * * * *" });
    expect(differing(manual, { ...manual, cron: "" })).toEqual([]);
  });
});

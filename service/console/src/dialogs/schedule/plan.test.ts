import { describe, expect, test } from "vitest";
import type { Preview } from "../../api/types";
import { planSteps, planWords } from "./plan";
import { matchesZone, offsetOf, weekdayOf, zoneColumns } from "./zones";

const at = (time: string) => `2026-11-24T${time}:00Z`;

function preview(fires: string[], added: string[], removed: string[], until: string | null): Preview {
  return {
    valid: true,
    error: null,
    description: null,
    fireTimes: fires.map((time) => ({ fireTime: at(time), localTime: at(time).replace("Z", "+00:00") })),
    oddDays: [],
    tzdataVersion: "2026b",
    planChange: { until: until && at(until), added: added.map(at), removed: removed.map(at) },
  };
}

describe("the change of a plan", () => {
  test("is one list of what is new, falls away and stays, up to where both are known", () => {
    const steps = planSteps(preview(["10:00", "10:10", "10:20"], ["10:10"], ["10:05"], "10:10"));
    expect(steps.map(({ instant, change }) => `${instant.slice(11, 16)} ${change}`)).toEqual([
      "10:00 kept",
      "10:05 removed",
      "10:10 added",
    ]);
  });

  test.each([
    [["10:00"], ["10:00"], [], "1 fire is new"],
    [["10:00"], ["10:00", "10:05"], ["10:01", "10:02"], "2 fires fall away, 2 are new"],
    [["10:00"], [], ["10:05"], "1 fire falls away"],
    [["10:00"], [], [], "no fire changes"],
  ])("is said in words", (fires, added, removed, words) => {
    expect(planWords(preview(fires, added, removed, "11:00"))).toBe(words);
  });

  test("is nothing where nothing is compared", () => {
    expect(planSteps(preview(["10:00"], [], [], null))).toEqual([]);
    const { planChange, ...alone } = preview([], [], [], null);
    expect(planChange).toBeDefined();
    expect(planWords(alone)).toBeNull();
  });
});

describe("zones", () => {
  const fires = (offset: string) => [
    { fireTime: "2026-11-24T21:00:00Z", localTime: `2026-11-24T16:00:00${offset}` },
  ];

  test("have a column each where their clocks differ", () => {
    expect(zoneColumns(fires("-05:00"), "America/New_York", "Asia/Kolkata")).toEqual([
      { zone: "America/New_York", names: ["job"], times: ["2026-11-24 16:00:00"] },
      { zone: "UTC", names: ["UTC"], times: ["2026-11-24 21:00:00"] },
      { zone: "Asia/Kolkata", names: ["this browser"], times: ["2026-11-25 02:30:00"] },
    ]);
  });

  test("share one where their clocks show the same", () => {
    const columns = zoneColumns(fires("-05:00"), "America/New_York", "America/Toronto");
    expect(columns.map(({ zone, names }) => `${zone}: ${names.join()}`)).toEqual([
      "America/New_York: job,this browser",
      "UTC: UTC",
    ]);
  });

  test.each([
    ["america new", true],
    ["New York", true],
    ["york", true],
    ["new_york", true],
    ["", true],
    ["york x", false],
  ])("are found by %j", (search, isFound) => expect(matchesZone("America/New_York", search)).toBe(isFound));

  test("say how far they are from UTC", () => {
    const noon = Date.parse("2026-11-24T12:00:00Z");
    expect(offsetOf("America/New_York", noon)).toBe("−05:00");
    expect(offsetOf("Asia/Kolkata", noon)).toBe("+05:30");
    expect(offsetOf("UTC", noon)).toBe("+00:00");
    expect(offsetOf("Mars/Olympus", noon)).toBe("");
    expect(weekdayOf("2026-11-24")).toBe("Tue");
  });
});

import { describe, expect, test } from "vitest";
import { filtersOf, isNarrowed, matcherOf, NO_NARROWING, withFilters } from "./filters";
import { job } from "./fixture";

const read = (query: string) => filtersOf(new URLSearchParams(query));

describe("the address", () => {
  test("says which jobs are shown, and how", () => {
    expect(read("q=eod+risk&show=failing&group=RISK&type=manual&sort=-last&flat=1")).toEqual({
      text: "eod risk",
      shown: "failing",
      group: "RISK",
      kind: "MANUAL",
      sort: "last",
      isDescending: true,
      isGrouped: false,
    });
  });

  test("may hold what nobody knows", () => {
    expect(read("show=broken&type=WEEKLY&sort=size&other=1")).toEqual(read(""));
    expect(isNarrowed(read("show=broken"))).toBe(false);
  });

  test.each(["", "q=a&show=paused&group=G&type=cron&sort=next&flat=1", "sort=-name", "other=1&q=x"])(
    "is written as it was read: %s",
    (query) => expect(withFilters(new URLSearchParams(query), read(query)).toString()).toBe(query),
  );

  test("is empty where all is as usual", () => {
    const query = new URLSearchParams("q=x&show=paused");
    expect(withFilters(query, { ...read(query.toString()), ...NO_NARROWING }).toString()).toBe("");
  });
});

describe("a search", () => {
  const risk = job({
    name: "EOD_RISK",
    displayName: "End of day",
    jobGroup: "RISK",
    handler: "risk.report",
    description: "For the desk in Zürich",
  });
  const finds = (text: string) => matcherOf({ ...NO_NARROWING, text })(risk);

  test.each(["eod", "end DAY", "risk.report zürich", "desk", "  "])("finds %j", (text) =>
    expect(finds(text)).toBe(true),
  );
  test.each(["eodx", "end night", "noop"])("does not find %j", (text) => expect(finds(text)).toBe(false));

  test("obeys group and kind of schedule, too", () => {
    expect(matcherOf({ ...NO_NARROWING, group: "RISK", kind: "CRON" })(risk)).toBe(true);
    expect(matcherOf({ ...NO_NARROWING, group: "RIS" })(risk)).toBe(false);
    expect(matcherOf({ ...NO_NARROWING, kind: "MANUAL" })(risk)).toBe(false);
  });
});

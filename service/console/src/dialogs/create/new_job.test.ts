import { describe, expect, test } from "vitest";
import { creationOf, EMPTY, idFrom, type NewJob } from "./new_job";

const MANUAL = { type: "MANUAL", cron: "0 0 3 * * *", zone: "UTC", policy: "ONCE" } as const;
const made = (some: Partial<NewJob>) =>
  creationOf({ ...EMPTY, displayName: "A", handler: "noop", ...some }, MANUAL);

describe("an id", () => {
  test.each([
    ["Daily reports", "DAILY_REPORTS"],
    ["Prix du café (soir)", "PRIX_DU_CAFE_SOIR"],
    [" 2nd  try! ", "2ND_TRY"],
    ["日報", ""],
    ["x".repeat(49) + " y", "X".repeat(49)],
  ])("follows from the name %j", (name, id) => expect(idFrom(name)).toBe(id));

  test("is what somebody has typed, where they have", () => {
    expect(made({ jobId: "b.c " }).body.jobId).toBe("b.c");
    expect(made({ jobId: "" }).faults.jobId).toBe("a job needs an id");
  });
});

test.each([
  ["jobId", "A/B"],
  ["jobId", "-A"],
  ["handler", "No.op"],
  ["displayName", "  "],
] as const)("the field %s says that it cannot be %j", (field, text) => {
  expect(Object.keys(made({ [field]: text }).faults)).toContain(field);
});

describe("a request", () => {
  test("names what is filled in, and nothing that has a default", () => {
    expect(made({})).toEqual({
      body: {
        jobId: "A",
        displayName: "A",
        handler: "noop",
        scheduleType: "MANUAL",
        timeZone: "UTC",
        clockChangePolicy: "ONCE",
        params: {},
      },
      faults: {},
    });
  });

  test("holds the schedule of a job that has one", () => {
    const { body } = creationOf(
      { ...EMPTY, displayName: "A", handler: "noop", jobGroup: " G ", params: '{"a": [1]}' },
      { ...MANUAL, type: "CRON", cron: " 0 0 3 * * * " },
    );
    expect(body).toMatchObject({ scheduleCron: "0 0 3 * * *", jobGroup: "G", params: { a: [1] } });
  });

  test.each(["[]", "null", "1", '"x"', "{", '{"a": }'])("is not sent with the parameters %s", (params) => {
    expect(made({ params }).faults.params).toMatch(/JSON/);
  });

  test("may leave the parameters out", () => expect(made({ params: " " }).body.params).toEqual({}));
});

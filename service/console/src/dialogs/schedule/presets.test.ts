import { describe, expect, test } from "vitest";
import { cronOf, presetLike, presetOf, PRESET_NAMES, readTime, type Preset, type PresetId } from "./presets";

const EXAMPLES: [string, Preset][] = [
  ["*/10 * * * * *", { id: "seconds", every: 10 }],
  ["* * * * * *", { id: "seconds", every: 1 }],
  ["0 */5 * * * *", { id: "minutes", every: 5 }],
  ["0 * * * * *", { id: "minutes", every: 1 }],
  ["0 15 * * * *", { id: "hours", every: 1, minute: 15 }],
  ["0 0 */2 * * *", { id: "hours", every: 2, minute: 0 }],
  ["0 30 9 * * *", { id: "daily", time: "09:30" }],
  ["30 59 15 * * MON-FRI", { id: "weekdays", time: "15:59:30" }],
  ["0 0 6 * * MON,SAT", { id: "weekly", time: "06:00", weekdays: [1, 6] }],
  ["0 0 6 15 * *", { id: "monthly", time: "06:00", day: 15 }],
  ["0 0 6 L * *", { id: "last-day", time: "06:00" }],
  ["0 0 6 LW * *", { id: "last-workday", time: "06:00" }],
  ["0 0 6 * * FRI#1,FRIL", { id: "nth-weekday", time: "06:00", weekday: 5, which: [1, "last"] }],
  ["0 0 6 24 DEC *", { id: "yearly", time: "06:00", day: 24, month: 12 }],
];

describe("presets", () => {
  test.each(EXAMPLES)("%s", (cron, preset) => {
    expect(presetOf(cron)).toEqual(preset);
    expect(cronOf(preset)).toBe(cron);
  });

  test.each([
    ["@daily", "daily"],
    ["@hourly", "hours"],
    ["@weekly", "weekly"],
    ["@yearly", "yearly"],
    ["*/5 * * * *", "minutes"],
    ["0 0 6 * * 1-5", "weekdays"],
  ])("%s is %s", (cron, id) => expect(presetOf(cron)?.id).toBe(id));

  test.each([
    "0 */5 * * * MON-FRI",
    "0 0,30 2 * * *",
    "0 0 0 13 * FRI",
    "0 0 6 L-3 * *",
    "0 5/10 * * * *",
    "0 0 6 * JAN *",
    "",
  ])("%j is none of them", (cron) => expect(presetOf(cron)).toBeNull());

  test("all keep the time of day, and are themselves again when read", () => {
    for (const id of Object.keys(PRESET_NAMES) as PresetId[]) {
      const preset = presetLike(id, "0 45 7 * * TUE");
      expect(presetOf(cronOf(preset))).toEqual(preset);
      if ("time" in preset) expect(preset.time).toBe("07:45");
    }
  });

  test("keep the days that they have in common with the text", () => {
    expect(presetLike("nth-weekday", "0 0 6 * * TUE")).toMatchObject({ weekday: 2 });
    expect(presetLike("yearly", "0 0 6 15 * *")).toMatchObject({ day: 15, month: 1 });
    expect(presetLike("daily", "unreadable")).toEqual({ id: "daily", time: "06:00" });
  });
});

test.each([
  ["16:00", "16:00"],
  ["6:05", "06:05"],
  ["06:05:07", "06:05:07"],
  ["06:05:00", "06:05"],
  ["24:00", null],
  ["6", null],
  ["06:60", null],
])("the time %s is read as %s", (text, time) => expect(readTime(text)).toBe(time));

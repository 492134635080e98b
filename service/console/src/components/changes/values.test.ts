import { expect, test } from "vitest";
import { differences, valueText } from "./values";

test("values are shown as text", () => {
  expect(valueText(null)).toBe("none");
  expect(valueText("")).toBe("empty");
  expect(valueText("0 * * * * *")).toBe("0 * * * * *");
  expect(valueText(false)).toBe("false");
  expect(valueText({ a: 1 })).toBe('{\n  "a": 1\n}');
});

test("a revert takes back what differs, whatever the order of keys, and nothing that is only stamped", () => {
  const then = { timeZone: "UTC", params: { a: 1, b: 2 }, revision: 3, enabled: true, pausedUntil: null };
  const now = {
    timeZone: "Asia/Tokyo",
    params: { b: 2, a: 1 },
    revision: 9,
    enabled: true,
    pausedUntil: null,
  };
  expect(differences(now, then)).toEqual([{ field: "timeZone", before: "Asia/Tokyo", after: "UTC" }]);
});

test("a pause until somebody resumes is the same pause", () => {
  const then = { pausedUntil: "infinity" };
  expect(differences({ pausedUntil: null, pausedBy: "JOB" }, then)).toEqual([]);
  expect(differences({ pausedUntil: null, pausedBy: null }, then)).toHaveLength(1);
});

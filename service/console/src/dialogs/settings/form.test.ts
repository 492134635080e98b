import { expect, test } from "vitest";
import type { JobDetail } from "../../api/types";
import { formOf, patchOf } from "./form";

const JOB = {
  displayName: "A job",
  description: null,
  timeoutSeconds: 60,
  maxAttempts: 1,
  overlapPolicy: "SKIP",
  params: { a: 1 },
} as unknown as JobDetail;

test("what is not touched is not sent", () => {
  expect(patchOf(formOf(JOB), formOf(JOB))).toEqual({ patch: {}, faults: {} });
});

test("numbers, policies and parameters are sent as what they are; emptied is none", () => {
  const filled = {
    ...formOf(JOB),
    timeoutSeconds: " ",
    maxAttempts: "3",
    overlapPolicy: "QUEUE",
    params: '{"b": [2]}',
  };
  expect(patchOf(filled, formOf(JOB))).toEqual({
    patch: { timeoutSeconds: null, maxAttempts: 3, overlapPolicy: "QUEUE", params: { b: [2] } },
    faults: {},
  });
});

test.each([
  ["maxAttempts", "many"],
  ["maxAttempts", ""],
  ["params", "[1]"],
  ["params", "{"],
])("%s cannot be %j", (field, text) => {
  const { patch, faults } = patchOf({ ...formOf(JOB), [field]: text }, formOf(JOB));
  expect(Object.keys(faults)).toEqual([field]);
  expect(patch).toEqual({});
});

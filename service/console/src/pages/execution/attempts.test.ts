import { expect, test } from "vitest";
import type { Attempt } from "../../api/types";
import { stepsOf } from "./attempts";

const attempt = (number: number, status: string, replicaId: string | null = "r") =>
  ({ attempt: number, status, replicaId }) as Attempt;
const told = (attempts: Attempt[], policy: Parameters<typeof stepsOf>[1]) =>
  stepsOf(attempts, policy).map(({ number, note }) => [number, note?.replace(/^.*; /, "") ?? null]);

const RETRY = { onLost: "RETRY", maxAttempts: 3 };

test("a lost run that was taken over keeps its number", () =>
  expect(told([attempt(1, "LOST"), attempt(1, "RUNNING")], RETRY)).toEqual([
    ["1", "another replica took the work over."],
    ["1, taken over", null],
  ]));

test("a lost run waits for a replica", () =>
  expect(told([attempt(2, "LOST"), attempt(2, "QUEUED", null)], RETRY)[0]).toEqual([
    "2",
    "the work waits for a replica that takes it over.",
  ]));

test("a lost run of a job that is never started twice stays lost", () =>
  expect(told([attempt(1, "LOST")], { onLost: "FAIL", maxAttempts: 1 })).toEqual([
    ["1", "nobody took the work over, because the job is never started twice (when lost: FAIL)."],
  ]));

test("failures say whether they were tried again", () =>
  expect(told([attempt(1, "FAILED"), attempt(2, "TIMEOUT"), attempt(3, "FAILED")], RETRY)).toEqual([
    ["1", "It was tried again."],
    ["2", "It was tried again."],
    ["3", "It was the last of 3 attempts."],
  ]));

test("nothing is said of a job that is gone", () =>
  expect(told([attempt(1, "FAILED")], null)).toEqual([["1", null]]));

import { describe, expect, test } from "vitest";
import { errorsOf, firstLineOf } from "./errors";

describe("the errors of an execution", () => {
  test("end with the one that ended it", () =>
    expect(errorsOf("FAILED", ["IBM: no bars", "RuntimeError: no luck\nat all"], 2)).toEqual({
      ending: "RuntimeError: no luck\nat all",
      others: [{ symbol: "IBM", message: "no bars" }],
      notKept: 0,
    }));

  test("end nothing where it succeeded", () =>
    expect(errorsOf("SUCCESS", ["IBM: no bars"], 150)).toEqual({
      ending: null,
      others: [{ symbol: "IBM", message: "no bars" }],
      notKept: 149,
    }));

  test("may be none, or no list, or no text", () => {
    expect(errorsOf("CANCELLED", [], 0)).toEqual({ ending: null, others: [], notKept: 0 });
    expect(errorsOf("FAILED", null, 1)).toEqual({ ending: null, others: [], notKept: 1 });
    expect(errorsOf("FAILED", { code: 7 }, 1).ending).toBe('{\n  "code": 7\n}');
    expect(errorsOf("SUCCESS", ["what a day: a sentence: of many parts"], 1).others).toEqual([
      { symbol: null, message: "what a day: a sentence: of many parts" },
    ]);
  });
});

test("the first line says whether there is more", () => {
  expect(firstLineOf("one")).toEqual({ line: "one", isAll: true });
  expect(firstLineOf("one\ntwo")).toEqual({ line: "one", isAll: false });
  const { line, isAll } = firstLineOf("x".repeat(65_536));
  expect(line).toHaveLength(401);
  expect(isAll).toBe(false);
});

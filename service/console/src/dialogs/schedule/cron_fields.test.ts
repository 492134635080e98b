import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { composeField, FIELDS, parseField, type Shape } from "./cron_fields";
import { readCron, withField } from "./cron_text";

interface Case {
  expression?: string;
  expr?: string;
  valid?: boolean | null;
}

/** All valid expressions of the grammar's own tables, and all that it refuses. */
function expressions(): { valid: string[]; refused: string[] } {
  const folder = new URL("../../../../../tests/cron/", import.meta.url);
  const lines = ["cases.jsonl", "oracle.jsonl"].flatMap((name) =>
    readFileSync(new URL(name, folder), "utf8").trim().split("\n"),
  );
  const cases = lines.map((line) => JSON.parse(line) as Case);
  const texts = (isValid: boolean) => [
    ...new Set(
      cases
        .filter(({ valid }) => (valid ?? valid === undefined) === isValid)
        .map(({ expression, expr }) => expression ?? expr ?? "")
        .filter(Boolean),
    ),
  ];
  return { valid: texts(true), refused: texts(false) };
}

const { valid, refused } = expressions();

/** What a field comes to, read here once more and otherwise: the set of its values and specials. */
function meaning(index: number, raw: string): string {
  const [first, last] = [
    [0, 59],
    [0, 59],
    [0, 23],
    [1, 31],
    [1, 12],
    [1, 7],
  ][index] as [number, number];
  const names = [
    ..."JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC".split(" ").map((name, n) => [name, n + 1] as const),
    ..."MON TUE WED THU FRI SAT SUN".split(" ").map((name, n) => [name, n + 1] as const),
  ];
  const text = names.reduce(
    (so, [name, n]) => so.replaceAll(name, `${n}`),
    raw.toUpperCase().replace("?", "*"),
  );
  const found = new Set<string>();
  for (const item of text.split(",")) {
    if (/[LW#]/.test(item)) {
      found.add(item.replaceAll(/\d+/g, (digits) => `${Number(digits)}`).replace(/^0(?=[L#])/, "7"));
      continue;
    }
    const [range = "", step = "1"] = item.split("/");
    const [lowText = "", highText] = range.split("-");
    let low = range === "*" ? first : Number(lowText);
    let high =
      range === "*" || (highText === undefined && item.includes("/")) ? last : Number(highText ?? lowText);
    if (index === 5 && highText !== undefined && low !== high) [low, high] = [low % 7, high || 7];
    for (let value = low; value <= high; value += Number(step))
      found.add(`${index === 5 ? value % 7 : value}`);
  }
  return [...found].sort().join();
}

function fieldsOf(text: string): readonly string[] {
  const cron = readCron(text);
  if (!cron) throw new Error(`${text} cannot be taken apart`);
  return cron.fields;
}

describe("every valid expression", () => {
  test("there are many", () => expect(valid.length).toBeGreaterThan(500));

  test("is taken apart into six fields", () => {
    expect(valid.filter((text) => readCron(text)?.fields.length !== 6)).toEqual([]);
  });

  test("keeps its meaning when the builder writes each field again", () => {
    for (const text of valid) {
      fieldsOf(text).forEach((raw, index) => {
        const field = FIELDS[index];
        if (!field) throw new Error("there are six fields");
        const again = composeField(field, parseField(field, raw));
        expect(`${text}: ${meaning(index, again)}`).toBe(`${text}: ${meaning(index, raw)}`);
      });
    }
  });

  test("looks in the builder as what the builder has written", () => {
    for (const text of valid) {
      fieldsOf(text).forEach((raw, index) => {
        const field = FIELDS[index];
        if (!field) throw new Error("there are six fields");
        const shape = parseField(field, raw);
        expect(parseField(field, composeField(field, shape))).toEqual(shape);
      });
    }
  });

  test("keeps the fields that the builder does not touch as they were written", () => {
    for (const text of valid) {
      const cron = readCron(text);
      const others = cron && fieldsOf(withField(cron, 2, "7"));
      expect(others).toEqual(cron?.fields.map((field, index) => (index === 2 ? "7" : field)));
    }
  });
});

test("what the grammar refuses stays text, or is not taken apart, and nothing throws", () => {
  for (const text of refused) {
    const cron = readCron(text);
    cron?.fields.forEach((raw, index) => {
      const field = FIELDS[index];
      if (!field) return;
      const shape = parseField(field, raw);
      if (shape.kind === "custom") expect(composeField(field, shape)).toBe(raw);
    });
  }
});

const examples: [number, string, Shape][] = [
  [1, "*", { kind: "every" }],
  [1, "*/5", { kind: "step", step: 5, from: 0 }],
  [1, "10/15", { kind: "step", step: 15, from: 10 }],
  [1, "007", { kind: "list", values: [7] }],
  [1, "0,30", { kind: "list", values: [0, 30] }],
  [2, "9-17", { kind: "range", from: 9, to: 17, step: 1 }],
  [2, "9-17/2", { kind: "range", from: 9, to: 17, step: 2 }],
  [2, "9-17,20", { kind: "list", values: [9, 10, 11, 12, 13, 14, 15, 16, 17, 20] }],
  [1, "1-5,10/15", { kind: "custom", text: "1-5,10/15" }],
  [1, "61", { kind: "custom", text: "61" }],
  [1, "17-9", { kind: "custom", text: "17-9" }],
  [3, "?", { kind: "every" }],
  [3, "L", { kind: "last", before: 0 }],
  [3, "l-3", { kind: "last", before: 3 }],
  [3, "LW", { kind: "last-workday" }],
  [3, "15W", { kind: "nearest-workday", day: 15 }],
  [3, "1W,15,LW", { kind: "custom", text: "1W,15,LW" }],
  [4, "jan,MAR", { kind: "list", values: [1, 3] }],
  [5, "MON-FRI", { kind: "range", from: 1, to: 5, step: 1 }],
  [5, "FRI-SUN", { kind: "range", from: 5, to: 7, step: 1 }],
  [5, "SUN-TUE", { kind: "range", from: 0, to: 2, step: 1 }],
  [5, "0", { kind: "list", values: [7] }],
  [5, "0/2", { kind: "step", step: 2, from: 0 }],
  [5, "SUN/2", { kind: "list", values: [7] }],
  [5, "FRIL", { kind: "nth", weekday: 5, which: ["last"] }],
  [5, "0#2", { kind: "nth", weekday: 7, which: [2] }],
  [5, "FRI#1,FRI#3,FRIL", { kind: "nth", weekday: 5, which: [1, 3, "last"] }],
  [5, "MON#1,FRI#1", { kind: "custom", text: "MON#1,FRI#1" }],
];

test.each(examples)("field %d: %s", (index, raw, shape) => {
  const field = FIELDS[index];
  expect(field && parseField(field, raw)).toEqual(shape);
});

describe("the text", () => {
  test.each([
    ["@daily", 2, "6", "0 0 6 * * *"],
    ["*/5 * * * *", 1, "*/10", "*/10 * * * *"],
    ["*/5 * * * *", 0, "30", "30 */5 * * * *"],
    ["  0   0\t2 * * *\t", 2, "3", "0 0 3 * * *"],
    ["0 0 0 1W,15,LW * ?", 2, "7", "0 0 7 1W,15,LW * ?"],
  ])("%s with field %d as %s is %s", (text, index, raw, expected) => {
    const cron = readCron(text);
    expect(cron && withField(cron, index, raw)).toBe(expected);
  });

  test.each(["", "@every 5m", "@daily 1", "0 0 2 * * * 2026", "0 0 2 *", "0\n0 2 * * *", "0 0 0 * * ſun"])(
    "%j is not taken apart",
    (text) => expect(readCron(text)).toBeNull(),
  );
});

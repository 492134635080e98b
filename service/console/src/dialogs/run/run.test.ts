import { describe, expect, test } from "vitest";
import { fieldsOf, requestOf, type FormState } from "./form";
import { overlapWords } from "./overlap";
import { parametersOf, type Kind, type Parameter } from "./parameters";
import { baseOf, baseWords, boundWords, entryOf, isSame, kindFor, read } from "./values";

// As msgspec.json.schema writes it.
const SCHEMA = {
  $ref: "#/$defs/Params",
  $defs: {
    Level: { enum: ["high", "low"] },
    Params: {
      title: "Params",
      type: "object",
      properties: {
        desk: { type: "string", default: "FX", maxLength: 5, pattern: "^[A-Z]+$" },
        days: { type: "integer", minimum: 1, maximum: 10, description: "how far back", default: 3 },
        ratio: { type: "number", exclusiveMinimum: 0, exclusiveMaximum: 1 },
        is_dry_run: { type: "boolean", default: false },
        level: { anyOf: [{ $ref: "#/$defs/Level" }, { type: "null" }], default: null },
        size: { enum: [1, 2, null] },
        as_of: { anyOf: [{ type: "string", format: "date" }, { type: "null" }], default: null },
        at: { type: "string", format: "date-time" },
        symbols: { type: "array", items: { type: "string" }, default: [] },
        numbers: { type: "array", items: { type: "integer" } },
        either: { anyOf: [{ type: "integer" }, { type: "string" }] },
        both: { type: ["integer", "null"] },
        map: { type: "object" },
        perhaps: { type: ["boolean", "null"] },
      },
    },
  },
};
const NAMES = Object.keys(SCHEMA.$defs.Params.properties);
const all = new Map(parametersOf(SCHEMA, NAMES).map((each) => [each.name, each]));
const parameter = (name: string): Parameter => {
  const found = all.get(name);
  if (!found) throw new Error(name);
  return found;
};

describe("the schema", () => {
  test.each<[string, Kind, boolean]>([
    ["desk", "text", false],
    ["days", "whole", false],
    ["ratio", "number", false],
    ["is_dry_run", "truth", false],
    ["level", "choice", true],
    ["size", "choice", true],
    ["as_of", "date", true],
    ["at", "instant", false],
    ["symbols", "texts", false],
    ["numbers", "json", false],
    ["either", "json", false],
    ["both", "whole", true],
    ["map", "json", false],
    ["perhaps", "choice", true],
  ])("of %s makes a field of kind %s, nullable: %s", (name, kind, isNullable) =>
    expect(parameter(name)).toMatchObject({ kind, isNullable }),
  );

  test("gives choices, bounds, descriptions and defaults", () => {
    expect(parameter("level").choices).toEqual(["high", "low"]);
    expect(parameter("size").choices).toEqual([1, 2]);
    expect(parameter("days")).toMatchObject({ description: "how far back", preset: 3 });
    expect(boundWords(parameter("days").lowest, parameter("days").highest)).toBe("from 1 to 10");
    expect(boundWords(parameter("ratio").lowest, parameter("ratio").highest)).toBe(
      "greater than 0 and less than 1",
    );
  });

  test("that is missing makes JSON of everything, and an unknown name too", () => {
    expect(parametersOf(null, ["a"])).toMatchObject([{ name: "a", kind: "json" }]);
    expect(parametersOf(SCHEMA, ["b"])).toMatchObject([{ name: "b", kind: "json" }]);
    expect(parametersOf({ $ref: "#/$defs/A", $defs: { A: { $ref: "#/$defs/A" } } }, ["a"])).toMatchObject([
      { kind: "json" },
    ]);
  });
});

describe("a field", () => {
  test.each<[string, string | null, unknown]>([
    ["desk", "RATES", "RATES"],
    ["days", " 7 ", 7],
    ["ratio", "0.25", 0.25],
    ["is_dry_run", "true", true],
    ["level", '"high"', "high"],
    ["size", "2", 2],
    ["as_of", "2024-02-29", "2024-02-29"],
    ["as_of", null, null],
    ["at", "2026-11-24 15:59:00Z", "2026-11-24T15:59:00Z"],
    ["symbols", "IBM\n\n  AAPL \n", ["IBM", "AAPL"]],
    ["symbols", "", []],
    ["numbers", "[1, 2]", [1, 2]],
  ])("of %s holding %j is read as %j", (name, entry, value) =>
    expect(read(parameter(name), parameter(name).kind, entry)).toEqual({ value }),
  );

  test.each<[string, string, RegExp]>([
    ["desk", "TOOLONG", /Longer than 5/],
    ["desk", "fx", /Does not match/],
    ["days", "2.5", /whole/],
    ["days", "11", /from 1 to 10/],
    ["days", "", /whole/],
    ["days", "99999999999999999999", /count/],
    ["ratio", "1", /less than 1/],
    ["ratio", "x", /Not a number/],
    ["as_of", "2026-02-30", /Not a date/],
    ["at", "tomorrow", /Not an instant/],
    ["map", "{", /Not JSON/],
    ["level", "", /Choose/],
  ])("of %s holding %j is refused", (name, entry, words) => {
    const reading = read(parameter(name), parameter(name).kind, entry);
    expect("error" in reading && reading.error).toMatch(words);
  });

  test("shows what the job says, else the default", () => {
    expect(baseWords(baseOf(parameter("desk"), { desk: "OIL" }))).toBe("From the job: OIL");
    expect(baseWords(baseOf(parameter("days"), {}))).toBe("By default: 3");
    expect(baseWords(baseOf(parameter("at"), {}))).toBe("Not set in the job.");
    expect(baseWords(baseOf(parameter("as_of"), { as_of: null }))).toBe("From the job: none");
  });

  test("shows as JSON what is of another type than declared", () => {
    expect(kindFor(parameter("days"), { value: "seven", from: "job" })).toBe("json");
    expect(kindFor(parameter("symbols"), { value: ["a\nb"], from: "job" })).toBe("json");
    expect(kindFor(parameter("days"), { value: 7, from: "job" })).toBe("whole");
  });

  test("reads back what it shows", () => {
    for (const [name, value] of [
      ["symbols", ["IBM", "A"]],
      ["map", { a: [1, null] }],
      ["level", "low"],
      ["is_dry_run", true],
      ["ratio", 0.5],
      ["as_of", null],
    ] as const) {
      const { kind } = parameter(name);
      expect(read(parameter(name), kind, entryOf(kind, value))).toEqual({ value });
    }
  });
});

test("values are the same whatever the order of keys", () => {
  expect(isSame({ a: 1, b: [1, { c: null }] }, { b: [1, { c: null }], a: 1 })).toBe(true);
  expect(isSame({ a: undefined }, { b: undefined })).toBe(false);
  expect(isSame([1, 2], [1, 2, 3])).toBe(false);
  expect(isSame([], {})).toBe(false);
  expect(isSame(null, {})).toBe(false);
});

describe("the form", () => {
  const empty: FormState = {
    entries: {},
    reason: "",
    windowStart: "",
    windowEnd: "",
    zone: "America/New_York",
  };
  const fields = fieldsOf(parametersOf(SCHEMA, NAMES), { desk: "OIL", symbols: ["IBM"] });

  test("sends nothing that is as in the job", () => {
    const { body, faults } = requestOf(fields, {
      ...empty,
      entries: { desk: "OIL", days: "3", symbols: "IBM\n", at: "", ratio: " " },
      reason: "  ",
    });
    expect(body).toEqual({ params: {}, reason: null, windowStart: null, windowEnd: null });
    expect(faults).toEqual({});
  });

  test("sends what is different", () => {
    const { body } = requestOf(fields, {
      ...empty,
      entries: { desk: "GAS", is_dry_run: "true", symbols: "", level: '"low"' },
      reason: " for the audit ",
      windowStart: "2026-11-24T09:30",
      windowEnd: "2026-11-24T16:00",
    });
    expect(body).toEqual({
      params: { desk: "GAS", is_dry_run: true, symbols: [], level: "low" },
      reason: "for the audit",
      windowStart: "2026-11-24T14:30:00.000Z",
      windowEnd: "2026-11-24T21:00:00.000Z",
    });
  });

  test("names what is wrong as the API does", () => {
    const { faults } = requestOf(fields, {
      ...empty,
      entries: { as_of: "soon", is_dry_run: "false" },
      reason: "x".repeat(501),
      windowStart: "2026-11-24T09:30",
    });
    expect(Object.keys(faults)).toEqual(["params.asOf", "reason", "windowEnd"]);
    const wrong = requestOf(fields, {
      ...empty,
      windowStart: "2026-11-24T09:30",
      windowEnd: "2026-11-24T09:30",
    });
    expect(wrong.faults).toEqual({ windowEnd: "Must be later than the start." });
  });
});

test.each([
  ["SKIP", 1, true],
  ["QUEUE", 1, false],
  ["QUEUE", 2, true],
  ["REPLACE", 1, false],
  ["REPLACE", 2, true],
  ["ALLOW", 5, false],
])("with %s and %d unfinished a run is refused: %s", (policy, unfinished, isRefused) => {
  const said = overlapWords(policy, unfinished);
  expect(said.isRefused).toBe(isRefused);
  expect(said.words).toContain(policy);
});

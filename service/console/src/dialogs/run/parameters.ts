/**
 * The form of a handler's parameters, from the JSON Schema of their type.
 *
 * Source: https://json-schema.org/draft/2020-12/json-schema-validation, as far as msgspec writes it.
 */

export type Kind = "text" | "choice" | "whole" | "number" | "truth" | "date" | "instant" | "texts" | "json";

export interface Parameter {
  name: string;
  kind: Kind;
  isNullable: boolean;
  /** What may be chosen, where `kind` is "choice". */
  choices: readonly unknown[];
  lowest?: Bound;
  highest?: Bound;
  multipleOf?: number;
  longest?: number;
  pattern?: string;
  description?: string;
  /** What the handler takes where the job says nothing; undefined: it has no default. */
  preset: unknown;
}

export interface Bound {
  value: number;
  isExclusive: boolean;
}

type Schema = Record<string, unknown>;

/** Returns what may be overridden, in the order of the type; without a schema every parameter is JSON. */
export function parametersOf(schema: unknown, overridable: readonly string[]): Parameter[] {
  const root = isSchema(schema) ? resolved(schema, schema) : {};
  const properties = isSchema(root["properties"]) ? root["properties"] : {};
  const declared = Object.keys(properties);
  const place = (name: string) => (declared.includes(name) ? declared.indexOf(name) : declared.length);
  const ordered = [...overridable].sort((one, other) => place(one) - place(other));
  return ordered.map((name) => parameterOf(name, properties[name], isSchema(schema) ? schema : {}));
}

/** The names of all parameters that a handler's type declares. */
export function declaredNames(schema: unknown): string[] {
  const root = isSchema(schema) ? resolved(schema, schema) : {};
  return isSchema(root["properties"]) ? Object.keys(root["properties"]) : [];
}

function parameterOf(name: string, property: unknown, root: Schema): Parameter {
  const outer = isSchema(property) ? resolved(property, root) : {};
  const { schema, isNullable } = withoutNull(outer, root);
  const description = textAt(outer, "description") ?? textAt(schema, "description");
  const kind = kindOf(schema, root);
  // Whether, whether not, or nothing at all are three choices.
  const values = kind === "truth" && isNullable ? [true, false] : schema["enum"];
  const choices = Array.isArray(values) ? values.filter((value) => value !== null) : [];
  return {
    name,
    kind: choices.length > 0 ? "choice" : kind,
    isNullable: isNullable || (Array.isArray(values) && values.includes(null)),
    choices,
    ...bounds(schema),
    ...some("multipleOf", numberAt(schema, "multipleOf")),
    ...some("longest", numberAt(schema, "maxLength")),
    ...some("pattern", textAt(schema, "pattern")),
    ...some("description", description),
    preset: outer["default"],
  };
}

function kindOf(schema: Schema, root: Schema): Kind {
  switch (schema["type"]) {
    case "string": {
      const format = schema["format"];
      return format === "date" ? "date" : format === "date-time" ? "instant" : "text";
    }
    case "integer":
      return "whole";
    case "number":
      return "number";
    case "boolean":
      return "truth";
    case "array": {
      const items = schema["items"];
      const item = isSchema(items) ? resolved(items, root) : {};
      return item["type"] === "string" && item["format"] === undefined ? "texts" : "json";
    }
    default:
      return "json";
  }
}

/** Follows a reference within the document. */
function resolved(schema: Schema, root: Schema): Schema {
  let found = schema;
  // A reference to a reference is rare, and a circle of them no type.
  for (let depth = 0; depth < 8; depth++) {
    const reference = textAt(found, "$ref");
    if (!reference?.startsWith("#/")) return found;
    let target: unknown = root;
    for (const part of reference.slice(2).split("/")) {
      target = isSchema(target) ? target[part.replaceAll("~1", "/").replaceAll("~0", "~")] : undefined;
    }
    if (!isSchema(target)) return {};
    const beside = Object.fromEntries(Object.entries(found).filter(([key]) => key !== "$ref"));
    found = { ...target, ...beside };
  }
  return {};
}

/** Takes the null out of a type that may be it. */
function withoutNull(schema: Schema, root: Schema): { schema: Schema; isNullable: boolean } {
  const options = schema["anyOf"] ?? schema["oneOf"];
  if (Array.isArray(options)) {
    const others = options.filter(isSchema).filter(({ type }) => type !== "null");
    const isNullable = others.length < options.length;
    const [only] = others;
    return { schema: only && others.length === 1 ? resolved(only, root) : {}, isNullable };
  }
  const type = schema["type"];
  if (Array.isArray(type)) {
    const others = type.filter((each) => each !== "null");
    const only: unknown = others.length === 1 ? others[0] : undefined;
    return { schema: { ...schema, type: only }, isNullable: others.length < type.length };
  }
  return { schema, isNullable: false };
}

function bounds(schema: Schema): Pick<Parameter, "lowest" | "highest"> {
  return {
    ...some("lowest", bound(schema, "minimum", "exclusiveMinimum")),
    ...some("highest", bound(schema, "maximum", "exclusiveMaximum")),
  };
}

function bound(schema: Schema, inclusive: string, exclusive: string): Bound | undefined {
  const [closed, open] = [numberAt(schema, inclusive), numberAt(schema, exclusive)];
  if (open !== undefined) return { value: open, isExclusive: true };
  return closed === undefined ? undefined : { value: closed, isExclusive: false };
}

function some<Key extends string, T>(key: Key, value: T | undefined): Partial<Record<Key, T>> {
  return value === undefined ? {} : ({ [key]: value } as Record<Key, T>);
}

function isSchema(value: unknown): value is Schema {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function textAt(schema: Schema, key: string): string | undefined {
  const value = schema[key];
  return typeof value === "string" ? value : undefined;
}

function numberAt(schema: Schema, key: string): number | undefined {
  const value = schema[key];
  return typeof value === "number" ? value : undefined;
}

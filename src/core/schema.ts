/**
 * JSON Schemas with TypeBox's types, and nothing else of TypeBox: its builders, of which fifteen are used here, come in 300
 * modules that take 9 MB of the 120 that the controller may have on a Pi.
 */
import type { Type as TypeBox } from "typebox";

export type { Static, TObject, TProperties, TSchema } from "typebox";

type Json = Record<string, unknown>;

const optionals = new WeakSet<object>();

function object(properties: Json, options?: Json): Json {
  const required = Object.keys(properties).filter((key) => !optionals.has(properties[key] as object));
  return { type: "object", ...(required.length > 0 ? { required } : {}), properties, ...options };
}

function optional(schema: Json): Json {
  const copy = { ...schema };
  optionals.add(copy);
  return copy;
}

/** An object of the same properties, each of which may be left out. */
function partial({ required: _, properties, ...rest }: Json, options?: Json): Json {
  const loose = Object.entries(properties as Record<string, Json>).map(([key, schema]) => [key, optional(schema)]);
  return { ...rest, properties: Object.fromEntries(loose), ...options };
}

/** By any key, by keys of a pattern, or by those of a choice of literals. */
function record(key: Json, value: Json, options?: Json): Json {
  const names = (key.anyOf as { const: string }[] | undefined)?.map((literal) => [literal.const, value]);
  if (names) return object(Object.fromEntries(names), options);
  return { type: "object", patternProperties: { [(key.pattern as string) ?? "^.*$"]: value }, ...options };
}

const builders = {
  Array: (items: Json, options?: Json) => ({ type: "array", items, ...options }),
  Boolean: (options?: Json) => ({ type: "boolean", ...options }),
  Integer: (options?: Json) => ({ type: "integer", ...options }),
  Intersect: (allOf: Json[], options?: Json) => ({ allOf, ...options }),
  Literal: (value: unknown, options?: Json) => ({ type: typeof value, const: value, ...options }),
  Number: (options?: Json) => ({ type: "number", ...options }),
  Object: object,
  Optional: optional,
  Partial: partial,
  Record: record,
  String: (options?: Json) => ({ type: "string", ...options }),
  Tuple: (items: Json[], options?: Json) => ({
    type: "array",
    additionalItems: false,
    items,
    minItems: items.length,
    ...options,
  }),
  Union: (anyOf: Json[], options?: Json) => ({ anyOf, ...options }),
  Unknown: (options?: Json) => ({ ...options }),
  Unsafe: (schema: Json) => schema,
};

/** Builds the schemas that TypeBox's `Type` would build, typed as TypeBox types them. */
export const Type = builders as unknown as Pick<typeof TypeBox, keyof typeof builders>;

/** Checks of JSON values by the type system of OCPI (chapter Types); each gives the faults that it finds, with their place. */

export type Json = Readonly<Record<string, unknown>>;
export type Check = (value: unknown, at: string) => string[];

const shown = (value: unknown) => (JSON.stringify(value) ?? "nothing").slice(0, 80);
const wrong = (at: string, value: unknown, wanted: string) => [`${at}: ${shown(value)} is not ${wanted}`];

export function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** CiString(most): printable ASCII. */
export function ciString(most: number): Check {
  return (value, at) =>
    typeof value === "string" && /^[\x20-\x7e]+$/.test(value) && value.length <= most
      ? []
      : wrong(at, value, `CiString(${most})`);
}

/** string(most): printable UTF-8. */
export function string(most: number): Check {
  return (value, at) =>
    typeof value === "string" && !/\p{Cc}/u.test(value) && value.length <= most
      ? []
      : wrong(at, value, `string(${most})`);
}

export function pattern(most: number, form: RegExp): Check {
  return (value, at) =>
    typeof value === "string" && value.length <= most && form.test(value) ? [] : wrong(at, value, String(form));
}

/** UTC, at most 25 characters, with or without Z, never with an offset. */
export const dateTime: Check = (value, at) => {
  const isStamp =
    typeof value === "string" &&
    value.length <= 25 &&
    /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?Z?$/.test(value) &&
    Number.isFinite(millis(value));
  return isStamp ? [] : wrong(at, value, "a DateTime");
};

/** Epoch ms of a DateTime. */
export function millis(stamp: unknown): number {
  const text = String(stamp);
  return Date.parse(text.endsWith("Z") ? text : `${text}Z`);
}

export const url: Check = (value, at) =>
  typeof value === "string" && value.length <= 255 && URL.canParse(value) && /^https?:/.test(value)
    ? []
    : wrong(at, value, "a URL");

/** A JSON number of so many decimals. */
export function number(decimals = 4): Check {
  return (value, at) => {
    if (typeof value !== "number" || !Number.isFinite(value)) return wrong(at, value, "a number");
    return Number(value.toFixed(decimals)) === value ? [] : wrong(at, value, `a number of ${decimals} decimals`);
  };
}

export const int: Check = (value, at) => (Number.isInteger(value) ? [] : wrong(at, value, "an int"));
export const boolean: Check = (value, at) => (typeof value === "boolean" ? [] : wrong(at, value, "a boolean"));

export function oneOf(words: string): Check {
  const known = words.split(/\s+/);
  return (value, at) => (known.includes(value as string) ? [] : wrong(at, value, `one of ${words}`));
}

/** Cardinality of a field: 1, ?, * or +. */
export type Field = readonly ["1" | "?" | "*" | "+", Check];

function cardinality(value: unknown, [card, check]: Field, at: string): string[] {
  if (value === undefined) return card === "1" || card === "+" ? [`${at}: is required`] : [];
  if (card === "1" || card === "?") return check(value, at);
  if (!Array.isArray(value)) return wrong(at, value, "a list");
  if (card === "+" && value.length === 0) return [`${at}: needs one element`];
  return value.flatMap((element, index) => check(element, `${at}[${index}]`));
}

/** A class of the specification: its fields and no others; `rule` is what its table says in words. */
export function object(fields: Readonly<Record<string, Field>>, rule?: (value: Json, at: string) => string[]): Check {
  return (value, at) => {
    if (!isObject(value)) return wrong(at, value, "an object");
    const unknown = Object.keys(value).filter((name) => !(name in fields));
    const faults = [
      ...unknown.map((name) => `${at}.${name}: is in no table`),
      ...Object.entries(fields).flatMap(([name, field]) => cardinality(value[name], field, `${at}.${name}`)),
    ];
    return faults.length > 0 || !rule ? faults : rule(value, at);
  };
}

/** The fields of a class that a PATCH may have: any, and always `last_updated`. */
export function patchOf(fields: Readonly<Record<string, Field>>): Check {
  return object(
    Object.fromEntries(
      Object.entries(fields).map(([name, [card, check]]): [string, Field] => {
        if (name === "last_updated") return [name, ["1", check]];
        return [name, [card === "1" ? "?" : card === "+" ? "*" : card, check]];
      }),
    ),
  );
}

/** A rule in words: a fault where it does not hold. */
export function must(holds: boolean, at: string, says: string): string[] {
  return holds ? [] : [`${at}: ${says}`];
}

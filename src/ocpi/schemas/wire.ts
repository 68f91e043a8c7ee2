/** Types of the OCPI text as schemas. Lenient on input: unknown fields stay, lengths may be exceeded a little. */
import { Ajv, type ValidateFunction } from "ajv";
import { type Static, type TSchema, Type } from "../../core/schema.ts";

/** Ids of partners are a little too long now and then. */
const SLACK = 28;

/** A case-insensitive printable string of the given length. */
export const CiString = (length: number) =>
  Type.String({ minLength: 1, maxLength: length + SLACK, pattern: "^[\\x20-\\x7e]+$" });
export const Text = (length: number) => Type.String({ maxLength: length * 2 });
export const Url = Type.String({ pattern: "^https?://", maxLength: 2048 });
const DAY = "\\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\\d|3[01])";
const TIME = "([01]\\d|2[0-3]):[0-5]\\d:([0-5]\\d|60)(\\.\\d+)?";
const DATE_TIME = `^${DAY}T${TIME}(Z|[+-]([01]\\d|2[0-3]):[0-5]\\d)?$`;
/** UTC by definition, with or without Z; an offset is tolerated, a month 13 is not. */
export const DateTime = Type.String({ pattern: DATE_TIME, maxLength: 40 });
export const CountryCode = Type.String({ pattern: "^[A-Za-z]{2}$" });
export const PartyId = Type.String({ pattern: "^[A-Za-z0-9]{3}$" });

/** The time of a checked {@link DateTime}, epoch ms; a leap second is the one before it. */
export function timeMs(text: string): number {
  const known = text.replace(/:60/, ":59");
  return Date.parse(/(Z|[+-]\d{2}:\d{2})$/.test(known) ? known : `${known}Z`);
}

/** Nothing of OCPI is nested so deeply. */
const DEEPEST = 32;

/** Explicit nulls mean the same as absence; what is nested beyond reason is nothing. */
export function withoutNulls(value: unknown, depth = 0): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (depth > DEEPEST) return undefined;
  if (Array.isArray(value))
    return value.filter((entry) => entry !== null).map((entry) => withoutNulls(entry, depth + 1));
  const entries = Object.entries(value).filter(([, child]) => child !== null);
  return Object.fromEntries(entries.map(([key, child]) => [key, withoutNulls(child, depth + 1)]));
}

const ajv = new Ajv({ allErrors: false, strict: false, coerceTypes: false });

export type Parsed<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly problem: string };

/** Only what the schema of an object names: what is kept must not grow with what somebody adds. */
export function onlyKnown<T extends object>(schema: { readonly properties: object }, value: T): T {
  const known = Object.entries(value).filter(([name]) => name in schema.properties);
  return Object.fromEntries(known) as T;
}

/** A reader of objects from the wire: nulls away, a list of one unwrapped where one object is meant, then checked. */
export function reader<S extends TSchema>(schema: S): (value: unknown) => Parsed<Static<S>> {
  const isObject = (schema as { type?: unknown }).type === "object";
  let check: ValidateFunction | undefined;
  return (value) => {
    check ??= ajv.compile(schema);
    const clean = withoutNulls(value);
    const single = isObject && Array.isArray(clean) && clean.length === 1 ? clean[0] : clean;
    if (check(single)) return { ok: true, value: single as Static<S> };
    const [error] = check.errors ?? [];
    const isTime = error?.params.pattern === DATE_TIME;
    const why = isTime ? "is no time such as 2026-06-29T20:39:09Z" : (error?.message ?? "is wrong");
    return { ok: false, problem: `${error?.instancePath.slice(1) || "it"} ${why}` };
  };
}

/** An object after a PATCH that was read from `body`: what is left out stays, a null takes away what is optional. */
export function patched<T extends object>(
  schema: { readonly required?: readonly string[] },
  before: T,
  { body, patch }: { readonly body: unknown; readonly patch: Partial<T> },
): Parsed<T> {
  const single = Array.isArray(body) ? body[0] : body;
  const nulls = Object.keys(single).filter((name) => single[name] === null);
  const needed = nulls.find((name) => schema.required?.includes(name));
  if (needed !== undefined) return { ok: false, problem: `${needed} may not be null` };
  const stays = Object.entries(before).filter(([name]) => !nulls.includes(name));
  return { ok: true, value: { ...(Object.fromEntries(stays) as T), ...patch } };
}

/** Reading what nobody vouches for: fields of a message whose schema may have been broken. */
export type Fields = Readonly<Record<string, unknown>>;

/** The value as an object; anything else is an empty one. */
export function fieldsOf(value: unknown): Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Fields) : {};
}

/** The value as a list of objects, at most `limit`. */
export function listOf(value: unknown, limit = 200): readonly Fields[] {
  return Array.isArray(value) ? value.slice(0, limit).map(fieldsOf) : [];
}

/** Text, trimmed and cut; numbers count as text; empty text is nothing. */
export function textOf(value: unknown, longest = 255): string | undefined {
  if (typeof value === "number") return String(value);
  if (typeof value !== "string") return undefined;
  return value.trim().slice(0, longest) || undefined;
}

/** A finite number, also written as text with blanks or a decimal comma; empty text is nothing, not zero. */
export function numberOf(value: unknown): number | undefined {
  if (typeof value === "number") return Number.isFinite(value) ? value : undefined;
  if (typeof value !== "string" || !/\d/.test(value)) return undefined;
  const number = Number(value.trim().replace(/^([+-]?\d+),(\d+)$/, "$1.$2"));
  return Number.isFinite(number) ? number : undefined;
}

/** No meter of this world shows more, in whatever unit. */
const LARGEST = 1e12;

/** A number that a meter can show, times `factor`; `undefined` for anything else. */
export function measureOf(value: unknown, factor = 1): number | undefined {
  const measure = (numberOf(value) ?? Number.NaN) * factor;
  return Math.abs(measure) <= LARGEST ? measure : undefined;
}

/** What a table says of a word of a message; names of the language's own (`constructor`) are in no table. */
export function entryOf<T>(table: Readonly<Record<string, T>>, word: unknown): T | undefined {
  return typeof word === "string" && Object.hasOwn(table, word.trim()) ? table[word.trim()] : undefined;
}

/** A whole number from 0 up; `undefined` for anything else. */
export function countOf(value: unknown): number | undefined {
  const number = numberOf(value);
  return number !== undefined && Number.isSafeInteger(number) && number >= 0 ? number : undefined;
}

/** JSON text of a payload, cut at `longest` characters. */
export function jsonCut(payload: unknown, longest: number): string {
  return (JSON.stringify(payload) ?? "null").slice(0, longest);
}

/** The object without its undefined properties. */
export function defined<T extends object>(value: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, v]) => v !== undefined)) as never;
}

/** Fills in what a document leaves out. Ajv does so too, but not inside of choices (`anyOf`), where devices and prices are. */
import type { TSchema } from "../../core/schema.ts";

interface Node {
  readonly default?: unknown;
  readonly const?: unknown;
  readonly items?: Node;
  readonly properties?: Readonly<Record<string, Node>>;
  readonly required?: readonly string[];
  readonly patternProperties?: Readonly<Record<string, Node>>;
  readonly anyOf?: readonly Node[];
}
type Members = Record<string, unknown>;

const isMembers = (value: unknown): value is Members =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Whether this choice is meant: it has what it cannot do without, and the words that set it apart. */
function isMeant({ properties = {}, required = [] }: Node, value: Members): boolean {
  const isThere = (key: string) => key in value || properties[key]?.default !== undefined;
  const isSame = ([key, { const: word }]: [string, Node]) =>
    word === undefined || !(key in value) || value[key] === word;
  return required.every(isThere) && Object.entries(properties).every(isSame);
}

function fillMembers({ properties = {}, patternProperties = {} }: Node, value: Members): void {
  for (const [key, schema] of Object.entries(properties)) {
    const filled = fill(schema, value[key]);
    if (filled !== undefined) value[key] = filled;
  }
  for (const [pattern, schema] of Object.entries(patternProperties))
    for (const key of Object.keys(value)) if (new RegExp(pattern).test(key)) value[key] = fill(schema, value[key]);
}

function fill(schema: Node, given: unknown): unknown {
  const value = given === undefined ? structuredClone(schema.default) : given;
  if (Array.isArray(value)) return schema.items ? value.map((item) => fill(schema.items!, item)) : value;
  if (!isMembers(value)) return value;
  const meant = schema.anyOf ? schema.anyOf.find((choice) => isMeant(choice, value)) : schema;
  if (meant) fillMembers(meant, value);
  return value;
}

/** The value with every default of the schema filled in; objects of the value are changed in place. Throws where it has no end. */
export function withDefaults(schema: TSchema, value: unknown): unknown {
  return fill(schema as Node, value);
}

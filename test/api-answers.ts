/** Asks every read route that a server documents, and holds each answer against the schema of its own document. */
import { Ajv } from "ajv";

type Json = Record<string, unknown>;

/** A schema under which an object has the fields that it names, and no other. */
function closed(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(closed);
  if (typeof schema !== "object" || schema === null) return schema;
  const parts = Object.entries(schema).map(([key, value]) => {
    const byName = key === "properties" || key === "patternProperties";
    if (!byName) return [key, closed(value)] as const;
    const fields = Object.entries(value as Json).map(([name, field]) => [name, closed(field)] as const);
    return [key, Object.fromEntries(fields)] as const;
  });
  const next = Object.fromEntries(parts) as Json;
  return next.type === "object" && next.additionalProperties === undefined
    ? { ...next, additionalProperties: false }
    : next;
}

const ajv = new Ajv({ allErrors: true, strict: false });

/** Fields of a value that its schema does not name, or names and are not there, or are of another kind. */
export function deviations(schema: unknown, value: unknown): string[] {
  const check = ajv.compile(closed(schema) as Json);
  if (check(value)) return [];
  return (check.errors ?? []).map(({ instancePath, message, params }) => {
    return `${instancePath} ${message} ${JSON.stringify(params)}`;
  });
}

interface Operation {
  readonly responses?: Record<string, { readonly content?: Record<string, { readonly schema?: unknown }> }>;
}
export interface Asked {
  readonly status: number;
  readonly deviations: readonly string[];
}
export interface Asking {
  /** By name of the parameter in the path. */
  readonly parameters?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
}

async function ask(url: string, operation: Operation, headers: Record<string, string>): Promise<Asked> {
  const leave = new AbortController();
  const response = await fetch(url, { headers, signal: leave.signal });
  const { status } = response;
  const contentType = (response.headers.get("content-type") ?? "").split(";")[0]!;
  const schema = operation.responses?.[String(status)]?.content?.[contentType]?.schema;
  // A stream has no end.
  const isStream = contentType === "text/event-stream";
  const text = isStream ? "" : await response.text();
  leave.abort();
  if (schema === undefined) return { status, deviations: [`nothing is documented for ${status} ${contentType}`] };
  const isJson = contentType === "application/json";
  return { status, deviations: deviations(schema, isJson ? JSON.parse(text) : text) };
}

/** Asks all documented GET routes of a server. */
export async function askAll(
  base: string,
  { parameters = {}, headers = {} }: Asking = {},
): Promise<Record<string, Asked>> {
  const api = (await (await fetch(`${base}/api/v1/openapi.json`)).json()) as {
    paths: Record<string, { get?: Operation }>;
  };
  const answers: Record<string, Asked> = {};
  for (const [path, { get }] of Object.entries(api.paths)) {
    if (!get) continue;
    const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => parameters[name] ?? `no-${name}`);
    answers[path] = await ask(`${base}${filled}`, get, headers);
  }
  return answers;
}

/** Routes whose answers are not as documented, with what is wrong. */
export function wrong(answers: Readonly<Record<string, Asked>>): Record<string, readonly string[]> {
  const entries = Object.entries(answers).filter(([, answer]) => answer.status !== 200 || answer.deviations.length > 0);
  return Object.fromEntries(entries.map(([path, { status, deviations: all }]) => [path, [`${status}`, ...all]]));
}

/** Writes config/site.schema.json, by which editors complete and check site.yaml: `node test/schema.ts`. */
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { SiteConfigurationSchema } from "../src/core/site/site.ts";

export const SCHEMA_FILE = fileURLToPath(new URL("../config/site.schema.json", import.meta.url));

type Json = { readonly [key: string]: unknown };

function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** What has a default may be left out of the file; the controller's own schema runs after defaults are filled in. */
function withoutDefaulted(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(withoutDefaulted);
  if (!isObject(schema)) return schema;
  const entries = Object.entries(schema).map(([key, value]): [string, unknown] => [key, withoutDefaulted(value)]);
  const result = Object.fromEntries(entries);
  const { required, properties } = schema;
  if (!Array.isArray(required) || !isObject(properties)) return result;
  const left = required.filter((name) => {
    const property = properties[name];
    return !(isObject(property) && "default" in property);
  });
  if (left.length === 0) delete result.required;
  else result.required = left;
  return result;
}

/** The text of the schema file. */
export function schemaText(): string {
  const schema = withoutDefaulted(JSON.parse(JSON.stringify(SiteConfigurationSchema))) as Json;
  const whole = { $schema: "http://json-schema.org/draft-07/schema#", title: "site.yaml of wattledger", ...schema };
  return `${JSON.stringify(whole, null, 2)}\n`;
}

/** The text that is on disk. */
export function schemaOnDisk(): string {
  return readFileSync(SCHEMA_FILE, "utf8");
}

if (import.meta.main) writeFileSync(SCHEMA_FILE, schemaText());

/** Checks messages against the JSON schemas of the Open Charge Alliance that ocpp-rpc carries. Compiled on first use. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { Ajv, type ValidateFunction } from "ajv";
import type { OcppVersion } from "./version.ts";

const require = createRequire(import.meta.url);
const FILES: Readonly<Record<OcppVersion, string>> = {
  "1.6": "ocpp-rpc/lib/schemas/ocpp1_6.json",
  "2.0.1": "ocpp-rpc/lib/schemas/ocpp2_0_1.json",
};
/** RFC 3339 with a zone; what reads time is more lenient, the violation is told. */
const DATE_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/i;
interface Checker {
  readonly ajv: Ajv;
  /** As text, by id: as objects they take ten times the room, and few are ever compiled. */
  readonly schemas: ReadonlyMap<string, string>;
  readonly compiled: Map<string, ValidateFunction>;
}
const checkers = new Map<OcppVersion, Checker>();

/** What explains and checks nothing; a property of that name has a schema for its value, no text. */
function withoutProse(key: string, value: unknown): unknown {
  return (key === "description" || key === "comment") && typeof value === "string" ? undefined : value;
}

function checkerOf(version: OcppVersion): Checker {
  const known = checkers.get(version);
  if (known) return known;
  const ajv = new Ajv({ strict: false, multipleOfPrecision: 6, formats: { "date-time": DATE_TIME, uri: true } });
  const text = readFileSync(require.resolve(FILES[version]), "utf8");
  const all = JSON.parse(text, withoutProse) as readonly { readonly $id: string }[];
  // Their ids are no URNs that Ajv takes; no schema refers to another one.
  const schemas = new Map(all.map(({ $id, ...schema }) => [$id, JSON.stringify(schema)]));
  const checker = { ajv, schemas, compiled: new Map() };
  checkers.set(version, checker);
  return checker;
}

function validatorOf({ ajv, schemas, compiled }: Checker, id: string): ValidateFunction | undefined {
  const schema = schemas.get(id);
  if (!schema) return undefined;
  const validate = compiled.get(id) ?? ajv.compile(JSON.parse(schema));
  compiled.set(id, validate);
  return validate;
}

/** What is wrong with a payload, in words without the payload itself; `undefined` when it is right. */
export function problemOf(
  version: OcppVersion,
  action: string,
  direction: "request" | "response",
  payload: unknown,
): string | undefined {
  const checker = checkerOf(version);
  const validate = validatorOf(checker, `urn:${action}.${direction === "request" ? "req" : "conf"}`);
  if (!validate) return `${action} is not a message of OCPP ${version}`;
  if (validate(payload)) return undefined;
  return checker.ajv.errorsText(validate.errors, { dataVar: action }).slice(0, 300);
}

/** Compiles the busiest messages ahead, so that the first limit does not wait for a compiler. */
export function warmSchemas(): void {
  for (const action of ["SetChargingProfile", "MeterValues", "StatusNotification", "BootNotification"]) {
    problemOf("1.6", action, "request", {});
    problemOf("2.0.1", action, "request", {});
  }
  problemOf("2.0.1", "TransactionEvent", "request", {});
  problemOf("1.6", "StartTransaction", "request", {});
}

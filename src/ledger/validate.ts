/** Checks facts against their declarations before anything is stored: a wrong fact is a defect of the caller. */
import { Ajv, type ValidateFunction } from "ajv";
import type { Envelope } from "../core/facts/fact.ts";
import { FACT_DECLARATIONS } from "../core/facts/index.ts";
import { LedgerError } from "./ledger-error.ts";

const ajv = new Ajv({ strict: false, allErrors: false });
const compiled = new Map<string, ValidateFunction>();

function validatorOf(type: string): ValidateFunction | undefined {
  const known = compiled.get(type);
  if (known) return known;
  const declaration = FACT_DECLARATIONS.get(type);
  if (!declaration) return undefined;
  const validate = ajv.compile(declaration.schema);
  compiled.set(type, validate);
  return validate;
}

/**
 * Where a value would not come back from JSON as it went in (NaN, Infinity, undefined, a date), as a path; undefined
 * when all is well. A state folded from such a value would differ from the refold.
 */
function lossyPath(value: unknown, path: string): string | undefined {
  if (typeof value === "number") return Number.isFinite(value) ? undefined : path;
  if (typeof value === "string" || typeof value === "boolean" || value === null) return undefined;
  if (typeof value !== "object") return path;
  const prototype = Object.getPrototypeOf(value);
  if (!Array.isArray(value) && prototype !== Object.prototype && prototype !== null) return path;
  for (const [name, entry] of Object.entries(value)) {
    const found = lossyPath(entry, `${path}/${name}`);
    if (found) return found;
  }
  return undefined;
}

function refuse(fact: Envelope, problem: string): never {
  throw new LedgerError("invalid-fact", `Fact ${fact.seq} \`${fact.type}\` was not recorded: ${problem}`);
}

/** Throws `invalid-fact` with the place when the envelope or the data is not as declared. */
export function assertValidFact(fact: Envelope): void {
  const declaration = FACT_DECLARATIONS.get(fact.type);
  const validate = validatorOf(fact.type);
  if (!declaration || !validate) refuse(fact, "this type is not declared");
  if (fact.version !== declaration.version) refuse(fact, `version ${fact.version}, declared ${declaration.version}`);
  if (!Number.isFinite(fact.atMs) || !Number.isFinite(fact.monoMs)) refuse(fact, "its time is not a finite number");
  const lossy = lossyPath(fact.data, "data");
  if (lossy) refuse(fact, `${lossy} is not a value that JSON can hold`);
  if (!validate(fact.data)) {
    const error = validate.errors?.[0];
    refuse(fact, `data${error?.instancePath ?? ""} ${error?.message ?? "is invalid"}`);
  }
}

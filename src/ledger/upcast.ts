/**
 * Facts of older versions become facts of the present version when they are read; the file is never changed.
 * To change the data of a type: raise its version in `src/core/facts`, add the step from the old version here, and
 * keep the old line in `fixtures/facts.jsonl`.
 */
import type { Envelope, FactDeclaration } from "../core/facts/fact.ts";
import { FACT_DECLARATIONS } from "../core/facts/index.ts";
import { LedgerError } from "./ledger-error.ts";

/** Data of version n of a type to data of version n + 1. Pure. */
export type Upcaster = (data: unknown) => unknown;

/** By type name: the first entry takes version 1 to 2, the next 2 to 3. */
const UPCASTERS: ReadonlyMap<string, readonly Upcaster[]> = new Map();

export interface FactCatalogue {
  readonly declarations: ReadonlyMap<string, FactDeclaration>;
  readonly upcasters: ReadonlyMap<string, readonly Upcaster[]>;
}

const PRESENT: FactCatalogue = { declarations: FACT_DECLARATIONS, upcasters: UPCASTERS };

/** Refusal of a fact that only a newer release understands. */
export function newerFactError(type: string, version: number, known: number): LedgerError {
  return new LedgerError(
    "newer-release",
    `The ledger holds facts \`${type}\` of version ${version}; this release reads up to version ${known}. Install ` +
      "the release that wrote them, or restore a backup that was made with this one.",
  );
}

/**
 * The fact in the present version of its type. A fact of an unknown type is kept as it is. Throws `newer-release`
 * when its version is above the present one, and a plain error when a step is missing (a defect).
 */
export function upcast(fact: Envelope, catalogue: FactCatalogue = PRESENT): Envelope {
  const declaration = catalogue.declarations.get(fact.type);
  if (!declaration || declaration.version === fact.version) return fact;
  if (fact.version > declaration.version) throw newerFactError(fact.type, fact.version, declaration.version);
  let data = fact.data;
  for (let version = fact.version; version < declaration.version; version++) {
    const step = catalogue.upcasters.get(fact.type)?.[version - 1];
    if (!step) throw new Error(`No upcaster for ${fact.type} from version ${version}`);
    data = step(data);
  }
  return { ...fact, version: declaration.version, data };
}

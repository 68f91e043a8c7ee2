/** Every type of fact. A topic has a file of its own; this one only lists them. */

import * as budget from "./budget-facts.ts";
import * as chargePoint from "./charge-point-facts.ts";
import * as contract from "./contract-facts.ts";
import * as driver from "./driver-facts.ts";
import type { DraftOf, FactDeclaration, FactOf } from "./fact.ts";
import * as forecast from "./forecast-facts.ts";
import * as limit from "./limit-facts.ts";
import * as market from "./market-facts.ts";
import * as partner from "./partner-facts.ts";
import * as plan from "./plan-facts.ts";
import * as request from "./request-facts.ts";
import * as site from "./site-facts.ts";
import * as transaction from "./transaction-facts.ts";
import * as visit from "./visit-facts.ts";

const topics = {
  ...site,
  ...chargePoint,
  ...transaction,
  ...limit,
  ...driver,
  ...forecast,
  ...plan,
  ...partner,
  ...market,
  ...contract,
  ...request,
  ...budget,
  ...visit,
};

type Declared = Extract<(typeof topics)[keyof typeof topics], FactDeclaration>;

/** A fact of a known type, as the ledger keeps it. */
export type SiteFact = FactOf<Declared>;
/** A fact of a known type, before it is recorded. */
export type SiteDraft = DraftOf<Declared>;

function isDeclaration(value: unknown): value is FactDeclaration {
  return typeof value === "object" && value !== null && "type" in value && "version" in value && "schema" in value;
}

/** Declarations by type name. */
export const FACT_DECLARATIONS: ReadonlyMap<string, FactDeclaration> = new Map(
  (Object.values(topics) as unknown[]).filter(isDeclaration).map((declaration) => [declaration.type, declaration]),
);

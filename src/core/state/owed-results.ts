/** Results that partners were promised and that have not left yet, by our id of the request. */

import type { SiteFact } from "../facts/index.ts";
import type { OwedResultSchema } from "../facts/request-facts.ts";
import type { Static } from "../schema.ts";

export interface OwedResult extends Static<typeof OwedResultSchema> {
  readonly acceptedMs: number;
}

export type OwedResults = Readonly<Record<string, OwedResult>>;

/** What waits for longer than the others is given up in the books too. */
const MOST_OWED = 2_000;

function accepted(owed: OwedResults, fact: Extract<SiteFact, { type: "partner-request-accepted" }>): OwedResults {
  const entries = Object.entries(owed).slice(1 - MOST_OWED);
  return { ...Object.fromEntries(entries), [fact.data.requestId]: { ...fact.data, acceptedMs: fact.atMs } };
}

/** Folds one fact into what is owed. */
export function evolveOwedResults(owed: OwedResults, fact: SiteFact): OwedResults {
  switch (fact.type) {
    case "partner-request-accepted":
      return accepted(owed, fact);
    case "partner-request-answered": {
      const { [fact.data.requestId]: _, ...rest } = owed;
      return rest;
    }
    case "partner-unregistered":
      return Object.fromEntries(Object.entries(owed).filter(([, entry]) => entry.partnerId !== fact.data.partnerId));
    default:
      return owed;
  }
}

/** Names of sessions and their records towards partners. */
import type { SiteModel } from "../site/site-model.ts";

export interface Begun {
  readonly transactionId: number;
  readonly startedMs: number;
}

/**
 * Unique for the party as long as site ids are; with the time of the start, because transactions are counted anew with a
 * new ledger. At most 33 characters; the transaction is the last part.
 */
export function marketId(site: SiteModel, { transactionId, startedMs }: Begun): string {
  const when = Math.floor(startedMs / 1000).toString(36);
  return `${site.configuration.site.id.slice(0, 14)}-${when}-${transactionId}`;
}

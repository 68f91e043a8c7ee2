/** A partner's profile on a session, as the state keeps it. */

import type { CeilingSchema } from "../facts/contract-facts.ts";
import type { Static } from "../schema.ts";

export type Ceiling = Static<typeof CeilingSchema>;

export interface Profile {
  readonly partnerId: string;
  readonly receivedMs: number;
  readonly ceiling: Ceiling;
  /** The party behind a hub that sent it. */
  readonly party?: { readonly countryCode: string; readonly partyId: string };
}

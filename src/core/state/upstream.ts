/** What is known of the OCPI partners and of what they asked for. */
import type { Static } from "typebox";
import type { SiteFact } from "../facts/index.ts";
import type { PartnerEndpointSchema, PartnerPartySchema } from "../facts/partner-facts.ts";

export type PartnerParty = Static<typeof PartnerPartySchema>;
export type PartnerEndpoint = Static<typeof PartnerEndpointSchema>;

/** A registered partner. */
export interface PartnerState {
  readonly version: string;
  readonly versionsUrl: string;
  readonly parties: readonly PartnerParty[];
  readonly endpoints: readonly PartnerEndpoint[];
  readonly hubPartyId?: string;
  readonly sinceMs: number;
  readonly changedMs: number;
}

export interface UpstreamState {
  readonly partners: Readonly<Record<string, PartnerState>>;
}

export function initialUpstream(): UpstreamState {
  return { partners: {} };
}

/** Folds one fact into what is known of the partners. */
export function evolveUpstream(slice: UpstreamState, fact: SiteFact): UpstreamState {
  switch (fact.type) {
    case "partner-registered": {
      const { partnerId, by: _, ...known } = fact.data;
      const sinceMs = slice.partners[partnerId]?.sinceMs ?? fact.atMs;
      return { ...slice, partners: { ...slice.partners, [partnerId]: { ...known, sinceMs, changedMs: fact.atMs } } };
    }
    case "partner-unregistered": {
      const { [fact.data.partnerId]: _, ...partners } = slice.partners;
      return { ...slice, partners };
    }
    default:
      return slice;
  }
}

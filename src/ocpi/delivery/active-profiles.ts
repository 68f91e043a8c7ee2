/** ActiveChargingProfile to a partner: with every change that it is owed, which is from its first profile on. */

import { type ActiveProfile, activeProfile, activeProfileObject, differs, unitFor } from "../objects/active-profile.ts";
import type { Market } from "../objects/location.ts";
import { sessionId, sessionOf } from "../objects/session.ts";
import type { WireObject } from "../objects/wire-object.ts";
import type { PartyName } from "../party.ts";
import type { Delivered } from "./pump.ts";

export interface ActiveProfiles {
  /** Sends what changed for one session. */
  deliver(market: Market, transactionId: number): Promise<Delivered>;
  /** The same for the session at an EVSE, or for all. */
  deliverAll(market: Market, evseId?: string): Promise<Delivered>;
}

export function createActiveProfiles(options: {
  readonly partnerId: string;
  readonly nowMs: () => number;
  /** PUT to the partner's endpoint for a session. */
  readonly put: (sessionId: string, body: WireObject, sender: PartyName | undefined) => Promise<Delivered>;
}): ActiveProfiles {
  const { partnerId, nowMs, put } = options;
  const sent = new Map<number, ActiveProfile>();

  async function deliver(market: Market, transactionId: number): Promise<Delivered> {
    const { owed, profiles } = market.state.upstream;
    const session = sessionOf(market, transactionId);
    if (!owed[transactionId]?.includes(partnerId) || !session || session.endedMs !== undefined) {
      sent.delete(transactionId);
      return "done";
    }
    const profile = activeProfile(market, session, nowMs());
    const before = sent.get(transactionId);
    if (before && !differs(profile, before)) return "done";
    const unit = unitFor(profiles[transactionId], partnerId);
    const sender =
      profiles[transactionId]?.find((known) => known.partnerId === partnerId)?.party ??
      market.state.upstream.sessions[transactionId]?.driver?.contract;
    const result = await put(sessionId(market, session), activeProfileObject(profile, unit), sender);
    if (result !== "away") sent.set(transactionId, profile);
    return result;
  }

  return {
    deliver,
    async deliverAll(market, evseId) {
      for (const id of Object.keys(market.state.upstream.owed)) {
        const session = sessionOf(market, Number(id));
        if (evseId !== undefined && session?.evseId !== evseId) continue;
        const result = await deliver(market, Number(id));
        if (result === "away") return result;
      }
      return "done";
    },
  };
}

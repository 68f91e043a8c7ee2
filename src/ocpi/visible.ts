/** What a partner may see: its own drivers' sessions and records, or all of the site's where the configuration says so. */
import type { Session } from "../core/state/sessions.ts";
import type { SiteState } from "../core/state/state.ts";
import type { DriverContract } from "../core/state/upstream.ts";
import type { CdrFact } from "./objects/cdr.ts";
import type { Partner } from "./partner.ts";

/** Whether a contract is with one of the partner's parties. */
export function isOwn(partner: Partner, contract: DriverContract | undefined): boolean {
  if (!contract) return false;
  return (
    contract.partnerId === partner.id ||
    (partner.registration()?.parties ?? []).some(
      (party) => party.countryCode === contract.countryCode && party.partyId === contract.partyId,
    )
  );
}

/** Whether a party is one of the partner's; a hub speaks for others. */
export function isPartyOf(partner: Partner, name: { readonly countryCode: string; readonly partyId: string }): boolean {
  const known = partner.registration();
  if (known?.hubPartyId !== undefined || known?.parties.some((party) => party.role === "HUB")) return true;
  return (known?.parties ?? []).some(
    (party) => party.countryCode === name.countryCode.toUpperCase() && party.partyId === name.partyId.toUpperCase(),
  );
}

export function seesSession(partner: Partner, state: SiteState, session: Session): boolean {
  const { sees, contracts } = partner.configuration;
  if (sees === "all") return true;
  // What it may cap or command it may see.
  const isCovered = contracts.some(
    ({ tokens, evses }) => tokens === "all" && (evses === undefined || evses.includes(session.evseId)),
  );
  if (isCovered) return true;
  return isOwn(partner, state.upstream.sessions[session.transactionId]?.driver?.contract);
}

/** Whose driver a record is about: country and party in one; missing where it is nobody's. */
export function partyOfCdr({ data: { contract } }: CdrFact): string | undefined {
  return contract && `${contract.countryCode}-${contract.partyId}`;
}

export function seesCdr(partner: Partner, { party }: { readonly party?: string | undefined }): boolean {
  if (partner.configuration.sees === "all") return true;
  return (partner.registration()?.parties ?? []).some(
    ({ countryCode, partyId }) => `${countryCode}-${partyId}` === party,
  );
}

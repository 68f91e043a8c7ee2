/**
 * What a partner may see: its own drivers' sessions and records, or all of the site's where the configuration says so.
 * Behind a hub are several parties: each sees its own, not what belongs to another one there.
 */
import type { Session } from "../core/state/sessions.ts";
import type { SiteState } from "../core/state/state.ts";
import type { DriverContract } from "../core/state/upstream.ts";
import { hasDrivers, hubParties, isHub, isTaken, type Partner } from "./partner.ts";
import { isSameParty, type PartyName } from "./party.ts";

type Owner = Pick<DriverContract, "partnerId" | "countryCode" | "partyId">;

/** Who asks: a partner, and of its parties the one that the headers name. */
export interface Asker {
  readonly partner: Partner;
  readonly from?: PartyName;
}

/** The party that a request speaks for; missing where it is the partner as a whole. */
function speaksFor({ partner, from }: Asker): PartyName | undefined {
  return from && !hubParties(partner).some((hub) => isSameParty(hub, from)) ? from : undefined;
}

/** Whether a party is one of the partner's; a hub speaks for others. */
export function isPartyOf(partner: Partner, name: PartyName): boolean {
  const upper = { countryCode: name.countryCode.toUpperCase(), partyId: name.partyId.toUpperCase() };
  return isHub(partner) || (partner.registration()?.parties ?? []).some((party) => isSameParty(party, upper));
}

/** Whether the drivers of a party are the partner's: of one of its own, or behind it where it is a hub. */
export function hasDriversOf(partner: Partner, name: PartyName): boolean {
  const upper = { countryCode: name.countryCode.toUpperCase(), partyId: name.partyId.toUpperCase() };
  const isIts = (partner.registration()?.parties ?? []).some((party) => hasDrivers(party) && isSameParty(party, upper));
  return (isIts || isHub(partner)) && !isTaken(partner, upper);
}

const isListed = (partner: Partner, name: PartyName) =>
  (partner.registration()?.parties ?? []).some((known) => isSameParty(known, name));

/** Whether a contract is with the party that asks, or with one of the partner's. */
export function isOwn(asker: Asker, contract: Owner | undefined): boolean {
  if (!contract) return false;
  const { partner } = asker;
  const party = isHub(partner) ? speaksFor(asker) : undefined;
  if (party && !isSameParty(contract, party)) return false;
  if (contract.partnerId === partner.id) return true;
  return (party !== undefined || !isHub(partner) || isListed(partner, contract)) && hasDriversOf(partner, contract);
}

/** Whether a token of a party may be used by who asks: its owner. */
export function isOwnToken(asker: Asker, owner: PartyName): boolean {
  const upper = { countryCode: owner.countryCode.toUpperCase(), partyId: owner.partyId.toUpperCase() };
  const party = isHub(asker.partner) ? speaksFor(asker) : undefined;
  return (party === undefined || isSameParty(party, upper)) && hasDriversOf(asker.partner, upper);
}

/** What is known of whose a session is. */
export interface SeenSession {
  readonly evseId: string;
  readonly contract?: Owner | undefined;
}

/** A session of the state, with its driver. */
export function seesSession(asker: Asker, state: SiteState, session: Session): boolean {
  const contract = state.upstream.sessions[session.transactionId]?.driver?.contract;
  return seesSessionOf(asker, { evseId: session.evseId, contract });
}

/** The same of one that is known by its record. */
export function seesSessionOf(asker: Asker, { evseId, contract }: SeenSession): boolean {
  const { sees, contracts } = asker.partner.configuration;
  if (sees === "all") return true;
  // What it may cap or command it may see.
  const isCovered = contracts.some(
    ({ tokens, evses }) => tokens === "all" && (evses === undefined || evses.includes(evseId)),
  );
  if (isCovered) return true;
  return isOwn(asker, contract);
}

export function seesCdr(asker: Asker, { contract }: { readonly contract?: Owner | undefined }): boolean {
  return asker.partner.configuration.sees === "all" || isOwn(asker, contract);
}

export function seesReserved(asker: Asker, { contract }: { readonly contract: Owner }): boolean {
  return asker.partner.configuration.sees === "all" || isOwn(asker, contract);
}

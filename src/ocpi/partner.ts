/** A configured partner: what it is allowed, how it is reached, and what was heard of it last. */
import type { Clock, SiteAccess } from "../core/ports.ts";
import type { PartnerConfiguration, PartnerQuirk } from "../core/site/site-upstream.ts";
import type { PartnerParty, PartnerState } from "../core/state/upstream.ts";
import { hostOf, type Reach } from "./allow.ts";
import { createHttp, type HttpClient } from "./http.ts";
import { isSameParty, type PartyName } from "./party.ts";

/** What the page and the command line show of the traffic with a partner. */
export interface Traffic {
  lastSentMs?: number;
  lastHeardMs?: number;
  lastProblem?: string;
  lastProblemMs?: number;
}

export interface PartnerCertificates {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

export interface Partner {
  readonly id: string;
  readonly configuration: PartnerConfiguration;
  readonly http: HttpClient;
  readonly traffic: Traffic;
  /** What is on record; missing while it is not registered. */
  registration(): PartnerState | undefined;
  /** Those of the others that are in the configuration. */
  others(): readonly PartnerState[];
  has(quirk: PartnerQuirk): boolean;
  /** Where it may send us. Until a host is known, the holder of a registration token names it by `versionsUrl`. */
  reach(versionsUrl?: string): Reach;
}

export function createPartner(
  configuration: PartnerConfiguration,
  given: {
    readonly site: Pick<SiteAccess, "state">;
    readonly clock: Clock;
    readonly certificates: PartnerCertificates;
    /** Of all partners. */
    readonly ids: readonly string[];
  },
): Partner {
  const { allowHttp, allowPrivateAddresses, hosts, versionsUrl } = configuration;
  const registrationOf = (id: string) => given.site.state().upstream.partners[id];
  const registration = () => registrationOf(configuration.id);
  const otherIds = given.ids.filter((id) => id !== configuration.id);
  return {
    id: configuration.id,
    configuration,
    http: createHttp({ allowPrivateAddresses, clock: given.clock, ...given.certificates }),
    traffic: {},
    registration,
    others: () => otherIds.flatMap((id) => registrationOf(id) ?? []),
    has: (quirk) => configuration.quirks.includes(quirk),
    reach(named) {
      const known = [versionsUrl, registration()?.versionsUrl].flatMap((url) => (url ? (hostOf(url) ?? []) : []));
      const configured = [...known, ...hosts.map((host) => host.toLowerCase())];
      const first = configured.length === 0 && named !== undefined ? (hostOf(named) ?? []) : [];
      return { hosts: new Set(configured.concat(first)), allowHttp, allowPrivateAddresses };
    },
  };
}

/** Roles of parties that have no drivers. */
const WITHOUT_DRIVERS: ReadonlySet<string> = new Set(["CPO", "HUB", "NAP", "NSP", "SCSP"]);
export const hasDrivers = ({ role }: Pick<PartnerParty, "role">) => !WITHOUT_DRIVERS.has(role);

/** Whether a party with drivers is registered by another partner for itself: then nobody else speaks for it. */
export function isTaken(partner: Partner, name: PartyName): boolean {
  const party = { countryCode: name.countryCode.toUpperCase(), partyId: name.partyId.toUpperCase() };
  const direct = partner.others().filter((other) => hubsIn(other).length === 0);
  return direct.some(({ parties }) => parties.some((known) => hasDrivers(known) && isSameParty(known, party)));
}

/** The hub itself, as one of the parties behind it: by its role (2.2.1) or its id (2.3.0). */
export function hubParties(partner: Partner): readonly PartyName[] {
  return hubsIn(partner.registration());
}

function hubsIn(known: PartnerState | undefined): readonly PartyName[] {
  const { hubPartyId } = known ?? {};
  const named = hubPartyId ? [{ countryCode: hubPartyId.slice(0, 2), partyId: hubPartyId.slice(2) }] : [];
  return [...named, ...(known?.parties ?? []).filter(({ role }) => role === "HUB")];
}

/** Whether the partner speaks for others. */
export function isHub(partner: Partner): boolean {
  return hubParties(partner).length > 0;
}

/** Whom a message about a driver is for: his party, where the partner is that or speaks for it; else its first party. */
export function addressee(partner: Partner, owner: PartyName | undefined): PartyName | undefined {
  const parties = partner.registration()?.parties ?? [];
  const isThere = owner && (isHub(partner) || parties.some((party) => isSameParty(party, owner)));
  return isThere ? { countryCode: owner.countryCode, partyId: owner.partyId } : parties[0];
}

/** The party of a partner that has a role, its first one otherwise. */
export function partyOf(partner: Partner, role?: string): PartnerParty | undefined {
  const parties = partner.registration()?.parties ?? [];
  return parties.find((party) => party.role === role) ?? parties[0];
}

/** The URL of a module at a partner; missing where it does not offer it. For credentials the role means nothing. */
export function endpointOf(partner: Partner, identifier: string, role: "SENDER" | "RECEIVER"): string | undefined {
  return partner
    .registration()
    ?.endpoints.find(
      (endpoint) => endpoint.identifier === identifier && (endpoint.role === role || identifier === "credentials"),
    )?.url;
}

/** Joins path segments to an endpoint, which comes with or without a slash at its end. */
export function joinUrl(endpoint: string, ...segments: readonly string[]): string {
  return [endpoint.replace(/\/+$/, ""), ...segments.map(encodeURIComponent)].join("/");
}

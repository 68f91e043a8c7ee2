/** What is known of the OCPI partners, of their drivers, and of what became of sessions in the market. */

import type { SiteFact } from "../facts/index.ts";
import type { DriverContractSchema } from "../facts/market-facts.ts";
import type { PartnerEndpointSchema, PartnerPartySchema } from "../facts/partner-facts.ts";
import type { OptimisationContexts } from "../market/context.ts";
import type { Profile } from "../market/profile.ts";
import type { Static } from "../schema.ts";
import { type CdrsState, evolveCdrs } from "./cdrs.ts";
import { kept } from "./kept.ts";
import { evolveOwedResults, type OwedResults } from "./owed-results.ts";
import { evolveReserved, type ReservedSessions, reservationUsed } from "./reserved.ts";
import { JUST_ENDED_MS } from "./sessions.ts";
import { evolveTariffBooks, type TariffBooks } from "./tariff-books.ts";

export type PartnerParty = Static<typeof PartnerPartySchema>;
export type PartnerEndpoint = Static<typeof PartnerEndpointSchema>;
export type DriverContract = Static<typeof DriverContractSchema>;

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

/** A driver of a partner who was let in. */
export interface Driver {
  readonly contract: DriverContract;
  readonly authMethod: "AUTH_REQUEST" | "COMMAND" | "WHITELIST";
  readonly authorizationReference?: string;
  readonly atMs: number;
}

export interface MarketSession {
  readonly updatedMs: number;
  readonly endedSeq?: number;
  readonly driver?: Driver;
  /** The first and the last signed meter value: sequence of the fact and time. */
  readonly signed?: readonly { readonly seq: number; readonly atMs: number }[];
  /** What the driver asked for last, in lower case; the tariff goes by it. */
  readonly preference?: string;
  /** The tariffs that held when it began, by their `seq`. */
  readonly tariffsSeq?: number;
  /** Where it began as a reservation, the id that it had then. */
  readonly sessionId?: string;
}

export interface Reservation {
  readonly chargePointReservationId: number;
  readonly evseId: string;
  readonly token: string;
  readonly expiresAtMs: number;
  readonly sessionId?: string;
  /** Where its partner wants to hear that it could not be kept. */
  readonly responseUrl?: string;
  readonly correlationId?: string;
  readonly from?: { readonly countryCode: string; readonly partyId: string };
  readonly version?: string;
  /** The site could not keep it; known until it would have run out. */
  readonly lost?: boolean;
}

/** Where a partner's reservation is in the state. */
export function reservationKey(partnerId: string, reservationId: string): string {
  return `${partnerId}/${reservationId.toLowerCase()}`;
}

export interface UpstreamState extends CdrsState {
  readonly partners: Readonly<Record<string, PartnerState>>;
  /** Sequence of the first registration ever: earlier sessions are nobody's business. */
  readonly sinceSeq?: number;
  /** When the configuration was last changed. */
  readonly configuration?: { readonly hash: string; readonly changedMs: number };
  readonly tariffBooks: TariffBooks;
  /** By token in lower case, the last ones. */
  readonly drivers: Readonly<Record<string, Driver>>;
  /** By transaction, the last ones. */
  readonly sessions: Readonly<Record<string, MarketSession>>;
  /** Ceilings of partners by open transaction. */
  readonly profiles: Readonly<Record<string, readonly Profile[]>>;
  /** Partners whose profile was once taken, by open transaction: they are owed every change. */
  readonly owed: Readonly<Record<string, readonly string[]>>;
  /** By partner and its id of the reservation, the last ones. */
  readonly reservations: Readonly<Record<string, Reservation>>;
  /** The same as sessions, by their id, the last ones. */
  readonly reserved: ReservedSessions;
  /** Results that were promised and have not left yet. */
  readonly results: OwedResults;
  /** What partners told of this site's prices and limits. */
  readonly contexts: OptimisationContexts;
  /** Sequence of the last change of a profile or a context: a plan before it is out of date. */
  readonly profilesSeq?: number;
}

const DRIVERS_KEPT = 500;
const SESSIONS_KEPT = 600;
const RESERVATIONS_KEPT = 250;

export function initialUpstream(): UpstreamState {
  return {
    partners: {},
    tariffBooks: [],
    drivers: {},
    sessions: {},
    profiles: {},
    owed: {},
    reservations: {},
    reserved: {},
    results: {},
    contexts: {},
    billed: {},
    refusedCdrs: {},
  };
}

/** Ended sessions beyond the last ones; an open one is known for as long as its car stays. */
function dropOldest(sessions: Record<string, MarketSession>, nowMs: number): void {
  const isDone = ({ endedSeq, updatedMs }: MarketSession) =>
    endedSeq !== undefined && nowMs - updatedMs > JUST_ENDED_MS;
  const ids = Object.keys(sessions);
  const done = ids.filter((id) => isDone(sessions[id]!));
  for (const id of done.slice(0, Math.max(0, ids.length - SESSIONS_KEPT))) delete sessions[id];
}

function touch(
  slice: UpstreamState,
  id: number,
  fact: SiteFact,
  change: Partial<Omit<MarketSession, "updatedMs">> = {},
): UpstreamState {
  const isNew = slice.sessions[id] === undefined;
  // What comes after all was forgotten begins no session.
  if (isNew && fact.type !== "transaction-started") return slice;
  const sessions = { ...slice.sessions, [id]: { ...slice.sessions[id], ...change, updatedMs: fact.atMs } };
  if (isNew) dropOldest(sessions, fact.atMs);
  return { ...slice, sessions };
}

function authorised(slice: UpstreamState, fact: Extract<SiteFact, { type: "driver-authorised" }>): UpstreamState {
  const { token, allowed, how, contract, authorizationReference } = fact.data;
  const name = token.toLowerCase();
  if (!allowed) {
    const { [name]: _, ...drivers } = slice.drivers;
    return { ...slice, drivers };
  }
  const methods = {
    "real-time": "AUTH_REQUEST",
    command: "COMMAND",
    whitelist: "WHITELIST",
    offline: "WHITELIST",
  } as const;
  const driver: Driver = {
    contract,
    authMethod: methods[how],
    atMs: fact.atMs,
    ...(authorizationReference === undefined ? {} : { authorizationReference }),
  };
  return { ...slice, drivers: kept(slice.drivers, name, driver, DRIVERS_KEPT) };
}

/** Nothing that a partner asked for outlives its registration. */
function unregistered(slice: UpstreamState, fact: Extract<SiteFact, { type: "partner-unregistered" }>): UpstreamState {
  const { partnerId } = fact.data;
  const { [partnerId]: _, ...partners } = slice.partners;
  const left = Object.entries(slice.profiles).map(
    ([id, profiles]) => [id, profiles.filter((profile) => profile.partnerId !== partnerId)] as const,
  );
  const profiles = Object.fromEntries(left.filter(([, remaining]) => remaining.length > 0));
  const owed = Object.entries(slice.owed).map(([id, ids]) => [id, ids.filter((other) => other !== partnerId)] as const);
  const { [partnerId]: __, ...contexts } = slice.contexts;
  return { ...slice, partners, profiles, owed: Object.fromEntries(owed), contexts, profilesSeq: fact.seq };
}

/** The car is there for which the place was kept. */
function used(slice: UpstreamState, sessionId: string): UpstreamState {
  const { [sessionId]: entry, ...reserved } = slice.reserved;
  const { [entry?.key ?? ""]: _, ...reservations } = slice.reservations;
  return { ...slice, reserved, reservations };
}

function signed(slice: UpstreamState, fact: Extract<SiteFact, { type: "signed-value-reported" }>): UpstreamState {
  const { transactionId, atMs } = fact.data;
  const known = transactionId === undefined ? undefined : slice.sessions[transactionId];
  if (transactionId === undefined || !known) return slice;
  const all = [...(known.signed ?? []), { seq: fact.seq, atMs }].sort((a, b) => a.atMs - b.atMs);
  const edges = all.length > 2 ? [all[0]!, all.at(-1)!] : all;
  return { ...slice, sessions: { ...slice.sessions, [transactionId]: { ...known, signed: edges } } };
}

function profileReceived(
  slice: UpstreamState,
  fact: Extract<SiteFact, { type: "charging-profile-received" }>,
): UpstreamState {
  const { partnerId, transactionId, ceiling, party } = fact.data;
  const others = (slice.profiles[transactionId] ?? []).filter((profile) => profile.partnerId !== partnerId);
  const owed = new Set(slice.owed[transactionId]).add(partnerId);
  const profile = { partnerId, receivedMs: fact.atMs, ceiling, ...(party ? { party } : {}) };
  return {
    ...slice,
    profiles: { ...slice.profiles, [transactionId]: [...others, profile] },
    owed: { ...slice.owed, [transactionId]: [...owed] },
    profilesSeq: fact.seq,
  };
}

function profileEnded(
  slice: UpstreamState,
  fact: Extract<SiteFact, { type: "charging-profile-ended" }>,
): UpstreamState {
  const { partnerId, transactionId } = fact.data;
  const { [transactionId]: before = [], ...profiles } = slice.profiles;
  const left = before.filter((profile) => profile.partnerId !== partnerId);
  const kept = left.length === 0 ? profiles : { ...profiles, [transactionId]: left };
  return { ...slice, profiles: kept, profilesSeq: fact.seq };
}

function sessionEnded(slice: UpstreamState, fact: Extract<SiteFact, { type: "transaction-ended" }>): UpstreamState {
  const { transactionId } = fact.data;
  const { [transactionId]: _, ...profiles } = slice.profiles;
  const { [transactionId]: __, ...owed } = slice.owed;
  return touch({ ...slice, profiles, owed }, transactionId, fact, { endedSeq: fact.seq });
}

/** Folds one fact into what is known of the market. */
export function evolveUpstream(slice: UpstreamState, fact: SiteFact): UpstreamState {
  const results = evolveOwedResults(slice.results, fact);
  return evolveCdrs(evolveMarket(results === slice.results ? slice : { ...slice, results }, fact), fact);
}

function sessionBegun(slice: UpstreamState, fact: Extract<SiteFact, { type: "transaction-started" }>): UpstreamState {
  const driver = fact.data.token === undefined ? undefined : slice.drivers[fact.data.token.toLowerCase()];
  const sessionId = reservationUsed(slice.reserved, fact.data);
  const tariffsSeq = slice.tariffBooks.at(-1)?.seq;
  const begun = {
    ...(driver ? { driver } : {}),
    ...(sessionId === undefined ? {} : { sessionId }),
    ...(tariffsSeq === undefined ? {} : { tariffsSeq }),
  };
  return touch(sessionId === undefined ? slice : used(slice, sessionId), fact.data.transactionId, fact, begun);
}

function reservationMade(slice: UpstreamState, fact: Extract<SiteFact, { type: "reservation-made" }>): UpstreamState {
  const { partnerId, reservationId, contract: _, authorizationReference: __, ...reservation } = fact.data;
  const key = reservationKey(partnerId, reservationId);
  const reserved = evolveReserved(slice.reserved, fact, key);
  return { ...slice, reserved, reservations: kept(slice.reservations, key, reservation, RESERVATIONS_KEPT) };
}

function reservationCancelled(
  slice: UpstreamState,
  fact: Extract<SiteFact, { type: "reservation-cancelled" }>,
): UpstreamState {
  const key = reservationKey(fact.data.partnerId, fact.data.reservationId);
  const { [key]: known, ...others } = slice.reservations;
  const reservations = known && fact.data.bySite ? { ...others, [key]: { ...known, lost: true } } : others;
  return { ...slice, reservations, reserved: evolveReserved(slice.reserved, fact, key) };
}

function evolveMarket(slice: UpstreamState, fact: SiteFact): UpstreamState {
  switch (fact.type) {
    case "booted": {
      const { configurationHash: hash } = fact.data;
      const tariffBooks = evolveTariffBooks(slice.tariffBooks, fact);
      if (slice.configuration?.hash === hash && tariffBooks === slice.tariffBooks) return slice;
      return { ...slice, tariffBooks, configuration: { hash, changedMs: fact.atMs } };
    }
    case "partner-registered": {
      const { partnerId, by: _, ...known } = fact.data;
      const sinceMs = slice.partners[partnerId]?.sinceMs ?? fact.atMs;
      const partners = { ...slice.partners, [partnerId]: { ...known, sinceMs, changedMs: fact.atMs } };
      return { ...slice, partners, sinceSeq: slice.sinceSeq ?? fact.seq };
    }
    case "partner-unregistered":
      return unregistered(slice, fact);
    case "driver-authorised":
      return authorised(slice, fact);
    case "transaction-started":
      return sessionBegun(slice, fact);
    case "transaction-metered":
      // What is heard after the record was made changes nothing for partners.
      return slice.billed[fact.data.transactionId] ? slice : touch(slice, fact.data.transactionId, fact);
    case "transaction-ended":
      return sessionEnded(slice, fact);
    case "charging-profile-received":
      return profileReceived(slice, fact);
    case "charging-profile-ended":
      return profileEnded(slice, fact);
    case "optimisation-context-received": {
      const { contextId: _, ...context } = fact.data;
      return { ...slice, contexts: { ...slice.contexts, [context.partnerId]: context }, profilesSeq: fact.seq };
    }
    case "optimisation-context-ended": {
      const { [fact.data.partnerId]: _, ...contexts } = slice.contexts;
      return { ...slice, contexts, profilesSeq: fact.seq };
    }
    case "reservation-made":
      return reservationMade(slice, fact);
    case "reservation-cancelled":
      return reservationCancelled(slice, fact);
    case "signed-value-reported":
      return signed(slice, fact);
    case "preferences-agreed":
      return touch(slice, fact.data.transactionId, fact, { preference: fact.data.preference });
    case "cdr-issued":
      return touch(slice, fact.data.transactionId, fact);
    default:
      return slice;
  }
}

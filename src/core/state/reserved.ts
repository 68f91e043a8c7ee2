/** Reservations as sessions: one that is used becomes the session of its transaction, one that is not ends without energy. */

import type { SiteFact } from "../facts/index.ts";
import type { DriverContractSchema } from "../facts/market-facts.ts";
import type { Static } from "../schema.ts";
import { isSameToken } from "../token.ts";
import { kept } from "./kept.ts";

/** A reservation as its partner sees it, by the id of the session. */
export interface ReservedSession {
  readonly key: string;
  readonly evseId: string;
  readonly token: string;
  readonly contract: Static<typeof DriverContractSchema>;
  readonly authorizationReference?: string;
  readonly startedMs: number;
  readonly expiresAtMs: number;
  readonly updatedMs: number;
  readonly endedMs?: number;
}
export type ReservedSessions = Readonly<Record<string, ReservedSession>>;

const RESERVED_KEPT = 250;

/** Folds one fact into them; that a car came is not for this. */
export function evolveReserved(reserved: ReservedSessions, fact: SiteFact, key: string): ReservedSessions {
  if (fact.type === "reservation-made") {
    const { sessionId, contract, evseId, token, expiresAtMs, authorizationReference } = fact.data;
    if (sessionId === undefined || !contract) return reserved;
    const startedMs = reserved[sessionId]?.startedMs ?? fact.atMs;
    const reference = authorizationReference === undefined ? {} : { authorizationReference };
    const entry = { key, evseId, token, contract, startedMs, expiresAtMs, updatedMs: fact.atMs, ...reference };
    return kept(reserved, sessionId, entry, RESERVED_KEPT);
  }
  if (fact.type !== "reservation-cancelled") return reserved;
  const { sessionId } = fact.data;
  const entry = sessionId === undefined ? undefined : reserved[sessionId];
  if (sessionId === undefined || !entry || entry.endedMs !== undefined) return reserved;
  return { ...reserved, [sessionId]: { ...entry, updatedMs: fact.atMs, endedMs: fact.atMs } };
}

/** The reservation that a car makes use of: of its EVSE and token, and not over. */
export function reservationUsed(
  reserved: ReservedSessions,
  { evseId, token }: { readonly evseId: string; readonly token?: string | undefined },
): string | undefined {
  return Object.keys(reserved).find((id) => {
    const entry = reserved[id]!;
    return entry.evseId === evseId && entry.endedMs === undefined && isSameToken(entry.token, token);
  });
}

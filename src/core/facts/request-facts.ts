/** Facts about results that are owed: a partner's request was accepted, its result goes to an address that it named. */
import { Type } from "../schema.ts";
import { declareFact } from "./fact.ts";

export const REQUEST_KINDS = [
  "SET_PROFILE",
  "READ_PROFILE",
  "CLEAR_PROFILE",
  "START_SESSION",
  "STOP_SESSION",
  "RESERVE_NOW",
  "CANCEL_RESERVATION",
  "UNLOCK_CONNECTOR",
] as const;
export type RequestKind = (typeof REQUEST_KINDS)[number];

/** What is needed to send the result, and to find it out after a restart. */
export const OwedResultSchema = Type.Object({
  partnerId: Type.String(),
  requestId: Type.String(),
  kind: Type.Unsafe<RequestKind>(Type.Union(REQUEST_KINDS.map((kind) => Type.Literal(kind)))),
  responseUrl: Type.String(),
  correlationId: Type.Optional(Type.String()),
  /** The party that asked, where it said so. */
  from: Type.Optional(Type.Object({ countryCode: Type.String(), partyId: Type.String() })),
  version: Type.String(),
  transactionId: Type.Optional(Type.Integer()),
  evseId: Type.Optional(Type.String()),
  token: Type.Optional(Type.String()),
  reservationId: Type.Optional(Type.String()),
  durationS: Type.Optional(Type.Number()),
  /** Where it is known already. */
  result: Type.Optional(Type.String()),
});

/** The partner was told that a result follows. */
export const PartnerRequestAccepted = declareFact("partner-request-accepted", 1, OwedResultSchema);

/** The result has left, once; or it could not be handed over, and why. */
export const PartnerRequestAnswered = declareFact(
  "partner-request-answered",
  1,
  Type.Object({
    partnerId: Type.String(),
    requestId: Type.String(),
    result: Type.String(),
    heard: Type.Boolean(),
    reason: Type.Optional(Type.String()),
  }),
);

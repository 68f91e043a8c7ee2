/** Facts about what partners ask for a session: profiles that cap it, preferences of its driver, and what was refused. */
import { Type } from "../schema.ts";
import { PreferenceSchema } from "./driver-facts.ts";
import { declareFact } from "./fact.ts";
import { DriverContractSchema } from "./market-facts.ts";

/** A ceiling over time. `limit` is in W over all phases, or A per phase; before the start and after the end none holds. */
export const CeilingSchema = Type.Object({
  unit: Type.Union([Type.Literal("W"), Type.Literal("A")]),
  startMs: Type.Number(),
  endMs: Type.Optional(Type.Number()),
  periods: Type.Array(Type.Object({ offsetS: Type.Number(), limit: Type.Number() })),
  /** The car charges badly below this, in the same unit: then rather not at all. */
  minRate: Type.Optional(Type.Number()),
});

/** A partner caps a session; an earlier profile of the same partner is replaced. Ends with the transaction at the latest. */
export const ChargingProfileReceived = declareFact(
  "charging-profile-received",
  1,
  Type.Object({
    partnerId: Type.String(),
    transactionId: Type.Integer(),
    evseId: Type.String(),
    ceiling: CeilingSchema,
    /** The party behind a hub that sent it. */
    party: Type.Optional(Type.Object({ countryCode: Type.String(), partyId: Type.String() })),
  }),
);

/**
 * A partner's profile no longer holds: it was cleared, lost to a driver's wish (`by` says whose), or the charge point did
 * not take it and its sender was told so.
 */
export const ChargingProfileEnded = declareFact(
  "charging-profile-ended",
  1,
  Type.Object({
    partnerId: Type.String(),
    transactionId: Type.Integer(),
    evseId: Type.String(),
    reason: Type.Union([Type.Literal("cleared"), Type.Literal("overridden"), Type.Literal("rejected")]),
    by: Type.String(),
  }),
);

/** What a driver wants of a session, through a partner. The tariff goes by the last one. */
export const PreferencesAgreed = declareFact(
  "preferences-agreed",
  1,
  Type.Object({
    partnerId: Type.String(),
    transactionId: Type.Integer(),
    evseId: Type.String(),
    preference: PreferenceSchema,
  }),
);

/** An EVSE is kept for a partner's driver. `chargePointReservationId` is ours; partners' own ids clash with each other. */
export const ReservationMade = declareFact(
  "reservation-made",
  1,
  Type.Object({
    partnerId: Type.String(),
    reservationId: Type.String(),
    chargePointReservationId: Type.Integer(),
    evseId: Type.String(),
    token: Type.String(),
    expiresAtMs: Type.Number(),
    /** As the market calls the session that it is, and whose driver it is for. */
    sessionId: Type.Optional(Type.String()),
    contract: Type.Optional(DriverContractSchema),
    authorizationReference: Type.Optional(Type.String()),
    /** Where its partner wants to hear that it could not be kept, as it asked for it. */
    responseUrl: Type.Optional(Type.String()),
    correlationId: Type.Optional(Type.String()),
    from: Type.Optional(Type.Object({ countryCode: Type.String(), partyId: Type.String() })),
    version: Type.Optional(Type.String()),
  }),
);

/** It was cancelled by its partner or by the site, or has run out; one that is used just ends. */
export const ReservationCancelled = declareFact(
  "reservation-cancelled",
  1,
  Type.Object({
    partnerId: Type.String(),
    reservationId: Type.String(),
    sessionId: Type.Optional(Type.String()),
    expired: Type.Optional(Type.Boolean()),
    /** The EVSE is out of order: the site cannot keep it. */
    bySite: Type.Optional(Type.Boolean()),
  }),
);

/** A partner asked for something that was not done, or refused a record of ours; of a kind at most one a minute. */
export const PartnerRefused = declareFact(
  "partner-refused",
  1,
  Type.Object({ partnerId: Type.String(), what: Type.String(), reason: Type.String() }),
);

/** A value from a time to another. */
export const ContextSlotSchema = Type.Object({ startMs: Type.Number(), endMs: Type.Number(), value: Type.Number() });

/** A partner told what the plan of this site should reckon with; the one before of the same partner is replaced. */
export const OptimisationContextReceived = declareFact(
  "optimisation-context-received",
  1,
  Type.Object({
    partnerId: Type.String(),
    contextId: Type.String(),
    eurPerKwh: Type.Array(ContextSlotSchema),
    /** What the whole site may import, W. */
    limitW: Type.Array(ContextSlotSchema),
    /** What may be drawn at EVSEs, W over all phases, and until when; those that it leaves as they are are missing. */
    evses: Type.Optional(
      Type.Array(Type.Object({ evseId: Type.String(), limitW: Type.Number(), untilMs: Type.Number() })),
    ),
  }),
);

/** It holds no longer. */
export const OptimisationContextEnded = declareFact(
  "optimisation-context-ended",
  1,
  Type.Object({ partnerId: Type.String(), contextId: Type.String() }),
);

/** Facts about authorisation and transactions: what a bill is made of. */

import { ReasonKindSchema } from "../reason.ts";
import { Type } from "../schema.ts";
import { declareFact } from "./fact.ts";

export const TokenChecked = declareFact(
  "token-checked",
  1,
  Type.Object({
    chargePointId: Type.String(),
    token: Type.String(),
    status: Type.Union([Type.Literal("accepted"), Type.Literal("unknown"), Type.Literal("blocked")]),
  }),
);

/** Somebody asked from here that a car is charged: the token that the charge point will present for it is welcome. */
export const RemoteStartRequested = declareFact(
  "remote-start-requested",
  1,
  Type.Object({ chargePointId: Type.String(), connectorId: Type.Integer(), token: Type.String(), by: Type.String() }),
);

/**
 * `transactionId` is ours: unique, positive, 31 bits; `remoteId` is the charge point's own (OCPP 2.0.1, or adopted).
 * `atMs` is the charge point's time, `meterStartWh` its register. Key: identity, connector, token, meter start, time.
 */
export const TransactionStarted = declareFact(
  "transaction-started",
  1,
  Type.Object({
    transactionId: Type.Integer({ minimum: 1, maximum: 2147483647 }),
    remoteId: Type.Optional(Type.String()),
    chargePointId: Type.String(),
    evseId: Type.String(),
    connectorId: Type.Integer(),
    token: Type.Optional(Type.String()),
    meterStartWh: Type.Optional(Type.Number()),
    atMs: Type.Number(),
    /** It happened while the controller or the link was down and was replayed. */
    replayed: Type.Boolean(),
    /** Nobody here saw it start: it was found running. In OCPP 1.6 `remoteId` is the id that it has there. */
    adopted: Type.Optional(Type.Boolean()),
  }),
);

export const TransactionEnded = declareFact(
  "transaction-ended",
  1,
  Type.Object({
    transactionId: Type.Integer(),
    chargePointId: Type.String(),
    evseId: Type.String(),
    meterStopWh: Type.Optional(Type.Number()),
    atMs: Type.Number(),
    reason: Type.String(),
    token: Type.Optional(Type.String()),
    replayed: Type.Boolean(),
  }),
);

/** A stop for a transaction that we never saw start: kept, so that no energy is lost from the books. */
export const UnknownTransactionReported = declareFact(
  "unknown-transaction-reported",
  1,
  Type.Object({
    chargePointId: Type.String(),
    reportedId: Type.String(),
    meterWh: Type.Optional(Type.Number()),
    atMs: Type.Number(),
    kind: Type.String(),
    reason: Type.Optional(Type.String()),
  }),
);

/**
 * A signed meter value, untouched, for a bill that is checked with the meter's signature: of the start and the end of a
 * transaction, and in between at most one a quarter-hour. `transactionId` is missing where nobody saw it start.
 */
export const SignedValueReported = declareFact(
  "signed-value-reported",
  1,
  Type.Object({
    chargePointId: Type.String(),
    evseId: Type.String(),
    transactionId: Type.Optional(Type.Integer()),
    remoteId: Type.Optional(Type.String()),
    atMs: Type.Number(),
    timestamp: Type.String({ description: "As the charge point wrote it" }),
    sampledValue: Type.String({ description: "JSON text of the sampled value of OCPP 1.6 or 2.0.1" }),
  }),
);

/**
 * One quarter-hour of one transaction: energy from the EVSE's own register, its cost at the import price of the slot,
 * and how many seconds each kind of reason limited it.
 */
export const TransactionMetered = declareFact(
  "transaction-metered",
  1,
  Type.Object({
    transactionId: Type.Integer(),
    evseId: Type.String(),
    slotStartMs: Type.Number(),
    energyWh: Type.Number(),
    registerWh: Type.Optional(Type.Number()),
    /** Given back in this quarter-hour, Wh, and the register of that; not in energy and cost. */
    dischargedWh: Type.Optional(Type.Number()),
    exportRegisterWh: Type.Optional(Type.Number()),
    costEur: Type.Number(),
    /** Energy whose price was not known, Wh; it is not in the cost. */
    unpricedWh: Type.Optional(Type.Number()),
    maxPowerW: Type.Number(),
    limitedBySeconds: Type.Partial(Type.Record(ReasonKindSchema, Type.Number())),
  }),
);

/** Facts about drivers of partners, and about the records that bill them. */
import { Type } from "../schema.ts";
import { declareFact } from "./fact.ts";

/** Whose driver it is: what a session and a CDR name. */
export const DriverContractSchema = Type.Object({
  partnerId: Type.String(),
  countryCode: Type.String(),
  partyId: Type.String(),
  uid: Type.String(),
  type: Type.String(),
  contractId: Type.String(),
});

/**
 * A partner's driver may charge, or may not. `how`: asked at that moment, known from before, known and not to be asked
 * (`offline`: it could not be asked), or the partner itself commanded the start.
 */
export const DriverAuthorised = declareFact(
  "driver-authorised",
  1,
  Type.Object({
    token: Type.String(),
    allowed: Type.Boolean(),
    answer: Type.String(),
    how: Type.Union([
      Type.Literal("real-time"),
      Type.Literal("whitelist"),
      Type.Literal("offline"),
      Type.Literal("command"),
    ]),
    contract: DriverContractSchema,
    authorizationReference: Type.Optional(Type.String()),
  }),
);

const MoneySchema = Type.Object({ exclVat: Type.Number(), inclVat: Type.Optional(Type.Number()) });

export const CdrPeriodSchema = Type.Object({
  startMs: Type.Number(),
  endMs: Type.Number(),
  energyWh: Type.Number(),
  /** The car took power, or wanted none (`parking`); what the site paused is neither. */
  chargingMs: Type.Number(),
  parkingMs: Type.Number(),
  maxPowerW: Type.Number(),
  /** Given back, Wh; not in the energy. */
  dischargedWh: Type.Optional(Type.Number()),
});

export const CostSchema = Type.Object({
  total: MoneySchema,
  energy: Type.Optional(MoneySchema),
  time: Type.Optional(MoneySchema),
  parking: Type.Optional(MoneySchema),
  fixed: Type.Optional(MoneySchema),
});

/** The charge detail record of a transaction: made once, never changed. The tariff is a copy, as it was applied. */
export const CdrIssued = declareFact(
  "cdr-issued",
  1,
  Type.Object({
    cdrId: Type.String(),
    transactionId: Type.Integer(),
    evseId: Type.String(),
    startMs: Type.Number(),
    endMs: Type.Number(),
    energyWh: Type.Number(),
    periods: Type.Array(CdrPeriodSchema),
    currency: Type.String(),
    cost: CostSchema,
    tariff: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
    /** When that was last changed, epoch ms. */
    tariffChangedMs: Type.Optional(Type.Number()),
    token: Type.Optional(Type.String()),
    contract: Type.Optional(DriverContractSchema),
    authMethod: Type.String(),
    /** Where the session began as a reservation, its id. */
    sessionId: Type.Optional(Type.String()),
    /** Facts on the first and last signed meter value, by sequence. */
    signedSeqs: Type.Optional(Type.Array(Type.Integer())),
    authorizationReference: Type.Optional(Type.String()),
  }),
);

/** A partner was sent a CDR and took it, or did not want it: then it is kept and sent again when somebody says so. */
export const CdrDelivered = declareFact(
  "cdr-delivered",
  1,
  Type.Object({
    partnerId: Type.String(),
    cdrId: Type.String(),
    cdrSeq: Type.Integer(),
    transactionId: Type.Integer(),
    taken: Type.Boolean(),
    reason: Type.Optional(Type.String()),
    /** Where the partner keeps it, by its own word. */
    url: Type.Optional(Type.String()),
  }),
);

/** The signed values behind a CDR were checked when it was made; a record is never changed, whatever came of it. */
export const SignedValuesChecked = declareFact(
  "signed-values-checked",
  1,
  Type.Object({
    transactionId: Type.Integer(),
    evseId: Type.String(),
    /** `unverifiable`: no key is known, or the record or the key cannot be read. */
    verdict: Type.Union([Type.Literal("valid"), Type.Literal("invalid"), Type.Literal("unverifiable")]),
    /** Whose word the key is. */
    keyFrom: Type.Optional(
      Type.Union([Type.Literal("site.yaml"), Type.Literal("charge-point"), Type.Literal("record")]),
    ),
    records: Type.Integer(),
    /** Between the first and the last signed reading, Wh. */
    signedWh: Type.Optional(Type.Number()),
    billedWh: Type.Number(),
  }),
);

/** Facts about charge points: connection, identity, status, and whatever else they report. */
import { Type } from "../schema.ts";
import { declareFact } from "./fact.ts";

export const ChargePointConnected = declareFact(
  "charge-point-connected",
  1,
  Type.Object({ chargePointId: Type.String(), protocol: Type.String(), remote: Type.String() }),
);

export const ChargePointDisconnected = declareFact(
  "charge-point-disconnected",
  1,
  Type.Object({ chargePointId: Type.String(), reason: Type.String() }),
);

export const ChargePointBooted = declareFact(
  "charge-point-booted",
  1,
  Type.Object({
    chargePointId: Type.String(),
    vendor: Type.String(),
    model: Type.String(),
    serial: Type.Optional(Type.String()),
    firmware: Type.Optional(Type.String()),
    reason: Type.Optional(Type.String()),
  }),
);

/** One vocabulary for 1.6 and 2.0.1. `preparing`: cable in, no energy yet; `finishing`: done, cable still in. */
export const ConnectorStatusSchema = Type.Union([
  Type.Literal("available"),
  Type.Literal("preparing"),
  Type.Literal("charging"),
  Type.Literal("suspended-ev"),
  Type.Literal("suspended-evse"),
  Type.Literal("finishing"),
  Type.Literal("reserved"),
  Type.Literal("unavailable"),
  Type.Literal("faulted"),
  Type.Literal("occupied"),
]);

export const EvseStatusChanged = declareFact(
  "evse-status-changed",
  1,
  Type.Object({
    chargePointId: Type.String(),
    evseId: Type.String(),
    status: ConnectorStatusSchema,
    errorCode: Type.Optional(Type.String()),
    info: Type.Optional(Type.String()),
  }),
);

/** The charge point as a whole (connector 0 of OCPP 1.6): that it is in order again is told after it was not. */
export const ChargePointStatusChanged = declareFact(
  "charge-point-status-changed",
  1,
  Type.Object({
    chargePointId: Type.String(),
    status: ConnectorStatusSchema,
    errorCode: Type.Optional(Type.String()),
    info: Type.Optional(Type.String()),
  }),
);

/** What the installer's probe found out; `rateUnit` etc. decide how limits are sent. */
export const ChargePointProbed = declareFact(
  "charge-point-probed",
  1,
  Type.Object({
    chargePointId: Type.String(),
    rateUnit: Type.Union([Type.Literal("A"), Type.Literal("W")]),
    maxStackLevel: Type.Optional(Type.Integer()),
    maxPeriods: Type.Optional(Type.Integer()),
    meterIntervalS: Type.Optional(Type.Integer()),
    smartCharging: Type.Optional(Type.Boolean()),
    settings: Type.Record(Type.String(), Type.String()),
  }),
);

/** Firmware, diagnostics, log and security notifications, data transfers and reports, as they came (bounded). */
export const ChargePointNotified = declareFact(
  "charge-point-notified",
  1,
  Type.Object({
    chargePointId: Type.String(),
    kind: Type.Union([
      Type.Literal("firmware"),
      Type.Literal("diagnostics"),
      Type.Literal("log"),
      Type.Literal("security"),
      Type.Literal("data-transfer"),
      Type.Literal("report"),
      Type.Literal("other"),
    ]),
    action: Type.String(),
    payload: Type.String({ description: "JSON text, cut at 4 kB" }),
  }),
);

/** A message broke the schema or the order; it was taken as far as it could be. At most one an hour for each kind. */
export const MessageViolated = declareFact(
  "message-violated",
  1,
  Type.Object({
    chargePointId: Type.String(),
    action: Type.String(),
    problem: Type.String(),
    payload: Type.String({ description: "JSON text, cut at 1 kB" }),
  }),
);

/** A command other than a limit was sent to a charge point, and its answer. */
export const CommandAnswered = declareFact(
  "command-answered",
  1,
  Type.Object({
    chargePointId: Type.String(),
    action: Type.String(),
    answer: Type.String(),
    by: Type.String(),
  }),
);

/** Somebody tried to connect and was refused; counted and recorded at most once a minute for each remote address. */
export const ConnectionRefused = declareFact(
  "connection-refused",
  1,
  Type.Object({ identity: Type.String(), remote: Type.String(), reason: Type.String(), count: Type.Integer() }),
);

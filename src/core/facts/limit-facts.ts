/** Facts about charging limits: what was decided, why, until when, and whether it was obeyed. */

import { ReasonSchema } from "../reason.ts";
import { Type } from "../schema.ts";
import { declareFact } from "./fact.ts";

/**
 * A new limit for an EVSE, before it is sent. A renewal that changes nothing is no fact. `currentA` is per phase of
 * the EVSE; 0 pauses. `expiresAtMs` is when the charge point falls back to `safeCurrentA` by itself.
 */
export const LimitChanged = declareFact(
  "limit-changed",
  1,
  Type.Object({
    evseId: Type.String(),
    currentA: Type.Number(),
    /** What it may give back, per phase; missing is nothing. */
    dischargeA: Type.Optional(Type.Number()),
    phases: Type.Integer({ minimum: 1, maximum: 3 }),
    /** The charge point is told to give its car a single phase. Missing is no. */
    onePhase: Type.Optional(Type.Boolean()),
    safeCurrentA: Type.Number(),
    expiresAtMs: Type.Number(),
    reason: ReasonSchema,
  }),
);

/** What a charge point makes of a current that it is told. */
const AnswerSchema = Type.Union([
  Type.Literal("accepted"),
  Type.Literal("rejected"),
  Type.Literal("not-supported"),
  Type.Literal("no-answer"),
]);

/** The charge point refused a limit or did not answer; an acceptance after that is recorded too, and one that is awaited. */
export const LimitAnswered = declareFact(
  "limit-answered",
  1,
  Type.Object({
    evseId: Type.String(),
    currentA: Type.Number(),
    answer: AnswerSchema,
    detail: Type.String(),
  }),
);

/**
 * The charge point refused its safe default or did not answer: nothing below holds it when its limit has run out. An
 * acceptance after that is recorded too.
 */
export const SafeDefaultAnswered = declareFact(
  "safe-default-answered",
  1,
  Type.Object({
    evseId: Type.String(),
    currentA: Type.Number(),
    answer: AnswerSchema,
    detail: Type.String(),
  }),
);

/** The EVSE's own meter says that it draws more than it was allowed (or, `obeyed`, that it does no longer). */
export const LimitObedienceChanged = declareFact(
  "limit-obedience-changed",
  1,
  Type.Object({ evseId: Type.String(), obeyed: Type.Boolean(), limitA: Type.Number(), measuredA: Type.Number() }),
);

/** The battery was told to follow the plan (`powerW`, charging +), or to run by itself (`powerW` missing). */
export const BatterySetpointChanged = declareFact(
  "battery-setpoint-changed",
  1,
  Type.Object({
    deviceId: Type.String(),
    powerW: Type.Optional(Type.Number()),
    expiresAtMs: Type.Number(),
    reason: Type.String(),
  }),
);

/** An inverter may give no more than `limitW`, or (missing) all that there is again. Renewals are no facts. */
export const PvLimitChanged = declareFact(
  "pv-limit-changed",
  1,
  Type.Object({
    deviceId: Type.String(),
    limitW: Type.Optional(Type.Number()),
    expiresAtMs: Type.Number(),
    reason: Type.String(),
  }),
);

/** Why an EVSE may draw what it may draw: data, put into words by `words.ts`. Sent along with every limit. */
import { type Static, Type } from "./schema.ts";

/**
 * In the order of who wins (safety first). `circuit`: a fuse binds; `unbalance`: phases may not differ more;
 * `safe-mode`: the meter (or the start) does not allow more; `offline`: the charge point is not connected;
 * `not-obeyed`: it draws more than it was allowed; `grid-operator`: an outside limit in W; `raising`: power comes
 * back slowly; `override`: a driver asked for full power; `contract`: a profile of the eMSP or SCSP; `paused`: less
 * than the minimum current is free and it is another car's turn, or was a moment ago (`untilMs`: when it goes on); `plan`: the plan gives this; `solar`: follows the
 * surplus; `phase-switch`: pauses for a moment before it charges on one phase, or on all again; `fair-share`: no plan, the power is shared; `vehicle`: the car takes no more; `maximum`: nothing limits
 * but the EVSE; `no-transaction`: nobody charges.
 */
export const ReasonKindSchema = Type.Union([
  Type.Literal("circuit"),
  Type.Literal("unbalance"),
  Type.Literal("safe-mode"),
  Type.Literal("offline"),
  Type.Literal("not-obeyed"),
  Type.Literal("grid-operator"),
  Type.Literal("raising"),
  Type.Literal("override"),
  Type.Literal("contract"),
  Type.Literal("paused"),
  Type.Literal("plan"),
  Type.Literal("solar"),
  Type.Literal("phase-switch"),
  Type.Literal("fair-share"),
  Type.Literal("vehicle"),
  Type.Literal("maximum"),
  Type.Literal("no-transaction"),
]);

export const ReasonSchema = Type.Object({
  kind: ReasonKindSchema,
  /** The circuit that binds, with the phase (0 is L1), the reading and the limit there, A. */
  circuitId: Type.Optional(Type.String()),
  phase: Type.Optional(Type.Union([Type.Literal(0), Type.Literal(1), Type.Literal(2)])),
  readingA: Type.Optional(Type.Number()),
  limitA: Type.Optional(Type.Number()),
  /** On a single phase, as the plan or the sun leave too little for all of them. */
  onePhase: Type.Optional(Type.Boolean()),
  /** A limit of power, W. */
  limitW: Type.Optional(Type.Number()),
  /** Of the grid operator's: what it came in by, and whether nobody sent it because that is silent. */
  by: Type.Optional(Type.String()),
  failSafe: Type.Optional(Type.Boolean()),
  /** The limit of power is a budget for all cars, not the grid operator's. */
  budget: Type.Optional(Type.Boolean()),
  /** When it changes by itself, epoch ms: the next cheaper slot, the end of a lease. */
  untilMs: Type.Optional(Type.Number()),
  /** The device whose loss explains it. */
  deviceId: Type.Optional(Type.String()),
  /** Price now and price waited for, EUR/kWh. */
  priceEurPerKwh: Type.Optional(Type.Number()),
  laterEurPerKwh: Type.Optional(Type.Number()),
  /** What is paid for the sun that is sold meanwhile, as the car has cheaper hours to come, EUR/kWh. */
  soldEurPerKwh: Type.Optional(Type.Number()),
});

export type ReasonKind = Static<typeof ReasonKindSchema>;
export type Reason = Static<typeof ReasonSchema>;

/** Why a plan gives each EVSE in each slot what it gives: the limit that binds, and what the next cheaper choice would need. */
import { type Static, Type } from "../schema.ts";

const Phase = Type.Union([Type.Literal(0), Type.Literal(1), Type.Literal(2)]);

/**
 * `gone`: after the departure. `absent`: an announced car, before it comes. `maximum`: it gets all that it takes. `believed`: all that it is believed to take, less than its
 * EVSE gives, until it has shown more. `ceiling`: a partner's profile. `circuit`, `budget`,
 * `unbalance`, `import`, `ramp`, `peak`: that limit has no room. `one-go`: it must not pause, so it does not begin here. `price`: its
 * need is met in slots that weigh less. `sooner`: it is met in slots that cost more, because hurry, an occupied EVSE or the risk
 * that it leaves counts more than the price. `wanted`: likewise, because cars that come later probably want the room here. `gives`: it gives energy back. `met`: there is nothing left to charge. `untried`: nothing binds, the answer is not
 * proven best.
 */
const SlotReasonSchema = Type.Object({
  kind: Type.Union([
    Type.Literal("gone"),
    Type.Literal("absent"),
    Type.Literal("maximum"),
    Type.Literal("believed"),
    Type.Literal("ceiling"),
    Type.Literal("circuit"),
    Type.Literal("budget"),
    Type.Literal("unbalance"),
    Type.Literal("import"),
    Type.Literal("ramp"),
    Type.Literal("peak"),
    Type.Literal("one-go"),
    Type.Literal("price"),
    Type.Literal("sooner"),
    Type.Literal("wanted"),
    Type.Literal("gives"),
    Type.Literal("met"),
    Type.Literal("untried"),
  ]),
  circuitId: Type.Optional(Type.String()),
  phase: Type.Optional(Phase),
  peak: Type.Optional(
    Type.String({ description: "The month's peak by name: it would rise, or does not because of what is given" }),
  ),
  roomW: Type.Optional(Type.Number({ description: "What the limit leaves this car beside what it has, W" })),
  limitW: Type.Optional(Type.Number({ description: "The limit itself, W; of a circuit by phase" })),
  eurPerKwh: Type.Optional(
    Type.Number({ description: "What a kWh more costs in this slot, or is worth that is given back" }),
  ),
  givesW: Type.Optional(Type.Number({ description: "Given back, W" })),
  belowEurPerKwh: Type.Optional(
    Type.Number({
      description:
        "It would charge here below this; missing where a battery, a peak, other cars or those who come later have a say, too",
    }),
  ),
});
export type SlotReason = Static<typeof SlotReasonSchema>;

/** A slot that costs less: the one that a waiting car waits for, or one that a charging car may not have, and why not. */
const NextChoiceSchema = Type.Object({
  startMs: Type.Number(),
  cheaperEurPerKwh: Type.Number({
    description: "Less than in this slot; negative where it is chosen for another reason",
  }),
  needs: Type.Optional(SlotReasonSchema),
  roomCars: Type.Optional(
    Type.Integer({ description: "Until then each quarter-hour has room for so many cars more like this one" }),
  ),
});
export type NextChoice = Static<typeof NextChoiceSchema>;

const ExplainedSlotSchema = Type.Object({
  startMs: Type.Number(),
  powerW: Type.Number(),
  reason: SlotReasonSchema,
  next: Type.Optional(NextChoiceSchema),
  text: Type.String({ description: "In English words" }),
});
export type ExplainedSlot = Static<typeof ExplainedSlotSchema>;

/**
 * Why a battery takes or gives no more in a slot than it does; where it holds, why it gives nothing, or, with sun to spare, takes
 * nothing. `maximum`: all that it can. `full`: it is full at `fullMs`, of this or of later sun. `empty`: nothing above its reserve.
 * `circuit`, `import`, `ramp`, `peak`: that limit has no room. `sun`: it takes what the sun leaves, and buying does not pay. `enough`:
 * more does not pay. `covered`: nothing is left to cover. `export`: no more may be exported. `sold`: the sun brings more sold than kept. `kept`: what it
 * holds is worth more at `otherMs`. `given`: likewise, and that is before. `replace`: what it gave would have to be bought at `otherMs`, for more than it saves.
 */
const BatteryReasonSchema = Type.Object({
  kind: Type.Union([
    Type.Literal("maximum"),
    Type.Literal("full"),
    Type.Literal("empty"),
    Type.Literal("circuit"),
    Type.Literal("import"),
    Type.Literal("ramp"),
    Type.Literal("peak"),
    Type.Literal("sun"),
    Type.Literal("enough"),
    Type.Literal("covered"),
    Type.Literal("sold"),
    Type.Literal("export"),
    Type.Literal("kept"),
    Type.Literal("given"),
    Type.Literal("replace"),
  ]),
  circuitId: Type.Optional(Type.String()),
  phase: Type.Optional(Phase),
  peak: Type.Optional(
    Type.String({ description: "The month's peak by name: it would rise, or does not because of what is given" }),
  ),
  roomW: Type.Optional(Type.Number()),
  limitW: Type.Optional(Type.Number({ description: "The limit itself, W; of a circuit by phase" })),
  fullMs: Type.Optional(Type.Number()),
  fromGrid: Type.Optional(Type.Boolean({ description: "What it takes is bought" })),
  eurPerKwh: Type.Optional(Type.Number({ description: "What a kWh less from the grid saves in this slot" })),
  otherMs: Type.Optional(
    Type.Number({
      description: "When it gives what it takes, or takes again what it gives; the plan's end: it keeps it",
    }),
  ),
  otherEurPerKwh: Type.Optional(
    Type.Number({ description: "The price then; at the plan's end what a kWh in it is worth" }),
  ),
  otherPeak: Type.Optional(Type.String({ description: "The month's peak that it keeps from rising then" })),
  changesAtEurPerKwh: Type.Optional(
    Type.Number({
      description:
        "With this slot's import price above it would give more, or take less; where it gives, with one below less. Missing where prices alone do not decide",
    }),
  ),
});
export type BatteryReason = Static<typeof BatteryReasonSchema>;

export const PlanReasonsSchema = Type.Object({
  seq: Type.Integer({ description: "The plan's fact in the ledger" }),
  madeMs: Type.Number(),
  ramp: Type.Optional(
    Type.String({
      description: "By how much the plan goes beyond a limited ramp, in English words; missing where it does not",
    }),
  ),
  evses: Type.Array(
    Type.Object({
      evseId: Type.String(),
      name: Type.String(),
      transactionId: Type.Optional(Type.Integer({ description: "Of a car that is there" })),
      visitId: Type.Optional(Type.String({ description: "Of a car that is announced" })),
      short: Type.Optional(
        Type.String({ description: "How much will be missing, and why, in English words; missing where nothing is" }),
      ),
      slots: Type.Array(ExplainedSlotSchema),
    }),
  ),
  batteries: Type.Array(
    Type.Object({
      deviceId: Type.String(),
      slots: Type.Array(
        Type.Object({
          startMs: Type.Number(),
          powerW: Type.Number({ description: "Charging is positive" }),
          reason: BatteryReasonSchema,
          text: Type.String({ description: "In English words" }),
        }),
      ),
    }),
  ),
});
export type PlanReasons = Static<typeof PlanReasonsSchema>;

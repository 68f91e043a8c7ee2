/**
 * A plan and its complete input, so that any version can solve it again. Arrays hold one number a slot, from
 * `startMs` on. Powers are integers in W, prices EUR/kWh. A replay reads a plan, it never recomputes one.
 */
import { type Static, Type } from "../schema.ts";
import { PreferenceSchema } from "./driver-facts.ts";
import { declareFact } from "./fact.ts";

const Series = Type.Array(Type.Number());
const PhaseNumber = Type.Union([Type.Literal(0), Type.Literal(1), Type.Literal(2)]);

export const PlanEvseSchema = Type.Object({
  evseId: Type.String(),
  /** Below 0 for a visit, which has none yet. */
  transactionId: Type.Integer(),
  /** It was announced and is still to come, at `connectedSinceMs`: until then its ceiling is nothing. Missing: it is here. */
  visitId: Type.Optional(Type.String()),
  circuitId: Type.String(),
  /** Grid phases that the car loads, 0 is L1. */
  phases: Type.Array(PhaseNumber),
  minPowerW: Type.Number(),
  maxPowerW: Type.Number(),
  /** What it is believed to take at most after the running slot, W, until it has shown more; missing is all. */
  laterPowerW: Type.Optional(Type.Number()),
  /** It may be told to charge on this phase alone, with so much power; missing: it may not. */
  onePhase: Type.Optional(Type.Object({ phase: PhaseNumber, minPowerW: Type.Number(), maxPowerW: Type.Number() })),
  /** The most that partners' profiles leave it by slot, W; missing without any, also in the slots after its last. */
  ceilingW: Type.Optional(Series),
  /** Energy still to be delivered, Wh, at the EVSE. */
  energyNeededWh: Type.Number(),
  /** What it has got since it came, Wh, at the EVSE; missing: a shortage is shared by what is still needed. */
  deliveredWh: Type.Optional(Type.Number()),
  /** The energy should be there by then, epoch ms. */
  departureMs: Type.Number(),
  /** Probability, 0..1, that the car has left by the middle of each slot until its departure; missing is none. */
  leftBy: Type.Optional(Series),
  /** Nobody parks there, and its driver did not say when it leaves: what it misses weighs more than any peak. Missing is no. */
  staysBriefly: Type.Optional(Type.Boolean()),
  /** It has what was asked for and still takes some: the need is what the site adds, after all others. Missing is no. */
  beyondWish: Type.Optional(Type.Boolean()),
  /**
   * So much of the need nobody asked for, Wh: drivers like this one were seen to take it; where nothing was asked for, only the larger
   * half of them, and a month's peak is not raised for it. Missing is none.
   */
  notAskedWh: Type.Optional(Type.Number()),
  /** Its driver asked for no energy: the need is what nearly all such cars take, most of them less. Missing is no. */
  needAssumed: Type.Optional(Type.Boolean()),
  /** Until when it was offered current and took none, epoch ms; missing when it was not, or takes some. */
  refusedMs: Type.Optional(Type.Number()),
  priority: Type.Integer(),
  preference: PreferenceSchema,
  mayPause: Type.Boolean(),
  /** Draws power now; a plan that keeps it on changes less. */
  chargingNow: Type.Boolean(),
  connectedSinceMs: Type.Number(),
  /** It may give energy back; missing is no. */
  discharge: Type.Optional(
    Type.Object({
      maxPowerW: Type.Number(),
      /** Where it gives anything, W; missing is any power. */
      minPowerW: Type.Optional(Type.Number()),
      /** One way, 0..1: the square root of the round trip. */
      efficiency: Type.Number(),
      /** Of a kWh given back, at the EVSE. */
      wearEurPerKwh: Type.Number(),
      /** How far below and above what is in it now it may be, Wh as charged at the EVSE. */
      belowWh: Type.Number(),
      aboveWh: Type.Number(),
    }),
  ),
});

export const PlanBatterySchema = Type.Object({
  deviceId: Type.String(),
  capacityWh: Type.Number(),
  energyWh: Type.Number(),
  minEnergyWh: Type.Number(),
  maxChargeW: Type.Number(),
  maxDischargeW: Type.Number(),
  /** One way, 0..1: the square root of the round trip. */
  efficiency: Type.Number(),
  wearEurPerKwh: Type.Number(),
  /** What is left at the end is worth, part by part above the least energy, the dearest first. Missing in old plans, ... */
  endValues: Type.Optional(Type.Array(Type.Object({ energyWh: Type.Number(), eurPerKwh: Type.Number() }))),
  /** ... which had one worth for all of it. */
  endValueEurPerKwh: Type.Optional(Type.Number()),
});

export const PlanCircuitSchema = Type.Object({
  circuitId: Type.String(),
  parentId: Type.Optional(Type.String()),
  /** Usable current per phase, A. */
  limitA: Type.Number(),
  limitW: Type.Optional(Type.Number()),
  /** Other load on this circuit itself (not below it) by slot and phase, W; missing is none. */
  loadW: Type.Optional(Type.Tuple([Series, Series, Series])),
  /**
   * By phase, equal part of its room (the one that is used first at the beginning) and hour of the plan: the chance, 0..1,
   * that cars that come later miss what the present ones take of it. Missing is none.
   */
  wanted: Type.Optional(Type.Tuple([Type.Array(Series), Type.Array(Series), Type.Array(Series)])),
});

/** A month's peak by a tariff for power; the import of a slot is what counts. */
export const PlanPeakSchema = Type.Object({
  name: Type.String(),
  /** EUR a month for each kW of its value, and by steps of it. */
  eurPerKw: Type.Number(),
  steps: Type.Optional(Type.Array(Type.Object({ upToKw: Type.Number(), eurPerMonth: Type.Number() }))),
  /** The plan reckons with the price divided by this: a peak serves the days to come, too. */
  spreadDays: Type.Number(),
  /** The value is the mean of so many highest, each of another day; at least the floor. */
  count: Type.Integer(),
  floorKw: Type.Number(),
  /** Slots in an interval: 1 or 4. */
  intervalSlots: Type.Integer(),
  /** Highest of the days before the plan's, the highest first, kW. */
  earlierKw: Type.Array(Type.Number()),
  /** The plan's days, and what each has reached. */
  days: Type.Array(Type.Object({ fromSlot: Type.Integer(), toSlot: Type.Integer(), reachedKw: Type.Number() })),
  /** Imported in the running interval before the plan, Wh. */
  beforeWh: Type.Number(),
  /** How much a kW counts, and what is paid for already, kW; missing is all and nothing. */
  weight: Type.Optional(Series),
  contractedKw: Type.Optional(Series),
});

export const PlanInputSchema = Type.Object({
  startMs: Type.Number(),
  nowMs: Type.Number(),
  slots: Type.Integer({ minimum: 1, maximum: 400 }),
  /** Part of the running slot, 0..1, that is over: what is planned for it counts for the rest of it. Missing is none. */
  elapsed: Type.Optional(Type.Number()),
  nominalVoltageV: Type.Number(),
  sitePhases: Type.Union([Type.Literal(1), Type.Literal(3)]),
  importLimitW: Type.Optional(Type.Number()),
  exportLimitW: Type.Optional(Type.Number()),
  /** How much the import less the export may change from one quarter-hour to the next; missing: as much as it likes. */
  ramp: Type.Optional(
    Type.Object({
      limitW: Type.Number(),
      /** Mean of the quarter-hour before the plan, W, with and without cars and batteries; missing where it was not measured. */
      before: Type.Optional(Type.Object({ netW: Type.Number(), restingW: Type.Number() })),
      /** Imported less exported since the running slot began, Wh; missing where it was not measured. */
      drawnWh: Type.Optional(Type.Number()),
    }),
  ),
  /** The grid operator's limits of import and export as they were known then. */
  gridLimit: Type.Optional(
    Type.Object({
      limitW: Type.Number(),
      untilMs: Type.Optional(Type.Number()),
      appliesTo: Type.Union([Type.Literal("site"), Type.Literal("controllable")]),
    }),
  ),
  gridExportLimit: Type.Optional(Type.Object({ limitW: Type.Number(), untilMs: Type.Optional(Type.Number()) })),
  /** For all EVSEs together by slot, W; missing without a budget. */
  budgetW: Type.Optional(Series),
  /** Of older plans: the same as it was given, where a partner's context lowered it. */
  budgets: Type.Optional(Series),
  /** What partners ask the site to import at most by slot, W; missing where nobody does. */
  partnerLimitW: Type.Optional(Series),
  importEurPerKwh: Series,
  /** Of so many slots from the first on the import price is known, of the others it is expected; missing: of all. */
  pricesKnownSlots: Type.Optional(Type.Integer({ minimum: 0 })),
  exportEurPerKwh: Series,
  /** CO2 of a kWh from the grid, g; missing where nobody told it for the slots ahead. */
  co2GramsPerKwh: Type.Optional(Series),
  /** Building without EVSEs, battery and PV, W. */
  buildingW: Series,
  pvW: Series,
  /** Part of the sun, 0..1, that no inverter can hold back: what nobody takes of it is exported at any price. Missing is none. */
  sunFixedPart: Type.Optional(Type.Number()),
  circuits: Type.Array(PlanCircuitSchema),
  evses: Type.Array(PlanEvseSchema),
  batteries: Type.Array(PlanBatterySchema),
  /** Most that cars on one or two phases may draw on a phase above what such cars draw on another, A. */
  unbalanceLimitA: Type.Optional(Type.Number()),
  opportunityEurPerHour: Type.Number(),
  /** What a kWh weighs that a driver misses by leaving earlier than said, EUR. */
  missedEurPerKwh: Type.Optional(Type.Number()),
  /** Missing is none. */
  peaks: Type.Optional(Type.Array(PlanPeakSchema)),
  /** Slots from the start whose EVSE power is either 0 or at least the minimum. */
  binarySlots: Type.Integer(),
});

export const PlanStatusSchema = Type.Union([
  Type.Literal("optimal"),
  Type.Literal("feasible"),
  Type.Literal("rule-based"),
]);

export const PlanResultSchema = Type.Object({
  status: PlanStatusSchema,
  /** Why it is not optimal. */
  detail: Type.String(),
  evses: Type.Array(
    Type.Object({
      evseId: Type.String(),
      transactionId: Type.Integer(),
      powerW: Series,
      shortfallWh: Type.Number(),
      /** What it gives back by slot, W, in slots in which it takes nothing; missing is nothing. */
      dischargeW: Type.Optional(Series),
      /** Slots in which it charges on its single phase; missing is none. */
      onePhaseSlots: Type.Optional(Type.Array(Type.Integer())),
      /** In so many slots from the start it would get more, if a circuit had room; missing is none. */
      eagerSlots: Type.Optional(Type.Integer()),
      /** In so many slots from the start what the sun leaves over is sold and not given to it; missing is none. */
      soldSunSlots: Type.Optional(Type.Integer()),
    }),
  ),
  batteries: Type.Array(Type.Object({ deviceId: Type.String(), powerW: Series })),
  importW: Series,
  exportW: Series,
  pvUsedW: Series,
  /** By how much the change into each slot is above what the input's ramp allows, W; missing without such a limit. */
  rampOverW: Type.Optional(Series),
  costEur: Type.Number(),
  /** What the months of the input's peaks come to, in their order; not in the cost. */
  peaks: Type.Optional(Type.Array(Type.Object({ name: Type.String(), valueKw: Type.Number(), eur: Type.Number() }))),
  /** Relative gap to the proven bound; missing where there is no bound. */
  gap: Type.Optional(Type.Number()),
  solveMs: Type.Number(),
});

export const PlanMade = declareFact(
  "plan-made",
  1,
  Type.Object({
    trigger: Type.String(),
    input: PlanInputSchema,
    result: PlanResultSchema,
  }),
);

export type PlanInput = Static<typeof PlanInputSchema>;
export type PlanResult = Static<typeof PlanResultSchema>;
export type PlanEvse = Static<typeof PlanEvseSchema>;
export type PlanBattery = Static<typeof PlanBatterySchema>;
export type PlanPeak = Static<typeof PlanPeakSchema>;
export type PlanCircuit = Static<typeof PlanCircuitSchema>;
export type PlanStatus = Static<typeof PlanStatusSchema>;

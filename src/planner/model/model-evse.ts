/** The part of a plan's model that one car is: its power by slot, its yes-or-no, its need, and what it misses of it. */
import type { PlanInput } from "../../core/facts/plan-facts.ts";
import {
  type CircuitRoom,
  chargingHours,
  importCapW,
  mostEnergyWh,
  mostOnePhaseW,
  mostPowerW,
  possibleNeedWh,
  roomForW,
} from "../input/limits.ts";
import { type CarCostContext as Context, carCost } from "./car-cost.ts";
import { type ModelBuilder, term } from "./linear-model.ts";
import { addDischarge, backFactor, plannedSlots } from "./model-discharge.ts";
import { addLate, type IsCrowded } from "./model-late.ts";
import { addShortfall, addUnasked } from "./shortfall.ts";

const KILO = 1000;

/** Indexes of variables, by slot. */
export interface EvseLayout {
  readonly power: readonly number[];
  /** The yes-or-no of the first slots. */
  readonly on: readonly number[];
  /** What of the power of the first slots is on a single phase, and its yes-or-no; empty for a car that is not switched. */
  readonly single: readonly number[];
  readonly onSingle: readonly number[];
  /** What it gives back; empty for a car that may not. */
  readonly discharge: readonly number[];
  /** Its yes-or-no of the first slots, where there is a least that it can give. */
  readonly gives: readonly number[];
  /** Missing energy by part of the need. */
  readonly shortfall: readonly number[];
}

/** What a contract or an order leaves a car in a slot once the building has its part, and sun, batteries and other cars give what they can, W. */
function contractLeavesW(index: number, slot: number, input: PlanInput): number {
  const storedW = input.batteries.reduce((sum, { maxDischargeW }) => sum + maxDischargeW, 0);
  const carsW = input.evses.reduce(
    (sum, { discharge }, at) => sum + (at === index ? 0 : (discharge?.maxPowerW ?? 0)),
    0,
  );
  return importCapW(input, slot) - (input.buildingW[slot] ?? 0) + (input.pvW[slot] ?? 0) + storedW + carsW;
}

/**
 * The most that is left to a car in a slot, kW: nothing below its least power, which the relaxed model must know. Else a plan puts
 * a car off to where it can never charge, and each next one further, until it is gone.
 */
function mostKwAt(
  index: number,
  slot: number,
  { input, rooms }: { readonly input: PlanInput; readonly rooms: readonly CircuitRoom[] },
): number {
  const evse = input.evses[index]!;
  const leastW = Math.min(evse.minPowerW, evse.onePhase?.minPowerW ?? evse.minPowerW);
  if (slot >= input.binarySlots && contractLeavesW(index, slot, input) < leastW) return 0;
  const leavesW = slot < input.binarySlots ? roomForW(index, slot, { input, rooms }) : evse.maxPowerW;
  return leavesW < evse.minPowerW ? 0 : Math.min(mostPowerW(evse, slot), leavesW) / KILO;
}

/**
 * A car that must not pause begins at most once; one that charges goes on or ends. Beyond the yes-or-no, how much it is on
 * lies between: that bounds how far a plan believes in a pause.
 */
function addOneGo(build: ModelBuilder, index: number, on: readonly number[], chargingNow: boolean): void {
  const begins = on.map((yes, at) => {
    const begin = build.variable(`begin${index}_${at}`, { upper: 1 });
    const before = at === 0 ? [] : [term(on[at - 1]!, 1)];
    const was = at === 0 && chargingNow ? 1 : 0;
    build.row(`begins${index}_${at}`, { lower: -was }, [term(begin, 1), term(yes, -1), ...before]);
    return term(begin, 1);
  });
  if (begins.length > 1) build.row(`once${index}`, { upper: chargingNow ? 0 : 1 }, begins);
}

/** Of equal plans the one that switches less: a relay wears. EUR a slot on one phase. */
const ONE_PHASE_EUR = 2e-4;

/** A slot in which a car charges on all phases, on one, or not at all: its power, and what of it is on one. */
function addChoice(
  build: ModelBuilder,
  { index, slot, mostKw, cost }: { readonly index: number; readonly slot: number; mostKw: number; cost: number },
  context: { readonly input: PlanInput; readonly rooms: readonly CircuitRoom[] },
) {
  const evse = context.input.evses[index]!;
  const name = `${index}_${slot}`;
  const singleKw = mostOnePhaseW(index, slot, context) / KILO;
  const power = build.variable(`p${name}`, { upper: Math.max(mostKw, singleKw), cost });
  const single = build.variable(`s${name}`, { upper: singleKw });
  const yes = build.binary(`on${name}`);
  const yesSingle = build.binary(`one${name}`, ONE_PHASE_EUR);
  build.row(`most${name}`, { upper: 0 }, [term(power, 1), term(single, -1), term(yes, -mostKw)]);
  build.row(`least${name}`, { lower: 0 }, [term(power, 1), term(single, -1), term(yes, -evse.minPowerW / KILO)]);
  build.row(`mostone${name}`, { upper: 0 }, [term(single, 1), term(yesSingle, -singleKw)]);
  build.row(`leastone${name}`, { lower: 0 }, [term(single, 1), term(yesSingle, -evse.onePhase!.minPowerW / KILO)]);
  build.row(`either${name}`, { upper: 1 }, [term(yes, 1), term(yesSingle, 1)]);
  return { power, single, yes, yesSingle };
}

/** Adds a car: nothing or at least its minimum, by yes-or-no in the first slots only. */
export function addEvse(
  build: ModelBuilder,
  index: number,
  context: Context & { readonly rooms: readonly CircuitRoom[]; readonly isCrowded: IsCrowded },
): EvseLayout {
  const { input } = context;
  const evse = input.evses[index]!;
  const needKwh = possibleNeedWh(evse, input) / KILO;
  const minKw = evse.minPowerW / KILO;
  const power: number[] = [];
  const on: number[] = [];
  const goes: number[] = [];
  const single: number[] = [];
  const onSingle: number[] = [];
  for (let slot = 0; slot < plannedSlots(evse, input); slot++) {
    const mostKw = mostKwAt(index, slot, context);
    const cost = carCost(evse, slot, context) * chargingHours(evse, slot, input);
    const isBinary = slot < input.binarySlots;
    if (isBinary && evse.onePhase) {
      const chosen = addChoice(build, { index, slot, mostKw, cost }, context);
      power.push(chosen.power);
      on.push(chosen.yes);
      goes.push(chosen.yes);
      single.push(chosen.single);
      onSingle.push(chosen.yesSingle);
      continue;
    }
    power.push(build.variable(`p${index}_${slot}`, { upper: mostKw, cost }));
    if (!isBinary && evse.mayPause) continue;
    const yes = isBinary ? build.binary(`on${index}_${slot}`) : build.variable(`on${index}_${slot}`, { upper: 1 });
    if (isBinary) on.push(yes);
    // A slot without room for it is no choice of the car, and ends nothing.
    if (mostKw > 0) goes.push(yes);
    build.row(`most${index}_${slot}`, { upper: 0 }, [term(power[slot]!, 1), term(yes, -mostKw)]);
    build.row(`least${index}_${slot}`, { lower: 0 }, [term(power[slot]!, 1), term(yes, -minKw)]);
  }
  if (!evse.mayPause) addOneGo(build, index, goes, evse.chargingNow);
  addLate(build, index, context, power);
  const shortfall = addShortfall(build, index, context);
  const unasked = addUnasked(build, index, context);
  const given = addDischarge(build, index, { ...context, charging: { power, on, onSingle } });
  const back = backFactor(evse);
  const energy = [
    ...power.map((variable, slot) => term(variable, chargingHours(evse, slot, input))),
    ...given.discharge.map((variable, slot) => term(variable, -back * chargingHours(evse, slot, input))),
  ];
  build.row(`need${index}`, { lower: needKwh }, [
    ...energy,
    ...shortfall.map((part) => term(part, 1)),
    ...(unasked === undefined ? [] : [term(unasked, 1)]),
  ]);
  if (energy.length > 0) build.row(`enough${index}`, { upper: mostEnergyWh(evse) / KILO }, energy);
  return { power, on, single, onSingle, ...given, shortfall };
}

/**
 * What rounding took from a car though there is room for it: cars that a whole answer leaves short are switched on where the
 * least powers of all that are on fit beside theirs; the linear model then shares the room anew.
 */
import type { PlanInput } from "../core/facts/plan-facts.ts";
import { circuitRooms } from "../planner/input/limits.ts";
import type { PlanModel } from "../planner/model/model.ts";
import type { OpenModel, Solution } from "./glpk.ts";

const NEAR = 1e-6;
/** Missing less is rounding, kWh. */
const SHORT_KWH = 0.02;
/** Each round is one linear model. */
const ROUNDS = 3;

export interface FillContext {
  readonly input: PlanInput;
  readonly open: OpenModel;
  /** Time that is left, ms. */
  readonly leftMs: () => number;
}

/** Room on the circuits when all cars that are on draw their least, by slot. */
class LeastRooms {
  readonly #input: PlanInput;
  readonly #rooms: readonly {
    readonly evses: ReadonlySet<number>;
    readonly phaseW: number[][];
    readonly sumW?: number[];
  }[];

  constructor(input: PlanInput) {
    this.#input = input;
    this.#rooms = circuitRooms(input).map(({ evses, phaseW, sumW }) => ({
      evses: new Set(evses),
      phaseW: phaseW.map((series) => [...series]),
      ...(sumW ? { sumW: [...sumW] } : {}),
    }));
  }

  fits(index: number, slot: number): boolean {
    const { phases, minPowerW } = this.#input.evses[index]!;
    return this.#rooms.every(({ evses, phaseW, sumW }) => {
      if (!evses.has(index)) return true;
      if (sumW && sumW[slot]! < minPowerW) return false;
      return phases.every((phase) => phaseW[phase]![slot]! >= minPowerW / phases.length);
    });
  }

  take(index: number, slot: number, isSingle = false): void {
    const evse = this.#input.evses[index]!;
    const { phases, minPowerW } =
      isSingle && evse.onePhase ? { phases: [evse.onePhase.phase], minPowerW: evse.onePhase.minPowerW } : evse;
    for (const { evses, phaseW, sumW } of this.#rooms) {
      if (!evses.has(index)) continue;
      for (const phase of phases) phaseW[phase]![slot]! -= minPowerW / phases.length;
      if (sumW) sumW[slot]! -= minPowerW;
    }
  }
}

/** Cars that are left short of what they could get, the one first whose missing energy weighs most. */
function shortCars(plan: PlanModel, { values }: Solution): number[] {
  const costs = plan.model.variables;
  return plan.layout.evses
    .map(({ shortfall }, index) => ({
      index,
      kwh: shortfall.reduce((sum, part) => sum + values[part]!, 0),
      eur: shortfall.reduce((sum, part) => sum + values[part]! * costs[part]!.cost, 0),
    }))
    .filter(({ kwh }) => kwh > SHORT_KWH)
    .sort((a, b) => b.eur - a.eur || a.index - b.index)
    .map(({ index }) => index);
}

/** All yes-or-no of a whole answer. */
function choicesOf(plan: PlanModel, { values }: Solution): Map<number, number> {
  const fixed = new Map<number, number>();
  for (const [index, variable] of plan.model.variables.entries())
    if (variable.binary) fixed.set(index, Math.round(values[index]!));
  return fixed;
}

/** Switches cars on, in turn one slot each, as far as all least powers fit; none where nothing was switched. */
function switchedOn(plan: PlanModel, whole: Solution, cars: readonly number[], input: PlanInput) {
  const fixed = choicesOf(plan, whole);
  const rooms = new LeastRooms(input);
  for (const [index, { on, onSingle }] of plan.layout.evses.entries()) {
    for (const [slot, yes] of on.entries()) if (fixed.get(yes) === 1) rooms.take(index, slot);
    for (const [slot, yes] of onSingle.entries()) if (fixed.get(yes) === 1) rooms.take(index, slot, true);
  }
  let switched = 0;
  for (let slot = 0; slot < input.binarySlots; slot++) {
    for (const index of cars) {
      const { on, power, onSingle, gives } = plan.layout.evses[index]!;
      if (onSingle[slot] !== undefined && fixed.get(onSingle[slot]!) === 1) continue;
      const yes = on[slot];
      const canTake = yes !== undefined && plan.model.variables[power[slot]!]!.upper > 0;
      if (!canTake || fixed.get(yes) === 1 || !rooms.fits(index, slot)) continue;
      fixed.set(yes, 1);
      const giving = gives[slot];
      if (giving !== undefined) fixed.set(giving, 0);
      rooms.take(index, slot);
      switched++;
    }
  }
  return switched > 0 ? fixed : undefined;
}

/** A whole answer with what room is left given to those who are short; the same where that makes nothing better. */
export function filled(plan: PlanModel, whole: Solution, context: FillContext): Solution {
  const { input, open, leftMs } = context;
  let best = whole;
  for (let round = 0; round < ROUNDS && leftMs() > 0; round++) {
    const cars = shortCars(plan, best);
    const fixed = cars.length === 0 ? undefined : switchedOn(plan, best, cars, input);
    if (!fixed) return best;
    const answer = open.relax({ limitMs: leftMs(), fixed });
    if (answer.status !== "optimal" || answer.objective >= best.objective - NEAR) return best;
    best = answer;
  }
  return best;
}

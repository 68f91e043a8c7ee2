/** Whole answers near the relaxed one: yes-or-no fixed slot after slot, each time with what the slots before have become. */
import type { PlanEvse, PlanInput } from "../core/facts/plan-facts.ts";
import type { PlanModel } from "../planner/model/model.ts";
import type { EvseLayout } from "../planner/model/model-evse.ts";
import type { FixedValues, OpenModel, Solution } from "./glpk.ts";

const NEAR = 1e-6;

export interface DiveContext {
  readonly input: PlanInput;
  readonly open: OpenModel;
  /** Time that is left, ms. */
  readonly leftMs: () => number;
}

/** Choices between directions and steps as the solution leans: what flows more, and the step that is reached. */
export function fixedChoices(plan: PlanModel, { values }: Solution): Map<number, number> {
  const fixed = new Map<number, number>();
  for (const { choice, whenYes, whenNo } of plan.layout.directions)
    fixed.set(choice, values[whenYes]! >= values[whenNo]! ? 1 : 0);
  for (const { value, steps } of plan.layout.steps) {
    const reached = steps.findIndex(({ upToKw }) => values[value]! <= upToKw + NEAR);
    for (const [index, { choice }] of steps.entries()) fixed.set(choice, index === reached ? 1 : 0);
  }
  return fixed;
}

/** What of a car's power in a slot is on all of its phases, and what on one, kW. */
export function partsOf({ power, single }: EvseLayout, slot: number, values: readonly number[]) {
  const oneKw = values[single[slot]!]!;
  return { allKw: Math.max(0, values[power[slot]!]! - oneKw), oneKw };
}

/** What a car gives in a slot, as a part of the least that it can. */
export function givenPart(
  { discharge }: EvseLayout,
  slot: number,
  { values, evse }: { readonly values: readonly number[]; readonly evse: PlanEvse },
): number {
  return ((values[discharge[slot]!] ?? 0) * 1000) / (evse.discharge?.minPowerW ?? 1);
}

/** All phases where most of it is on all, or one cannot give it; one phase where that is enough. */
function fixPhases(
  plan: PlanModel,
  { index, slot }: { readonly index: number; readonly slot: number },
  { input, values, rounding }: { input: PlanInput; values: readonly number[]; rounding: number },
): [number, number][] {
  const layout = plan.layout.evses[index]!;
  const evse = input.evses[index]!;
  const { allKw, oneKw } = partsOf(layout, slot, values);
  const powerKw = allKw + oneKw;
  const mostOneKw = plan.model.variables[layout.single[slot]!]!.upper;
  const reaches = (leastW: number) => powerKw > NEAR && powerKw >= (leastW / 1000) * rounding - NEAR;
  const onAll = reaches(evse.minPowerW) && (allKw >= oneKw || powerKw > mostOneKw + NEAR);
  const onOne = !onAll && mostOneKw > 0 && reaches(evse.onePhase!.minPowerW);
  return [
    [layout.on[slot]!, onAll ? 1 : 0],
    [layout.onSingle[slot]!, onOne ? 1 : 0],
  ];
}

/** Cars that get at least `rounding` of their least power in a slot are switched on there; of the others those give that give enough. */
export function fixSlot(
  plan: PlanModel,
  slot: number,
  at: { input: PlanInput; values: readonly number[]; rounding: number },
) {
  const fixed = new Map<number, number>();
  for (const [index, layout] of plan.layout.evses.entries()) {
    const yes = layout.on[slot];
    if (yes === undefined) continue;
    const evse = at.input.evses[index]!;
    const powerKw = at.values[layout.power[slot]!]!;
    const isOn = powerKw > NEAR && powerKw >= (evse.minPowerW / 1000) * at.rounding - NEAR;
    const choices: readonly [number, number][] =
      layout.single[slot] === undefined ? [[yes, isOn ? 1 : 0]] : fixPhases(plan, { index, slot }, at);
    for (const [choice, value] of choices) fixed.set(choice, value);
    const gives = layout.gives[slot];
    if (gives === undefined) continue;
    // Less than the least is not rounded up: it may not be exported. Whether that pays is found by branching.
    const isGiving = givenPart(layout, slot, { values: at.values, evse }) >= 1 - NEAR;
    fixed.set(gives, isGiving && choices.every(([, value]) => value === 0) ? 1 : 0);
  }
  return fixed;
}

/** Slot after slot; where the minima of a slot do not fit, only those cars go on that have theirs already. */
export function dived(plan: PlanModel, relaxed: Solution, context: DiveContext): Solution | undefined {
  const { input, open, leftMs } = context;
  let fixed: FixedValues = fixedChoices(plan, relaxed);
  let solution = relaxed;
  for (let slot = 0; slot < input.binarySlots; slot++) {
    let found: Solution | undefined;
    for (const rounding of [0.5, 1]) {
      if (leftMs() <= 0) return undefined;
      const tried = new Map([...fixed, ...fixSlot(plan, slot, { input, values: solution.values, rounding })]);
      const answer = open.relax({ limitMs: leftMs(), fixed: tried });
      if (answer.status !== "optimal") continue;
      found = answer;
      fixed = tried;
      break;
    }
    if (!found) return undefined;
    solution = found;
  }
  return solution;
}

/** What a relaxed plan leaves in doubt: cars between nothing and their least power, both directions at once, parts of a step. */
import type { PlanEvse, PlanInput } from "../core/facts/plan-facts.ts";
import type { PlanModel } from "../planner/model/model.ts";
import type { EvseLayout } from "../planner/model/model-evse.ts";
import { givenPart, partsOf } from "./dive.ts";
import type { Solution } from "./glpk.ts";

/** Less is rounding, kW. */
const NEAR = 1e-5;

export interface Doubt {
  /** The variable of the yes-or-no. */
  readonly choice: number;
  /** How far the relaxed plan leans to yes, 0..1. */
  readonly lean: number;
}

export interface DoubtContext {
  readonly plan: PlanModel;
  readonly input: PlanInput;
}

function between(choice: number, lean: number): Doubt[] {
  return lean > NEAR && lean < 1 - NEAR ? [{ choice, lean }] : [];
}

/** A car that may be on one phase or on all: how much it leans to all, or to either. */
function phaseDoubts(
  layout: EvseLayout,
  slot: number,
  { values, evse }: { readonly values: readonly number[]; readonly evse: PlanEvse },
): Doubt[] {
  const { allKw, oneKw } = partsOf(layout, slot, values);
  const [yes, yesSingle] = [layout.on[slot]!, layout.onSingle[slot]!];
  if (Math.min(allKw, oneKw) > NEAR) return [{ choice: yes, lean: allKw / (allKw + oneKw) }];
  const leanOne = (oneKw * 1000) / evse.onePhase!.minPowerW;
  return [...between(yes, (allKw * 1000) / evse.minPowerW), ...between(yesSingle, leanOne)];
}

/** In the order of the slots: what comes first is carried out. */
export function doubts({ values }: Solution, { plan, input }: DoubtContext): Doubt[] {
  const { evses, directions, steps } = plan.layout;
  const found: Doubt[] = [];
  for (let slot = 0; slot < input.binarySlots; slot++)
    for (const [index, layout] of evses.entries()) {
      const { on, power, single } = layout;
      const [yes, gives] = [on[slot], layout.gives[slot]];
      if (yes === undefined) continue;
      const given = { values, evse: input.evses[index]! };
      if (gives !== undefined) found.push(...between(gives, givenPart(layout, slot, given)));
      if (single[slot] !== undefined) {
        found.push(...phaseDoubts(layout, slot, { values, evse: input.evses[index]! }));
        continue;
      }
      found.push(...between(yes, (values[power[slot]!]! * 1000) / input.evses[index]!.minPowerW));
    }
  for (const { choice, whenYes, whenNo } of directions) {
    const [yesKw, noKw] = [values[whenYes]!, values[whenNo]!];
    if (Math.min(yesKw, noKw) > NEAR) found.push({ choice, lean: yesKw / (yesKw + noKw) });
  }
  return [...found, ...steps.flatMap((of) => of.steps.flatMap(({ choice }) => between(choice, values[choice]!)))];
}

/** Every yes-or-no that a solution has neither way, by its own number: what is left where no power is in doubt. */
export function brokenChoices({ values }: Solution, plan: PlanModel): Doubt[] {
  return plan.model.variables.flatMap(({ binary }, choice) => (binary ? between(choice, values[choice]!) : []));
}

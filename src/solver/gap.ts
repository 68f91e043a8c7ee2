/** How good a solution is: its distance from what no plan can beat, beside what the cars' energy costs. */
import type { PlanInput } from "../core/facts/plan-facts.ts";
import { chargingHours } from "../planner/input/limits.ts";
import type { PlanModel } from "../planner/model/model.ts";
import type { Solution } from "./glpk.ts";

/** Below this nobody cares, EUR. */
const LEAST_SCALE_EUR = 0.1;

/**
 * What a gap is measured against, EUR: the cars' energy at the price of its slot, and missing energy at its weight. Not the
 * objective itself: that holds the building's bill and turns zero where the sun earns as much as the cars cost.
 */
export function scaleEur(plan: PlanModel, input: PlanInput, solution: Solution): number {
  let eur = 0;
  for (const [index, { power, shortfall }] of plan.layout.evses.entries()) {
    const evse = input.evses[index]!;
    for (const [slot, variable] of power.entries())
      eur += solution.values[variable]! * chargingHours(evse, slot, input) * Math.abs(input.importEurPerKwh[slot] ?? 0);
    for (const part of shortfall) eur += solution.values[part]! * plan.model.variables[part]!.cost;
  }
  return Math.max(LEAST_SCALE_EUR, eur);
}

/** How far a solution is above a bound in EUR, as a part of the scale; never negative. */
export function gapOf(found: Solution, boundEur: number, scale: number): number {
  return Math.max(0, (found.objective - boundEur) / scale);
}

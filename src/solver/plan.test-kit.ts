/** GLPK, and plans by it, for the tests. */
import { expect } from "vitest";
import type { PlanEvse, PlanInput, PlanResult } from "../core/facts/plan-facts.ts";
import type { SlotReason } from "../core/view/plan-reasons.ts";
import { type Explained, explainChoices } from "../planner/explain/explain-choice.ts";
import { questionOf } from "../planner/explain/explain-question.ts";
import { possibleNeedWh } from "../planner/input/limits.ts";
import { missableParts, unaskedWh } from "../planner/model/shortfall.ts";
import { type PlanWeights, planWeights, SHORTFALL_PARTS } from "../planner/model/weights.ts";
import { planBattery, planEvse, planInput } from "../planner/plan-input.test-kit.ts";
import { verifyPlan } from "../planner/verify/verify.ts";
import { createLinearSolver } from "./glpk.ts";
import { solvePlan } from "./plan-solver.ts";

export const linear = await createLinearSolver();

/** A plan for which there is all the time that it needs. */
export function solve(input: PlanInput, by = linear): PlanResult {
  return solvePlan(input, 4_000, { linear: by, nowMs: () => 0 });
}

/** The same, solved and not by rules, and the check that knows no model has nothing against it. */
export function soundPlan(input: PlanInput): PlanResult {
  const plan = solve(input);
  expect(plan.status, plan.detail).not.toBe("rule-based");
  expect(verifyPlan(input, plan)).toEqual([]);
  return plan;
}

/** A car, a battery and the sun, where exporting pays more than importing costs. */
export function exportPaysMore(): PlanInput {
  return planInput({
    importEurPerKwh: new Array(8).fill(0.05),
    exportEurPerKwh: new Array(8).fill(0.3),
    pvW: new Array(8).fill(5000),
    batteries: [planBattery()],
    evses: [planEvse()],
  });
}

/** Reason and next cheaper choice of each slot of each EVSE, in the order of the plan. */
export function choicesOf(input: PlanInput, plan: PlanResult): Explained[][] {
  return explainChoices(questionOf(input, plan)!);
}

/** The reason of each slot of each EVSE, in the order of the plan. */
export function reasonsOf(input: PlanInput, plan: PlanResult): SlotReason[][] {
  return choicesOf(input, plan).map((row) => row.map(({ reason }) => reason));
}

/** What one car's missing energy weighs, EUR: what it could not get at all, what nobody asked for, then its parts, the lightest first. */
function missedByEur(evse: PlanEvse, shortfallWh: number, input: PlanInput, weights: PlanWeights): number {
  const asked = { ...evse, energyNeededWh: evse.energyNeededWh - unaskedWh(evse) };
  const neverWh = evse.energyNeededWh - possibleNeedWh(evse, input);
  const unasked = Math.min(shortfallWh - neverWh, possibleNeedWh(evse, input) - possibleNeedWh(asked, input));
  let leftWh = shortfallWh - neverWh - unasked;
  let eur = neverWh * weights.shortfallEurPerKwh(evse, SHORTFALL_PARTS - 1) + unasked * weights.unaskedEurPerKwh(evse);
  for (const { part, wh } of missableParts(evse, input)) {
    const missedWh = Math.max(0, Math.min(wh, leftWh));
    eur += missedWh * weights.shortfallEurPerKwh(evse, part);
    leftWh -= missedWh;
  }
  return eur / 1000;
}

/** What the missing energy of a plan weighs in all, EUR, as `input` weighs it: how plans are compared before money. */
export function missedEur(plan: PlanResult, input: PlanInput): number {
  const weights = planWeights(input);
  return input.evses.reduce(
    (sum, evse, index) => sum + missedByEur(evse, plan.evses[index]!.shortfallWh, input, weights),
    0,
  );
}

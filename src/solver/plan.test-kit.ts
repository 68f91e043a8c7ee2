/** GLPK, and plans by it, for the tests. */
import { expect } from "vitest";
import type { PlanInput, PlanResult } from "../core/facts/plan-facts.ts";
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

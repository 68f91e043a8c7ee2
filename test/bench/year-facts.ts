import type { SiteFact } from "../../src/core/facts/index.ts";
import type { PlanInput, PlanResult } from "../../src/core/facts/plan-facts.ts";
import { seededInput } from "../../src/planner/plan-input.test-kit.ts";
import { createLinearSolver } from "../../src/solver/glpk.ts";
import { solvePlan } from "../../src/solver/plan-solver.ts";
import { limitFact } from "./limit-fact.ts";

/** One in ten, as on a lively day of ten EVSEs: they are nine tenths of a ledger's bytes. */
const PLAN_EVERY = 10;
const DIFFERENT_PLANS = 7;

/** Facts of a lively site of ten EVSEs, by sequence number: limits, and every tenth a plan with its complete input. */
export async function yearFacts(): Promise<(seq: number) => SiteFact> {
  const linear = await createLinearSolver();
  const plans = Array.from({ length: DIFFERENT_PLANS }, (_, seed): [PlanInput, PlanResult] => {
    const input = seededInput(seed + 1, 10);
    return [input, solvePlan(input, 5_000, { linear, nowMs: () => performance.now() })];
  });
  return (seq) => {
    const fact = limitFact(seq);
    if (seq % PLAN_EVERY !== 0) return fact;
    const [input, result] = plans[(seq / PLAN_EVERY) % DIFFERENT_PLANS]!;
    return { ...fact, type: "plan-made", source: "planner", data: { trigger: "slot", input, result } } as SiteFact;
  };
}

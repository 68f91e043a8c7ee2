/** How long a plan takes, from its input to the checked result, beside native GLPK on the same model. */
import { planModel } from "../../src/planner/model.ts";
import { seededInput } from "../../src/planner/plan-input.test-kit.ts";
import { createLinearSolver } from "../../src/solver/glpk.ts";
import { solvePlan } from "../../src/solver/plan-solver.ts";
import { hasGlpsol, solveWithGlpsol } from "./native-glpsol.ts";

const SEEDS = [1, 2, 3, 4, 5];
const DEADLINE_MS = 5_000;

export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly detail?: string;
}

function middle(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

/** Plan times at 10, 50 and 100 EVSEs: the middle and the worst of five seeded days, and native GLPK beside them. */
export async function benchPlan(): Promise<Figure[]> {
  const linear = await createLinearSolver();
  const native = hasGlpsol();
  const figures: Figure[] = [];
  for (const evses of [10, 50, 100]) {
    const plans = SEEDS.map((seed) => {
      const input = seededInput(seed, evses);
      const startMs = performance.now();
      const result = solvePlan(input, DEADLINE_MS, { linear, nowMs: () => performance.now() });
      return { tookMs: performance.now() - startMs, result, input };
    });
    const times = plans.map((plan) => plan.tookMs);
    const gap = Math.max(...plans.map((plan) => plan.result.gap ?? 1));
    const statuses = plans.map((plan) => plan.result.status).join(", ");
    figures.push({ name: `plan ${evses} EVSE p50`, value: middle(times), unit: "ms", detail: statuses });
    figures.push({
      name: `plan ${evses} EVSE worst`,
      value: Math.max(...times),
      unit: "ms",
      detail: `largest gap ${(gap * 100).toFixed(2)} %`,
    });
    if (!native) continue;
    const nativeTimes = plans.map(({ input }) => {
      const solved = solveWithGlpsol(planModel(input).model, { relaxed: false, relativeGap: 0.001 });
      return solved?.solveMs ?? Number.POSITIVE_INFINITY;
    });
    figures.push({ name: `native glpsol ${evses} EVSE p50`, value: middle(nativeTimes), unit: "ms" });
  }
  return figures;
}

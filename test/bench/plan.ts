/** How long a plan takes, from its input to the checked result, beside native GLPK and HiGHS on the same model. */
import type { PlanInput } from "../../src/core/facts/plan-facts.ts";
import { planModel } from "../../src/planner/model.ts";
import { seededInput } from "../../src/planner/plan-input.test-kit.ts";
import { createLinearSolver, type LinearSolver } from "../../src/solver/glpk.ts";
import { solvePlan } from "../../src/solver/plan-solver.ts";
import { createHighsSolver } from "./highs.ts";
import { hasGlpsol, solveWithGlpsol } from "./native-glpsol.ts";

const SEEDS = [1, 2, 3, 4, 5];
const TIGHT_SEEDS = Array.from({ length: 40 }, (_, index) => index + 1);
const DEADLINE_MS = 5_000;
/** As in plans. */
const RELATIVE_GAP = 0.001;

export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly detail?: string;
}

function quantile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;
}

function planned(linear: LinearSolver, inputs: readonly PlanInput[]) {
  return inputs.map((input) => {
    const startMs = performance.now();
    const result = solvePlan(input, DEADLINE_MS, { linear, nowMs: () => performance.now() });
    return { tookMs: performance.now() - startMs, gap: result.gap ?? 1, status: result.status };
  });
}

/** The same site behind fuses that hardly carry two cars at once: where branching takes for ever. */
function tightInput(seed: number): PlanInput {
  const input = seededInput(seed, 10);
  const limitA = 20 + (seed % 40);
  return {
    ...input,
    circuits: input.circuits.map((circuit) => ({ ...circuit, limitA: Math.min(circuit.limitA, limitA) })),
  };
}

function tightFigures(linear: LinearSolver): Figure[] {
  const plans = planned(linear, TIGHT_SEEDS.map(tightInput));
  const gaps = plans.map((plan) => plan.gap);
  const times = plans.map((plan) => plan.tookMs);
  const proven = plans.filter((plan) => plan.status === "optimal").length;
  const percent = (part: number) => `${(quantile(gaps, part) * 100).toFixed(2)} %`;
  return [
    {
      name: "tight plan 10 EVSE p95",
      value: quantile(times, 0.95),
      unit: "ms",
      detail: `${proven} of ${plans.length} proven within 0.1 %; gap to the bound p95 ${percent(0.95)}, worst ${percent(1)}`,
    },
  ];
}

function solverFigures(evses: number, inputs: readonly PlanInput[], highs: LinearSolver): Figure[] {
  const models = inputs.map((input) => planModel(input).model);
  const figures: Figure[] = [];
  const middle = (name: string, times: readonly number[]) =>
    figures.push({ name: `${name} ${evses} EVSE p50`, value: quantile(times, 0.5), unit: "ms" });
  if (hasGlpsol()) {
    const solve = (index: number) => solveWithGlpsol(models[index]!, { relaxed: false, relativeGap: RELATIVE_GAP });
    middle(
      "native glpsol",
      models.map((_, index) => solve(index)?.solveMs ?? Number.POSITIVE_INFINITY),
    );
  }
  const times = models.map((model) => {
    const startMs = performance.now();
    highs.solve(model, { relaxed: false, limitMs: DEADLINE_MS, relativeGap: RELATIVE_GAP });
    return performance.now() - startMs;
  });
  middle("HiGHS", times);
  return figures;
}

/** Plan times at 10, 50 and 100 EVSEs: the middle and the worst of five seeded days, and other solvers beside them. */
export async function benchPlan(): Promise<Figure[]> {
  const linear = await createLinearSolver();
  const highs = await createHighsSolver();
  const figures: Figure[] = [];
  for (const evses of [10, 50, 100]) {
    const inputs = SEEDS.map((seed) => seededInput(seed, evses));
    const plans = planned(linear, inputs);
    const times = plans.map((plan) => plan.tookMs);
    const statuses = plans.map((plan) => plan.status).join(", ");
    const gap = Math.max(...plans.map((plan) => plan.gap));
    figures.push({ name: `plan ${evses} EVSE p50`, value: quantile(times, 0.5), unit: "ms", detail: statuses });
    figures.push({
      name: `plan ${evses} EVSE worst`,
      value: Math.max(...times),
      unit: "ms",
      detail: `largest gap ${(gap * 100).toFixed(2)} %`,
    });
    figures.push(...solverFigures(evses, inputs, highs));
  }
  return [...figures, ...tightFigures(linear)];
}

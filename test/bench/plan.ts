/** How long a plan takes, from its input to the checked result, beside native GLPK and HiGHS on the same model. */
import type { PlanInput, PlanResult } from "../../src/core/facts/plan-facts.ts";
import { explainBatteries } from "../../src/planner/explain/explain-battery.ts";
import { explainChoices } from "../../src/planner/explain/explain-choice.ts";
import { questionOf } from "../../src/planner/explain/explain-question.ts";
import { MOST_PLANNED } from "../../src/planner/input/visit-input.ts";
import { planModel } from "../../src/planner/model/model.ts";
import { awaitedInput, seededInput, switchedInput } from "../../src/planner/plan-input.test-kit.ts";
import { scaleEur } from "../../src/solver/gap.ts";
import { createLinearSolver, type LinearSolver } from "../../src/solver/glpk.ts";
import { solvePlan } from "../../src/solver/plan-solver.ts";
import { createSolver } from "../../src/solver/solver.ts";
import { createHighsSolver } from "./highs.ts";
import { hasGlpsol, solveWithGlpsol } from "./native-glpsol.ts";
import { planMemoryMb } from "./plan-memory.ts";

/** Days that are planned, and of them those that other solvers get, too: native GLPK may take a minute for each. */
const SEEDS = Array.from({ length: 20 }, (_, index) => index + 1);
const PEER_DAYS = 5;
const MEMORY_DAYS = 3;
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
  return sorted[Math.max(0, Math.ceil(sorted.length * part) - 1)] ?? Number.NaN;
}

/** What all reasons of a plan take, as when somebody looks at the first of them. */
function reasonsMs(input: PlanInput, result: PlanResult): number {
  const startMs = performance.now();
  const question = questionOf(input, result);
  if (question) {
    explainChoices(question);
    explainBatteries(question);
  }
  return performance.now() - startMs;
}

function planned(linear: LinearSolver, inputs: readonly PlanInput[]) {
  return inputs.map((input) => {
    const startMs = performance.now();
    const before = process.threadCpuUsage();
    const result = solvePlan(input, DEADLINE_MS, { linear, nowMs: () => performance.now() });
    const { user, system } = process.threadCpuUsage(before);
    const processorMs = (user + system) / 1000;
    const tookMs = performance.now() - startMs;
    return { tookMs, processorMs, reasonsMs: reasonsMs(input, result), gap: result.gap ?? 1, status: result.status };
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

const quiet = { debug() {}, info() {}, warn() {}, error() {} };

/** As at a quarter-hour: a thread that has to begin, the input sent there, the plan sent back. */
async function freshFigure(evses: number, inputs: readonly PlanInput[]): Promise<Figure> {
  const times: number[] = [];
  for (const input of inputs) {
    const solver = createSolver({ log: quiet });
    const startMs = performance.now();
    await solver.solve(input, DEADLINE_MS);
    times.push(performance.now() - startMs);
    await solver.close();
  }
  const detail = `with the start of its thread, ${inputs.length} days`;
  return { name: `plan ${evses} EVSE in a fresh thread p50`, value: quantile(times, 0.5), unit: "ms", detail };
}

interface Peer {
  readonly tookMs: number;
  /** Missing where it found nothing in its time. */
  readonly objective?: number | undefined;
}

/** Times of another solver on the written-out models, and how far its answers are from what no plan can beat. */
function peerFigures(
  name: string,
  evses: number,
  days: readonly (Peer & { readonly gapOf: (objective: number) => number })[],
): Figure[] {
  const times = days.map(({ tookMs }) => tookMs);
  const gaps = days.flatMap(({ objective, gapOf }) => (objective === undefined ? [] : [gapOf(objective)]));
  const found = `${gaps.length} of ${days.length} days solved; largest gap ${(Math.max(0, ...gaps) * 100).toFixed(2)} %`;
  return [
    { name: `${name} ${evses} EVSE p50`, value: quantile(times, 0.5), unit: "ms", detail: found },
    { name: `${name} ${evses} EVSE p95`, value: quantile(times, 0.95), unit: "ms" },
  ];
}

function solverFigures(
  evses: number,
  inputs: readonly PlanInput[],
  solvers: { linear: LinearSolver; highs: Pick<LinearSolver, "solve"> },
) {
  const days = inputs.map((input) => {
    const plan = planModel(input);
    const relaxed = solvers.linear.solve(plan.model, { relaxed: true, limitMs: DEADLINE_MS });
    const scale = scaleEur(plan, input, relaxed);
    return { model: plan.model, gapOf: (objective: number) => Math.max(0, (objective - relaxed.objective) / scale) };
  });
  const highs = days.map(({ model, gapOf }) => {
    const startMs = performance.now();
    const answer = solvers.highs.solve(model, { relaxed: false, limitMs: DEADLINE_MS, relativeGap: RELATIVE_GAP });
    const tookMs = performance.now() - startMs;
    return { tookMs, gapOf, objective: answer.status === "none" ? undefined : answer.objective };
  });
  if (!hasGlpsol()) return peerFigures("HiGHS", evses, highs);
  const native = days.map(({ model, gapOf }) => {
    const answer = solveWithGlpsol(model, { relaxed: false, relativeGap: RELATIVE_GAP });
    return { tookMs: answer?.solveMs ?? Number.POSITIVE_INFINITY, gapOf, objective: answer?.objective };
  });
  return [...peerFigures("native glpsol", evses, native), ...peerFigures("HiGHS", evses, highs)];
}

/** Our own figures of one size of site. */
function planFigures(evses: number, linear: LinearSolver, inputs: readonly PlanInput[]): Figure[] {
  return [...timeFigures(`${evses} EVSE`, linear, inputs), memoryFigure(evses)];
}

function memoryFigure(evses: number): Figure {
  return {
    name: `plan ${evses} EVSE memory`,
    value: planMemoryMb(evses, MEMORY_DAYS),
    unit: "MB",
    detail: `the most that a process took which does nothing else, ${MEMORY_DAYS} days one after the other`,
  };
}

function timeFigures(what: string, linear: LinearSolver, inputs: readonly PlanInput[]): Figure[] {
  const plans = planned(linear, inputs);
  const times = plans.map((plan) => plan.tookMs);
  const gaps = plans.map((plan) => plan.gap);
  const reasons = plans.map((plan) => plan.reasonsMs);
  const proven = plans.filter(({ status }) => status === "optimal").length;
  const byRules = plans.filter(({ status }) => status === "rule-based").length;
  const percent = (part: number) => `${(quantile(gaps, part) * 100).toFixed(2)} %`;
  const processorMs = plans.map((plan) => plan.processorMs);
  return [
    {
      name: `plan ${what} processor p95`,
      value: quantile(processorMs, 0.95),
      unit: "ms",
      detail: `its own, also on a busy machine; p50 ${quantile(processorMs, 0.5).toFixed(0)} ms`,
    },
    {
      name: `plan ${what} p50`,
      value: quantile(times, 0.5),
      unit: "ms",
      detail: `${inputs.length} days; ${proven} proven within 0.1 %, ${byRules} by rules`,
    },
    {
      name: `plan ${what} p95`,
      value: quantile(times, 0.95),
      unit: "ms",
      detail: `gap to the bound p50 ${percent(0.5)}, p95 ${percent(0.95)}, worst ${percent(1)}`,
    },
    { name: `plan ${what} worst`, value: Math.max(...times), unit: "ms" },
    {
      name: `reasons of a plan ${what} p95`,
      value: quantile(reasons, 0.95),
      unit: "ms",
      detail: `once a plan, when somebody asks; p50 ${quantile(reasons, 0.5).toFixed(0)} ms`,
    },
  ];
}

/** Plans at 10, 50 and 100 EVSEs x 96 slots with phases, battery and near yes-or-no: time, gap, memory; other solvers beside them. */
export async function benchPlan(): Promise<Figure[]> {
  const linear = await createLinearSolver();
  const highs = await createHighsSolver();
  const figures: Figure[] = [];
  for (const evses of [10, 50, 100]) {
    const inputs = SEEDS.map((seed) => seededInput(seed, evses));
    figures.push(...planFigures(evses, linear, inputs));
    figures.push(...timeFigures(`${evses} EVSE, phases switched`, linear, inputs.map(switchedInput)));
    const awaited = inputs.map((input, at) => awaitedInput(input, SEEDS[at]!, MOST_PLANNED));
    figures.push(...timeFigures(`${evses} EVSE, ${MOST_PLANNED} announced`, linear, awaited));
    figures.push(await freshFigure(evses, inputs.slice(0, PEER_DAYS)));
    figures.push(...solverFigures(evses, inputs.slice(0, PEER_DAYS), { linear, highs }));
  }
  return [...figures, ...tightFigures(linear)];
}

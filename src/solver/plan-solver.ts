/** From a plan's input to a checked plan: relax, branch, round and repair, else rules. */
import type { PlanInput, PlanResult } from "../core/facts/plan-facts.ts";
import { firstUnsoundInput } from "../planner/limits.ts";
import { type PlanModel, planModel } from "../planner/model.ts";
import { ruleBasedPlan } from "../planner/rules.ts";
import { planFromSolution } from "../planner/solution.ts";
import { verifyPlan } from "../planner/verify.ts";
import { gapOf, scaleEur } from "./gap.ts";
import type { FixedValues, LinearSolver, Solution } from "./glpk.ts";

/** Within so much of the optimum a plan is as good as the forecasts under it. */
const RELATIVE_GAP = 0.001;
/** Branching that takes longer than this gains less than the forecasts are wrong. */
const MOST_BRANCH_MS = 1_000;
const NEAR = 1e-6;

export interface PlanSolverOptions {
  readonly linear: LinearSolver;
  /** Monotonic ms; in virtual time a constant, so that a run repeats itself bit for bit. */
  readonly nowMs: () => number;
  /** Takes nothing from a branching that ran out of time: slower machines then find the same plan. */
  readonly repeatable?: boolean;
}

function binariesAreWhole(plan: PlanModel, solution: Solution): boolean {
  return plan.model.variables.every((variable, index) => {
    const value = solution.values[index]!;
    return !variable.binary || Math.abs(value - Math.round(value)) < NEAR;
  });
}

/**
 * Each yes-or-no as the relaxed solution leans. A car that would get less than half its minimum gets nothing, one that
 * gets more is switched on, as far as minima fit (`rounding` 0.5), or none but those that have theirs (1).
 */
function rounded(plan: PlanModel, relaxed: Solution, context: { input: PlanInput; rounding: number }): FixedValues {
  const { input, rounding } = context;
  const fixed = new Map<number, number>();
  // Where both directions flow, the larger one: what remains of it is what really flows.
  for (const { choice, whenYes, whenNo } of plan.layout.directions)
    fixed.set(choice, relaxed.values[whenYes]! >= relaxed.values[whenNo]! ? 1 : 0);
  for (const { value, steps } of plan.layout.steps) {
    const reached = steps.findIndex(({ upToKw }) => relaxed.values[value]! <= upToKw + NEAR);
    for (const [index, { choice }] of steps.entries()) fixed.set(choice, index === reached ? 1 : 0);
  }
  for (const [index, evse] of plan.layout.evses.entries()) {
    const leastKw = input.evses[index]!.minPowerW / 1000;
    for (const [slot, variable] of evse.on.entries()) {
      const powerKw = relaxed.values[evse.power[slot]!]!;
      fixed.set(variable, powerKw >= leastKw * rounding - NEAR && powerKw > NEAR ? 1 : 0);
    }
  }
  return fixed;
}

function repaired(
  plan: PlanModel,
  relaxed: Solution,
  context: { input: PlanInput; linear: LinearSolver; limitMs: number },
) {
  const { input, linear, limitMs } = context;
  for (const rounding of [0.5, 1]) {
    const fixed = rounded(plan, relaxed, { input, rounding });
    const solution = linear.solve(plan.model, { relaxed: true, limitMs, fixed });
    if (solution.status === "optimal") return solution;
  }
  return undefined;
}

interface Attempt {
  readonly solution: Solution;
  readonly status: "optimal" | "feasible";
  readonly detail: string;
  readonly gap: number;
}

/** What branching finds within its time, allowed to stop at the gap that is good enough. */
function branched(
  plan: PlanModel,
  relaxed: Solution,
  context: { linear: LinearSolver; limitMs: number; scale: number },
) {
  const { linear, limitMs, scale } = context;
  // GLPK measures its gap against the objective.
  const relativeGap = (RELATIVE_GAP * scale) / Math.max(Math.abs(relaxed.objective), scale);
  return linear.solve(plan.model, { relaxed: false, limitMs, relativeGap });
}

function attempt(
  plan: PlanModel,
  input: PlanInput,
  context: PlanSolverOptions & { untilMs: number },
): Attempt | string {
  const { linear, nowMs, untilMs, repeatable } = context;
  const leftMs = () => untilMs - nowMs();
  const relaxed = linear.solve(plan.model, { relaxed: true, limitMs: leftMs() });
  if (relaxed.status !== "optimal") return "The linear model was not solved in time or has no solution";
  if (binariesAreWhole(plan, relaxed)) return { solution: relaxed, status: "optimal", detail: "", gap: 0 };
  const scale = scaleEur(plan, input, relaxed);
  const round = repaired(plan, relaxed, { input, linear, limitMs: leftMs() });
  const roundGap = round ? gapOf(round, relaxed, scale) : Number.POSITIVE_INFINITY;
  if (round && roundGap <= RELATIVE_GAP) return { solution: round, status: "optimal", detail: "", gap: roundGap };
  const limitMs = Math.min(MOST_BRANCH_MS, leftMs());
  const branch = limitMs > 0 ? branched(plan, relaxed, { linear, limitMs, scale }) : undefined;
  if (branch?.status === "optimal")
    return {
      solution: branch,
      status: "optimal",
      detail: "",
      gap: Math.min(RELATIVE_GAP, gapOf(branch, relaxed, scale)),
    };
  // What branching had found when its time ran out depends on how busy the machine was.
  const unfinished = !repeatable && branch?.status === "feasible" ? branch : undefined;
  const branchGap = unfinished ? gapOf(unfinished, relaxed, scale) : Number.POSITIVE_INFINITY;
  const detail = "The time for branching ran out";
  if (unfinished && branchGap < roundGap) return { solution: unfinished, status: "feasible", detail, gap: branchGap };
  if (round) return { solution: round, status: "feasible", detail: `Rounded: ${detail.toLowerCase()}`, gap: roundGap };
  return "Branching ran out of time, and rounding found no plan";
}

/**
 * The plan for an input within about `deadlineMs`. Always passes `verifyPlan` where the input is sound; status
 * `rule-based` with the reason where solving failed.
 */
export function solvePlan(input: PlanInput, deadlineMs: number, options: PlanSolverOptions): PlanResult {
  const startMs = options.nowMs();
  const elapsedMs = () => Math.round((options.nowMs() - startMs) * 10) / 10;
  const unsound = firstUnsoundInput(input);
  if (unsound !== undefined) return ruleBasedPlan(input, "The plan's input is unsound", elapsedMs());
  const plan = planModel(input);
  const found = attempt(plan, input, { ...options, untilMs: startMs + deadlineMs });
  if (typeof found === "string") return ruleBasedPlan(input, found, elapsedMs());
  const { solution, status, detail, gap } = found;
  const result = planFromSolution(input, plan.layout, {
    status,
    detail,
    gap,
    values: solution.values,
    solveMs: elapsedMs(),
  });
  const violations = verifyPlan(input, result);
  if (violations.length === 0) return result;
  return ruleBasedPlan(input, `The solved plan broke a limit: ${violations.slice(0, 3).join("; ")}`, elapsedMs());
}

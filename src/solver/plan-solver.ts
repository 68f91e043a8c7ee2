/** From a plan's input to a checked plan: relax, branch, round and repair, else rules. */
import type { PlanInput, PlanResult } from "../core/facts/plan-facts.ts";
import { clamp } from "../core/quantity.ts";
import { firstUnsoundInput } from "../planner/input/limits.ts";
import { type PlanModel, planModel } from "../planner/model/model.ts";
import { planFromSolution } from "../planner/model/solution.ts";
import { ruleBasedPlan } from "../planner/rules/rules.ts";
import { verifyPlan } from "../planner/verify/verify.ts";
import { dived, fixedChoices, fixSlot, polished, refined } from "./dive.ts";
import { filled } from "./fill.ts";
import { gapOf, scaleEur } from "./gap.ts";
import type { FixedValues, LinearSolver, Solution } from "./glpk.ts";

/** Within so much of the optimum a plan is as good as the forecasts under it. */
const RELATIVE_GAP = 0.001;
/**
 * So long all is branched on, least and most, and so many times as long as the relaxed model took: what a machine does in a
 * time depends on it. Most plans need no longer, and for those that do it finds little.
 */
const BRANCH_MS = [500, 1_000] as const;
const BRANCH_RELAXED = 3;
/** In all; the rest of it the neighbourhood of the best is searched. More gains less than the forecasts are wrong. */
const SEARCH_MS = [1_200, 2_500] as const;
const SEARCH_RELAXED = 8;
const MOST_REFINE_MS = 250;
const POLISH_SLOTS = 3;
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
  const fixed = fixedChoices(plan, relaxed);
  for (let slot = 0; slot < context.input.binarySlots; slot++)
    for (const [yes, value] of fixSlot(plan, slot, { ...context, values: relaxed.values })) fixed.set(yes, value);
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

interface Search extends PlanSolverOptions {
  readonly input: PlanInput;
  readonly relaxed: Solution;
  readonly scale: number;
  /** GLPK measures its gap against the objective. */
  readonly relativeGap: number;
  readonly leftMs: () => number;
  /** What branching found when its time ran out depends on how busy the machine was. */
  readonly accepts: (solution: Solution | undefined) => Solution | undefined;
}

function better(a: Solution | undefined, b: Solution | undefined): Solution | undefined {
  if (!a || !b) return a ?? b;
  return b.objective < a.objective ? b : a;
}

/** Near a whole answer there often is a better one: where the relaxed solution disagrees, then a few slots at a time. */
function searched(plan: PlanModel, found: Solution | undefined, search: Search): Solution | undefined {
  const { relaxed, scale, leftMs, linear, relativeGap, accepts } = search;
  const near = better(found, dived(plan, relaxed, search));
  if (!near) return undefined;
  const start = filled(plan, near, search);
  const options = () => ({ linear, relativeGap, accepts, limitMs: Math.min(MOST_REFINE_MS, leftMs()) });
  const whole = refined(plan, { relaxed, whole: start }, options()) ?? start;
  const goesOn = (best: Solution) => leftMs() > 0 && gapOf(best, relaxed, scale) > RELATIVE_GAP;
  return polished(plan, { whole, slots: POLISH_SLOTS, goesOn }, options);
}

function answer(solution: Solution, { relaxed, scale }: Search, isProven: boolean): Attempt {
  const gap = gapOf(solution, relaxed, scale);
  if (gap <= RELATIVE_GAP || isProven)
    return { solution, status: "optimal", detail: "", gap: Math.min(RELATIVE_GAP, gap) };
  return { solution, status: "feasible", detail: "Not proven to be the best: the time for branching ran out", gap };
}

function attempt(
  plan: PlanModel,
  input: PlanInput,
  context: PlanSolverOptions & { untilMs: number },
): Attempt | string {
  const { linear, nowMs, repeatable } = context;
  const beganMs = nowMs();
  const relaxed = linear.solve(plan.model, { relaxed: true, limitMs: context.untilMs - beganMs });
  const relaxedMs = nowMs() - beganMs;
  if (relaxed.status !== "optimal") return "The linear model was not solved in time or has no solution";
  if (binariesAreWhole(plan, relaxed)) return { solution: relaxed, status: "optimal", detail: "", gap: 0 };
  const scale = scaleEur(plan, input, relaxed);
  const untilMs = Math.min(context.untilMs, nowMs() + clamp(SEARCH_RELAXED * relaxedMs, ...SEARCH_MS));
  const search: Search = {
    ...context,
    input,
    relaxed,
    scale,
    relativeGap: (RELATIVE_GAP * scale) / Math.max(Math.abs(relaxed.objective), scale),
    leftMs: () => untilMs - nowMs(),
    accepts: (solution) => (solution?.status === "optimal" || (solution && !repeatable) ? solution : undefined),
  };
  const bare = repaired(plan, relaxed, { input, linear, limitMs: search.leftMs() });
  const round = bare && filled(plan, bare, search);
  if (round && gapOf(round, relaxed, scale) <= RELATIVE_GAP) return answer(round, search, false);
  const branchMs = repeatable ? BRANCH_MS[1] : clamp(BRANCH_RELAXED * relaxedMs, ...BRANCH_MS);
  const limitMs = Math.min(branchMs, search.leftMs());
  const branch =
    limitMs > 0 ? linear.solve(plan.model, { relaxed: false, limitMs, relativeGap: search.relativeGap }) : undefined;
  if (branch?.status === "optimal") return answer(branch, search, true);
  const unfinished = branch && branch.status !== "none" ? search.accepts(branch) : undefined;
  const best = searched(plan, better(round, unfinished), search);
  return best ? answer(best, search, false) : "Branching ran out of time, and rounding found no plan";
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

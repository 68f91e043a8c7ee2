/** From a plan's input to a checked plan: relax, round and repair, branch, else rules. */
import type { PlanInput, PlanResult } from "../core/facts/plan-facts.ts";
import { clamp } from "../core/quantity.ts";
import { firstUnsoundInput } from "../planner/input/limits.ts";
import { type PlanModel, planModel } from "../planner/model/model.ts";
import { planFromSolution } from "../planner/model/solution.ts";
import { ruleBasedPlan } from "../planner/rules/rules.ts";
import { verifyPlan } from "../planner/verify/verify.ts";
import { branched } from "./branch.ts";
import { dived, fixedChoices, fixSlot } from "./dive.ts";
import { filled } from "./fill.ts";
import { gapOf, scaleEur } from "./gap.ts";
import type { FixedValues, LinearSolver, OpenModel, Solution } from "./glpk.ts";
import { agreed, windows } from "./near.ts";

/** Within so much of the optimum a plan is as good as the forecasts under it. */
const RELATIVE_GAP = 0.001;
/** Linear models that branching may solve. More gains less than the forecasts are wrong. */
const MOST_MODELS = 800;
/**
 * And for how long it may, least and most, and so many times as long as the relaxed model took: on a slow machine. Where what
 * was found may still be far from the best, longer.
 */
const SEARCH_MS = [300, 700] as const;
const SEARCH_RELAXED = 10;
const FAR_GAP = 0.01;
const FAR_SEARCH_MS = 2_000;
/** So much of that for branching on everything; the rest for a few slots at a time. */
const FAR_BRANCH_PART = 0.7;
const NEAR = 1e-6;

export interface PlanSolverOptions {
  readonly linear: Pick<LinearSolver, "open">;
  /** Monotonic ms; in virtual time a constant, so that a run repeats itself bit for bit. */
  readonly nowMs: () => number;
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

function repaired(plan: PlanModel, relaxed: Solution, { input, open, leftMs }: Search): Solution | undefined {
  for (const rounding of [0.5, 1]) {
    const solution = open.relax({ limitMs: leftMs(), fixed: rounded(plan, relaxed, { input, rounding }) });
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

interface Search {
  readonly input: PlanInput;
  readonly open: OpenModel;
  readonly leftMs: () => number;
}

function better(a: Solution | undefined, b: Solution | undefined): Solution | undefined {
  if (!a || !b) return a ?? b;
  return b.objective < a.objective ? b : a;
}

/** A whole answer at once: rounded, or dived for, with what room is left given to those who are short. */
function firstWhole(
  plan: PlanModel,
  { relaxed, isGood }: { relaxed: Solution; isGood: (whole: Solution) => boolean },
  search: Search,
): Solution | undefined {
  const bare = repaired(plan, relaxed, search);
  const round = bare && filled(plan, bare, search);
  if (round && isGood(round)) return round;
  const deep = dived(plan, relaxed, search);
  return better(round, deep && filled(plan, deep, search));
}

function answer(solution: Solution, gap: number): Attempt {
  if (gap <= RELATIVE_GAP + NEAR) return { solution, status: "optimal", detail: "", gap: Math.min(RELATIVE_GAP, gap) };
  return { solution, status: "feasible", detail: "Not proven to be the best: the search for a better one ended", gap };
}

function attempt(
  plan: PlanModel,
  context: Omit<Search, "leftMs"> & { readonly nowMs: () => number; readonly untilMs: number },
): Attempt | string {
  const { input, open, nowMs } = context;
  const beganMs = nowMs();
  const relaxed = open.relax({ limitMs: context.untilMs - beganMs });
  const relaxedMs = nowMs() - beganMs;
  if (relaxed.status !== "optimal") return "The linear model was not solved in time or has no solution";
  if (binariesAreWhole(plan, relaxed)) return { solution: relaxed, status: "optimal", detail: "", gap: 0 };
  const relaxedCosts = open.reducedCosts();
  const scale = scaleEur(plan, input, relaxed);
  const gap = (whole: Solution) => gapOf(whole, relaxed.objective, scale);
  const isGood = (whole: Solution) => gap(whole) <= RELATIVE_GAP;
  const searchedMs = nowMs();
  const leftMs =
    (best?: Solution, part = 1) =>
    () => {
      const isNear = best !== undefined && gap(best) <= FAR_GAP;
      const mostMs = isNear ? clamp(SEARCH_RELAXED * relaxedMs, ...SEARCH_MS) : FAR_SEARCH_MS * part;
      return Math.min(context.untilMs, searchedMs + mostMs) - nowMs();
    };
  const search: Search = { input, open, leftMs: leftMs() };
  const incumbent = firstWhole(plan, { relaxed, isGood }, search);
  if (incumbent && isGood(incumbent)) return answer(incumbent, gap(incumbent));
  const of = { ...search, plan, relaxed, toleranceEur: RELATIVE_GAP * scale, mostModels: MOST_MODELS };
  const near = incumbent && agreed({ ...of, whole: incumbent });
  const { best, boundEur } = branched({ ...of, relaxedCosts, incumbent: near, leftMs: leftMs(near, FAR_BRANCH_PART) });
  if (!best) return "The time ran out before any plan was found";
  const isProven = gapOf(best, boundEur, scale) <= RELATIVE_GAP + NEAR;
  const last = isProven ? best : windows({ ...of, whole: best, leftMs: leftMs(best) });
  return answer(last, gapOf(last, boundEur, scale));
}

/** GLPK's memory is given back however it ends. */
function attempted(plan: PlanModel, input: PlanInput, options: PlanSolverOptions & { readonly untilMs: number }) {
  const { linear, nowMs, untilMs } = options;
  const open = linear.open(plan.model);
  try {
    return attempt(plan, { input, open, nowMs, untilMs });
  } finally {
    open.close();
  }
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
  const found = attempted(plan, input, { ...options, untilMs: startMs + deadlineMs });
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

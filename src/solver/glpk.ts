/** Solves linear models with GLPK (WASM), within seconds, and says honestly what came of it. */
import { firstUnsoundNumber, type LinearModel } from "../planner/model/linear-model.ts";
import { type GlpkModule, loadGlpkModule } from "./glpk-module.ts";
import { checkParameterPlaces, GLP_FEASIBLE, GLP_OPTIMAL, GlpkProblem } from "./glpk-problem.ts";

export interface Solution {
  readonly status: "optimal" | "feasible" | "none";
  readonly objective: number;
  /** By index of the model's variables. */
  readonly values: readonly number[];
}

/** A variable whose range is replaced for one solution: how a yes-or-no is fixed. */
export type FixedValues = ReadonlyMap<number, number>;

export interface SolveOptions {
  /** Yes-or-no only, or anything in between. */
  readonly relaxed: boolean;
  readonly limitMs: number;
  readonly relativeGap?: number;
  readonly fixed?: FixedValues;
}

export interface RelaxOptions {
  readonly limitMs: number;
  readonly fixed?: FixedValues;
  /** Nothing that costs as much or more is of interest: ends as soon as that is certain, with status `none`. */
  readonly cutoff?: number;
}

/** A model that is solved many times, each time from where the last solution ended. Never throws. */
export interface OpenModel {
  /** Without yes-or-no. */
  relax(options: RelaxOptions): Solution;
  /** Of the last relaxed solution, by index of the model's variables: what a unit more would cost. */
  reducedCosts(): ArrayLike<number>;
  close(): void;
}

export interface LinearSolver {
  /** Never throws: what GLPK cannot do is a solution of status `none`. */
  solve(model: LinearModel, options: SolveOptions): Solution;
  /** To be closed by who opened it. */
  open(model: LinearModel): OpenModel;
}

const LEAST_LIMIT_MS = 20;
const NOTHING: Solution = { status: "none", objective: Number.NaN, values: [] };

function sound(status: "optimal" | "feasible", objective: number, values: readonly number[]): Solution {
  return Number.isFinite(objective) && values.every(Number.isFinite) ? { status, objective, values } : NOTHING;
}

function branched(problem: GlpkProblem, { limitMs, relativeGap = 0 }: SolveOptions): Solution {
  const startMs = performance.now();
  const state = problem.branch(limitMs, relativeGap);
  if (state !== GLP_OPTIMAL && state !== GLP_FEASIBLE) return NOTHING;
  // GLPK says "feasible" too where it stopped early because the gap was small enough.
  const withinGap = relativeGap > 0 && performance.now() - startMs < limitMs * 0.95;
  const status = state === GLP_OPTIMAL || withinGap ? "optimal" : "feasible";
  return sound(status, problem.wholeObjective, problem.wholeValues());
}

function relaxed(problem: GlpkProblem, { limitMs, fixed = new Map(), cutoff }: RelaxOptions): Solution {
  problem.fix(fixed);
  const isFound = problem.relax(Math.max(LEAST_LIMIT_MS, limitMs), cutoff);
  return isFound ? sound("optimal", problem.objective, problem.values()) : NOTHING;
}

function solveOnce(glpk: GlpkModule, model: LinearModel, options: SolveOptions): Solution {
  const problem = new GlpkProblem(glpk, model);
  const limitMs = Math.max(LEAST_LIMIT_MS, options.limitMs);
  if (options.fixed) problem.fix(options.fixed);
  const solution = options.relaxed ? relaxed(problem, options) : branched(problem, { ...options, limitMs });
  problem.close();
  return solution;
}

const SHUT: OpenModel = { relax: () => NOTHING, reducedCosts: () => [], close() {} };

function openModel(glpk: GlpkModule, model: LinearModel, guarded: <T>(action: () => T, instead: T) => T): OpenModel {
  const problem = new GlpkProblem(glpk, model);
  return {
    relax: (options) => guarded(() => relaxed(problem, options), NOTHING),
    reducedCosts: () => guarded(() => problem.reducedCosts(), new Float64Array(model.variables.length)),
    close: () => guarded(() => problem.close(), undefined),
  };
}

/** Loads GLPK; takes some 10 ms. Rejects where `glpk.js` is another build than the one that is known here. */
export async function createLinearSolver(): Promise<LinearSolver> {
  let glpk: GlpkModule | undefined = loadGlpkModule();
  checkParameterPlaces(glpk);
  // What stopped in its middle left its memory as it was: the next model gets a new one.
  const guarded = <T>(action: () => T, instead: T): T => {
    try {
      return action();
    } catch {
      glpk = undefined;
      return instead;
    }
  };
  const ready = () => {
    glpk ??= loadGlpkModule();
    return glpk;
  };
  return {
    solve(model, options) {
      // GLPK answers "optimal" on NaN.
      if (firstUnsoundNumber(model) !== undefined) return NOTHING;
      return guarded(() => solveOnce(ready(), model, options), NOTHING);
    },
    open(model) {
      if (firstUnsoundNumber(model) !== undefined) return SHUT;
      return guarded(() => openModel(ready(), model, guarded), SHUT);
    },
  };
}

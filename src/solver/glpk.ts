/** Solves linear models with GLPK (WASM), within seconds, and says honestly what came of it. */
import loadGlpk, { type GLPK, type LP } from "glpk.js/node";
import { firstUnsoundNumber, type LinearModel } from "../planner/model/linear-model.ts";

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

export interface LinearSolver {
  /** Never throws: what GLPK cannot do is a solution of status `none`. */
  solve(model: LinearModel, options: SolveOptions): Solution;
}

const LEAST_LIMIT_MS = 20;
const NOTHING: Solution = { status: "none", objective: Number.NaN, values: [] };

function boundsType(glpk: GLPK, lower: number, upper: number): number {
  if (lower === upper) return glpk.GLP_FX;
  if (lower === Number.NEGATIVE_INFINITY) return upper === Number.POSITIVE_INFINITY ? glpk.GLP_FR : glpk.GLP_UP;
  return upper === Number.POSITIVE_INFINITY ? glpk.GLP_LO : glpk.GLP_DB;
}

function bounds(glpk: GLPK, lower: number, upper: number) {
  const finite = (value: number) => (Number.isFinite(value) ? value : 0);
  return { type: boundsType(glpk, lower, upper), lb: finite(lower), ub: finite(upper) };
}

function problem(glpk: GLPK, model: LinearModel, options: SolveOptions): LP {
  const names = model.variables.map((_, index) => `x${index}`);
  const range = (index: number) => {
    const { lower, upper } = model.variables[index]!;
    const fixed = options.fixed?.get(index);
    return bounds(glpk, fixed ?? lower, fixed ?? upper);
  };
  const isFree = (index: number) => model.variables[index]!.binary && !options.relaxed && !options.fixed?.has(index);
  return {
    name: "plan",
    objective: {
      direction: glpk.GLP_MIN,
      name: "cost",
      vars: model.variables.map((variable, index) => ({ name: names[index]!, coef: variable.cost })),
    },
    subjectTo: model.rows.map((row, index) => ({
      name: `r${index}`,
      vars: row.terms.map((term) => ({ name: names[term.variable]!, coef: term.coefficient })),
      bnds: bounds(glpk, row.lower, row.upper),
    })),
    bounds: names.map((name, index) => ({ name, ...range(index) })),
    binaries: names.filter((_, index) => isFree(index)),
  };
}

function solveWith(glpk: GLPK, model: LinearModel, options: SolveOptions): Solution {
  // GLPK answers "optimal" on NaN.
  if (firstUnsoundNumber(model) !== undefined) return NOTHING;
  const tmlim = Math.max(LEAST_LIMIT_MS, options.limitMs) / 1000;
  const { result, time } = glpk.solve(problem(glpk, model, options), {
    msglev: glpk.GLP_MSG_OFF,
    presol: true,
    // Seconds; fractions are honoured.
    tmlim,
    ...(options.relativeGap === undefined ? {} : { mipgap: options.relativeGap }),
  });
  const known = result.status === glpk.GLP_OPT || result.status === glpk.GLP_FEAS;
  const values = model.variables.map((_, index) => result.vars[`x${index}`] ?? Number.NaN);
  if (!known || !Number.isFinite(result.z) || !values.every(Number.isFinite)) return NOTHING;
  // GLPK says "feasible" too where it stopped early because the gap was small enough.
  const withinGap = options.relativeGap !== undefined && !options.relaxed && time < tmlim * 0.95;
  const optimal = result.status === glpk.GLP_OPT || withinGap;
  return { status: optimal ? "optimal" : "feasible", objective: result.z, values };
}

/** Loads GLPK; takes some 50 ms. */
export async function createLinearSolver(): Promise<LinearSolver> {
  const glpk = await loadGlpk();
  return {
    solve(model, options) {
      try {
        return solveWith(glpk, model, options);
      } catch {
        return NOTHING;
      }
    },
  };
}

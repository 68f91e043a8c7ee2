/** A linear model inside GLPK: solved again after a few ranges changed, it goes on from where the last solution ended. */
import type { LinearModel } from "../planner/model/linear-model.ts";
import type { GlpkModule } from "./glpk-module.ts";

/** Kinds of bounds, of variables, and states of a solution, by the manual. */
const FREE = 1;
const LOWER = 2;
const UPPER = 3;
const DOUBLE = 4;
const FIXED = 5;
const BINARY = 3;
export const GLP_FEASIBLE = 2;
export const GLP_OPTIMAL = 5;
/** The basis was lost or led nowhere: bad, singular, ill-conditioned, or the search failed. */
const LOST = new Set([1, 2, 3, 5]);

/** Parameters of the simplex method: where they are in its record, bytes. */
const METHOD_AT = 4;
const RATIO_TEST_AT = 12;
const COST_TOLERANCE_AT = 24;
const OBJECTIVE_LIMIT_AT = 48;
const TIME_LIMIT_AT = 60;
const PRESOLVE_AT = 72;
/** Dual where that works, else primal: a changed range leaves the dual solution as it is. */
const DUAL_THEN_PRIMAL = 2;
/** Long steps: most variables of a plan have both bounds. Takes a third of the time of the textbook's. */
const LONG_STEPS = 0x33;
/** Of equal plans the earlier one differs by a millionth of a EUR: GLPK's own tolerance would not see it. */
const COST_TOLERANCE = 1e-9;
const NO_LIMIT = 2 ** 31 - 1;
const INT_BYTES = 4;
const DOUBLE_BYTES = 8;

function boundsKind(lower: number, upper: number): number {
  if (lower === upper) return FIXED;
  if (lower === Number.NEGATIVE_INFINITY) return upper === Number.POSITIVE_INFINITY ? FREE : UPPER;
  return upper === Number.POSITIVE_INFINITY ? LOWER : DOUBLE;
}

/** Throws where the record's defaults are not where this build has them: writing there would spoil GLPK's memory. */
export function checkParameterPlaces({ call, view }: GlpkModule): void {
  const at = call.get_glp_smcp(NO_LIMIT, 0, NO_LIMIT, 1);
  const record = view();
  const isKnown =
    record.getInt32(at + METHOD_AT, true) === 1 &&
    record.getInt32(at + RATIO_TEST_AT, true) === 0x22 &&
    record.getFloat64(at + COST_TOLERANCE_AT, true) === 1e-7 &&
    record.getFloat64(at + OBJECTIVE_LIMIT_AT, true) === Number.MAX_VALUE &&
    record.getInt32(at + TIME_LIMIT_AT, true) === NO_LIMIT &&
    record.getInt32(at + PRESOLVE_AT, true) === 1;
  call.free(at);
  if (!isKnown) throw new Error("glpk.js is not the build that is known here: parameters of the simplex lie elsewhere");
}

const finite = (value: number) => (Number.isFinite(value) ? value : 0);

export class GlpkProblem {
  readonly #glpk: GlpkModule;
  readonly #model: LinearModel;
  readonly #parameters: number;
  #problem: number;
  #isFresh = true;
  #changed: ReadonlyMap<number, number> = new Map();

  constructor(glpk: GlpkModule, model: LinearModel) {
    this.#glpk = glpk;
    this.#model = model;
    this.#parameters = glpk.call.get_glp_smcp(NO_LIMIT, 0, NO_LIMIT, 1);
    const view = glpk.view();
    view.setInt32(this.#parameters + METHOD_AT, DUAL_THEN_PRIMAL, true);
    view.setInt32(this.#parameters + RATIO_TEST_AT, LONG_STEPS, true);
    view.setFloat64(this.#parameters + COST_TOLERANCE_AT, COST_TOLERANCE, true);
    this.#problem = this.#built();
  }

  /** Gives back its memory; it cannot be used any more. */
  close(): void {
    this.#glpk.call.glp_delete_prob(this.#problem);
    this.#glpk.call.free(this.#parameters);
  }

  /** The ranges of these variables shrink to one value each; all others are the model's. */
  fix(fixed: ReadonlyMap<number, number>): void {
    for (const index of this.#changed.keys()) if (!fixed.has(index)) this.#setRange(index);
    for (const [index, value] of fixed) if (this.#changed.get(index) !== value) this.#setRange(index, value);
    this.#changed = fixed;
  }

  /** Solves without yes-or-no; true where an optimum was found, below `cutoff` if there is one. */
  relax(limitMs: number, cutoff = Number.MAX_VALUE): boolean {
    const code = this.#simplex(limitMs, cutoff);
    if (LOST.has(code)) {
      this.#rebuild();
      this.#simplex(limitMs, cutoff);
    }
    return this.#glpk.call.glp_get_status(this.#problem) === GLP_OPTIMAL;
  }

  /** Branches on the yes-or-no that are not fixed; GLPK's state of what it found. */
  branch(limitMs: number, relativeGap: number): number {
    const { call } = this.#glpk;
    for (const [index, variable] of this.#model.variables.entries())
      if (variable.binary && !this.#changed.has(index)) call.glp_set_col_kind(this.#problem, index + 1, BINARY);
    call.solve_mip(this.#problem, 0, limitMs, 1, relativeGap);
    return call.glp_mip_status(this.#problem);
  }

  get objective(): number {
    return this.#glpk.call.glp_get_obj_val(this.#problem);
  }

  get wholeObjective(): number {
    return this.#glpk.call.glp_mip_obj_val(this.#problem);
  }

  /** Of the last relaxed solution, by index of the model's variables. */
  values(): number[] {
    const { glp_get_col_prim } = this.#glpk.call;
    return this.#model.variables.map((_, index) => glp_get_col_prim(this.#problem, index + 1));
  }

  /** Of the last whole solution. */
  wholeValues(): number[] {
    const { glp_mip_col_val } = this.#glpk.call;
    return this.#model.variables.map((_, index) => glp_mip_col_val(this.#problem, index + 1));
  }

  /** What a unit more of each variable costs beside the last relaxed solution. */
  reducedCosts(): Float64Array {
    const { variables, rows } = this.#model;
    const { glp_get_row_dual } = this.#glpk.call;
    const costs = Float64Array.from(variables, ({ cost }) => cost);
    for (const [index, { terms }] of rows.entries()) {
      const dual = glp_get_row_dual(this.#problem, index + 1);
      if (dual !== 0) for (const { variable, coefficient } of terms) costs[variable]! -= dual * coefficient;
    }
    return costs;
  }

  #simplex(limitMs: number, cutoff: number): number {
    const view = this.#glpk.view();
    view.setInt32(this.#parameters + TIME_LIMIT_AT, Math.min(NO_LIMIT, Math.ceil(limitMs)), true);
    // Presolving pays the first time only: it forgets the solution before.
    view.setInt32(this.#parameters + PRESOLVE_AT, this.#isFresh ? 1 : 0, true);
    view.setFloat64(this.#parameters + OBJECTIVE_LIMIT_AT, this.#isFresh ? Number.MAX_VALUE : cutoff, true);
    this.#isFresh = false;
    return this.#glpk.call.glp_simplex(this.#problem, this.#parameters);
  }

  #setRange(index: number, value?: number): void {
    const variable = this.#model.variables[index]!;
    const { lower, upper } = value === undefined ? variable : { lower: value, upper: value };
    this.#glpk.call.glp_set_col_bnds(this.#problem, index + 1, boundsKind(lower, upper), finite(lower), finite(upper));
  }

  #rebuild(): void {
    this.#glpk.call.glp_delete_prob(this.#problem);
    this.#problem = this.#built();
    this.#isFresh = true;
    for (const [index, value] of this.#changed) this.#setRange(index, value);
  }

  #built(): number {
    const { call } = this.#glpk;
    const { variables, rows } = this.#model;
    const problem = call.glp_create_prob();
    this.#problem = problem;
    if (variables.length > 0) call.glp_add_cols(problem, variables.length);
    if (rows.length > 0) call.glp_add_rows(problem, rows.length);
    for (const [index, { cost }] of variables.entries()) {
      this.#setRange(index);
      if (cost !== 0) call.glp_set_obj_coef(problem, index + 1, cost);
    }
    for (const [index, { lower, upper }] of rows.entries())
      call.glp_set_row_bnds(problem, index + 1, boundsKind(lower, upper), finite(lower), finite(upper));
    this.#loadTerms(problem);
    return problem;
  }

  #loadTerms(problem: number): void {
    const { call } = this.#glpk;
    const { rows } = this.#model;
    const count = rows.reduce((sum, { terms }) => sum + terms.length, 0);
    const rowAt = call.malloc(INT_BYTES * (count + 1));
    const columnAt = call.malloc(INT_BYTES * (count + 1));
    const valueAt = call.malloc(DOUBLE_BYTES * (count + 1));
    const view = this.#glpk.view();
    let at = 0;
    for (const [index, { terms }] of rows.entries())
      for (const { variable, coefficient } of terms) {
        at++;
        view.setInt32(rowAt + INT_BYTES * at, index + 1, true);
        view.setInt32(columnAt + INT_BYTES * at, variable + 1, true);
        view.setFloat64(valueAt + DOUBLE_BYTES * at, coefficient, true);
      }
    call.glp_load_matrix(problem, count, rowAt, columnAt, valueAt);
    for (const pointer of [rowAt, columnAt, valueAt]) call.free(pointer);
  }
}

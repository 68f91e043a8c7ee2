/** HiGHS (WASM) behind the same port as GLPK: what the default is measured against. */
import loadHighs from "highs";
import type { LinearModel } from "../../src/planner/model/linear-model.ts";
import type { LinearSolver, Solution, SolveOptions } from "../../src/solver/glpk.ts";
import { lpText } from "./lp-text.ts";

const NOTHING: Solution = { status: "none", objective: Number.NaN, values: [] };

/** The model with yes-or-no fixed, or anything in between. */
function prepared(model: LinearModel, { fixed, relaxed }: SolveOptions): LinearModel {
  const variables = model.variables.map((variable, index) => {
    const value = fixed?.get(index);
    if (value !== undefined) return { ...variable, lower: value, upper: value, binary: false };
    return relaxed ? { ...variable, binary: false } : variable;
  });
  return { ...model, variables };
}

/** HiGHS as a linear solver; an answer at the limit of time is `feasible`. */
export async function createHighsSolver(): Promise<Pick<LinearSolver, "solve">> {
  // Its types are written for CommonJS, where the loader is a field of the module.
  const highs = await (loadHighs as unknown as typeof loadHighs.default)();
  return {
    solve(model, options) {
      const answer = highs.solve(lpText(prepared(model, options)), {
        time_limit: Math.max(20, options.limitMs) / 1000,
        output_flag: false,
        ...(options.relativeGap === undefined ? {} : { mip_rel_gap: options.relativeGap }),
      });
      if (answer.Status !== "Optimal" && answer.Status !== "Time limit reached") return NOTHING;
      const columns = answer.Columns as Record<string, { readonly Primal?: number }>;
      const values = model.variables.map(({ name }) => columns[name]?.Primal ?? Number.NaN);
      if (!values.every(Number.isFinite)) return NOTHING;
      return { status: answer.Status === "Optimal" ? "optimal" : "feasible", objective: answer.ObjectiveValue, values };
    },
  };
}

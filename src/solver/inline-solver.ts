/** The solver port in the thread that asks. */
import type { Solver } from "../core/ports.ts";
import { createLinearSolver, type LinearSolver } from "./glpk.ts";
import { solvePlan } from "./plan-solver.ts";

/**
 * A solver without a thread, for virtual time: equal inputs give equal results, `solveMs` is 0. GLPK's own limit of time
 * still holds.
 */
export function createInlineSolver(): Solver {
  let linear: Promise<LinearSolver> | undefined;
  return {
    async solve(input, deadlineMs) {
      linear ??= createLinearSolver();
      return solvePlan(input, deadlineMs, { linear: await linear, nowMs: () => 0 });
    },
    close: () => Promise.resolve(),
  };
}

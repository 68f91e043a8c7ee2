/** The thread that solves plans, one at a time. */
import { flushCompileCache } from "node:module";
import { parentPort } from "node:worker_threads";
import type { PlanInput } from "../core/facts/plan-facts.ts";
import { createLinearSolver } from "./glpk.ts";
import { solvePlan } from "./plan-solver.ts";

const linear = await createLinearSolver();
// The next start reads this program compiled, also when this one ends at a power cut.
flushCompileCache();

parentPort?.on("message", (job: { readonly id: number; readonly input: PlanInput; readonly deadlineMs: number }) => {
  const result = solvePlan(job.input, job.deadlineMs, { linear, nowMs: () => performance.now() });
  parentPort?.postMessage({ id: job.id, result });
});

import { describe, expect, it } from "vitest";
import { hasGlpsol, solveWithGlpsol } from "../../test/bench/native-glpsol.ts";
import type { Log } from "../core/ports.ts";
import { planModel } from "../planner/model/model.ts";
import { planEvse, planInput, seededInput } from "../planner/plan-input.test-kit.ts";
import { createLinearSolver } from "./glpk.ts";
import { createInlineSolver } from "./inline-solver.ts";
import { createSolver } from "./solver.ts";

const log: Log = { debug() {}, info() {}, warn() {}, error() {} };

describe("the planning thread", () => {
  it("solves as the inline solver does", async () => {
    const solver = createSolver({ log });
    const input = planInput({ evses: [planEvse()] });
    const [threaded, inline] = await Promise.all([solver.solve(input, 5000), createInlineSolver().solve(input, 5000)]);
    expect({ ...threaded, solveMs: 0 }).toEqual(inline);
    expect(threaded.status).toBe("optimal");
    await solver.close();
  });

  it("answers every question, and of those waiting solves only the last", async () => {
    const solver = createSolver({ log });
    const input = planInput({ evses: [planEvse()] });
    const plans = await Promise.all([1, 2, 3].map(() => solver.solve(input, 5000)));
    expect(plans.map((plan) => plan.status)).toEqual(["optimal", "rule-based", "optimal"]);
    expect(plans[1]?.detail).toBe("A newer plan was asked for");
    await solver.close();
  });

  it("is replaced when it does not answer: the plan is made by rules", async () => {
    const silent = new URL("data:text/javascript,setInterval(() => {}, 1000)");
    const solver = createSolver({ log, workerUrl: silent, graceMs: 10 });
    const plan = await solver.solve(planInput({ evses: [planEvse()] }), 20);
    expect(plan).toMatchObject({ status: "rule-based", detail: "No plan within 20 ms" });
    await solver.close();
  });

  it("makes the plan by rules when the thread dies", async () => {
    const dying = new URL("data:text/javascript,throw new Error('broken')");
    const solver = createSolver({ log, workerUrl: dying });
    const plan = await solver.solve(planInput({ evses: [planEvse()] }), 5000);
    expect(plan.status).toBe("rule-based");
    expect(plan.detail).toContain("broken");
    await solver.close();
  });
});

// Needs `apt-get install glpk-utils`.
describe.skipIf(!hasGlpsol())("beside native GLPK (skipped where glpsol is not installed)", () => {
  it.each([10, 50, 100])("the optimum of the linear model of %i EVSEs is the same", async (evses) => {
    const { model } = planModel(seededInput(1, evses));
    const linear = await createLinearSolver();
    const ours = linear.solve(model, { relaxed: true, limitMs: 10_000 });
    const native = solveWithGlpsol(model, { relaxed: true, relativeGap: 0 });
    expect(ours.status).toBe("optimal");
    expect(Math.abs(ours.objective - native!.objective)).toBeLessThan(1e-5 * Math.abs(native!.objective));
  });
});

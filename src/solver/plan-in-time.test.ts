/** Plans of a machine that has little time, and of one that has enough beside simple rules. */
import { describe, expect, it } from "vitest";
import fc from "../../test/fast-check.ts";
import type { PlanInput, PlanResult } from "../core/facts/plan-facts.ts";
import { seededInput } from "../planner/plan-input.test-kit.ts";
import { ruleBasedPlan } from "../planner/rules/rules.ts";
import { verifyPlan } from "../planner/verify/verify.ts";
import type { LinearSolver } from "./glpk.ts";
import { exportPaysMore, linear, missedEur, soundPlan } from "./plan.test-kit.ts";
import { solvePlan } from "./plan-solver.ts";

/** A site without wishes beside energy and money, which rules and solver can be compared by. */
function plainSite(seed: number): PlanInput {
  const input = seededInput(seed, 8);
  const tight = 20 + (seed % 40);
  return {
    ...input,
    circuits: input.circuits.map((circuit) => ({ ...circuit, limitA: Math.min(circuit.limitA, tight) })),
    exportEurPerKwh: input.exportEurPerKwh.map((price, slot) => Math.min(price, input.importEurPerKwh[slot]!)),
    evses: input.evses.map((evse) => ({ ...evse, preference: "cheap", chargingNow: false })),
    batteries: [],
    opportunityEurPerHour: 0,
  };
}

describe("any plain site", () => {
  it("is planned no worse than by rules: first missing energy, then money", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1e6 }), (seed) => {
        const input = plainSite(seed);
        const worthEur = (plan: PlanResult) => plan.costEur + missedEur(plan, input);
        const [solved, byRules] = [worthEur(soundPlan(input)), worthEur(ruleBasedPlan(input, ""))];
        // A thousandth for the gap, and whole watt-hours of missing energy.
        expect(solved).toBeLessThanOrEqual(byRules + 0.001 * Math.abs(byRules) + 0.3);
      }),
      { numRuns: 25, seed: 11 },
    );
  });
});

describe("on a machine that solves ten models in its time", () => {
  const MODEL_MS = 100;
  /** Each model takes its time. */
  function slowly(input: PlanInput): PlanResult {
    let nowMs = 0;
    const open: LinearSolver["open"] = (model) => {
      const opened = linear.open(model);
      return {
        ...opened,
        relax: (options) => {
          nowMs += MODEL_MS;
          return opened.relax(options);
        },
      };
    };
    return solvePlan(input, 4_000, { linear: { open }, nowMs: () => nowMs });
  }

  it("the plan is rounded, holds every limit, and says how far from the bound it may be", () => {
    for (let seed = 1; seed <= 12; seed++) {
      const input = plainSite(seed * 7919);
      const plan = slowly(input);
      expect(verifyPlan(input, plan)).toEqual([]);
      expect(plan.status).not.toBe("rule-based");
      if (plan.status === "feasible") expect(plan.detail).toContain("Not proven to be the best");
      expect(plan.gap).toBeGreaterThanOrEqual(0);
      if (plan.status === "optimal") expect(plan.gap).toBeLessThanOrEqual(0.001);
    }
  });

  it("no car is left short by rounding while there is room for it", () => {
    // Ten cars behind 37 A, where rounding alone left one short for whom there was room.
    for (const seed of [90, 103, 118]) {
      const site = seededInput(seed, 10);
      const circuits = site.circuits.map((circuit) => ({ ...circuit, limitA: Math.min(circuit.limitA, 37) }));
      const plan = slowly({ ...site, circuits });
      expect(plan.status).not.toBe("rule-based");
      expect(plan.gap).toBeLessThan(0.2);
    }
  });

  it("rounds where exporting pays more than importing costs, too", () => {
    const input = exportPaysMore();
    const plan = slowly(input);
    expect(verifyPlan(input, plan)).toEqual([]);
    expect(plan.status).not.toBe("rule-based");
  });
});

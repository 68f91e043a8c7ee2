import { describe, expect, it } from "vitest";
import fc from "../../test/fast-check.ts";
import type { PlanInput } from "../core/facts/plan-facts.ts";
import { SLOT_MS } from "../core/time/slots.ts";
import { planModel } from "../planner/model/model.ts";
import { planEvse, seededInput } from "../planner/plan-input.test-kit.ts";
import { verifyPlan } from "../planner/verify/verify.ts";
import { linear, missedEur } from "./plan.test-kit.ts";
import { solvePlan } from "./plan-solver.ts";

const seeds = fc.integer({ min: 1, max: 1e6 });
const RUNS = Number(process.env.PLAN_RUNS ?? 12);

/** A tight site whose plans differ by money and missing energy alone. */
function tightSite(seed: number, evses = 5): PlanInput {
  const site = seededInput(seed, evses);
  const limitA = 24 + (seed % 40);
  return {
    ...site,
    circuits: site.circuits.map((circuit) => ({ ...circuit, limitA: Math.min(circuit.limitA, limitA) })),
    evses: site.evses.map((evse) => ({ ...evse, preference: "cheap", chargingNow: false, priority: 5 })),
    opportunityEurPerHour: 0,
  };
}

/** The proven optimum of the relaxed model, EUR, by the weights of `reference`: what can be compared exactly. */
function optimumEur(input: PlanInput): number {
  const solution = linear.solve(planModel(input).model, { relaxed: true, limitMs: 20_000 });
  expect(solution.status).toBe("optimal");
  return solution.objective;
}

function neverDearer(change: (input: PlanInput) => PlanInput): void {
  fc.assert(
    fc.property(seeds, (seed) => {
      const input = tightSite(seed);
      const before = optimumEur(input);
      expect(optimumEur(change(input))).toBeLessThanOrEqual(before + 1e-4 * Math.max(1, Math.abs(before)));
    }),
    { numRuns: RUNS, seed: 3 },
  );
}

describe("whatever the site", () => {
  it("more fuse never costs more", () => {
    neverDearer((input) => ({
      ...input,
      circuits: input.circuits.map((circuit) => ({ ...circuit, limitA: circuit.limitA + 7 })),
    }));
  });

  it("a later departure never costs more", () => {
    neverDearer((input) => ({
      ...input,
      evses: input.evses.map((evse, index) =>
        index === 0 ? { ...evse, departureMs: evse.departureMs + 9 * SLOT_MS } : evse,
      ),
    }));
  });

  it("more sun, or a battery, never costs more", () => {
    neverDearer((input) => ({ ...input, pvW: input.pvW.map((powerW) => powerW + 500) }));
    fc.assert(
      fc.property(seeds, (seed) => {
        const input = tightSite(seed);
        const [battery] = input.batteries;
        // What is in the battery at the start is worth something at the end in both cases.
        const useless = { ...battery!, maxChargeW: 0, maxDischargeW: 0 };
        const without = optimumEur({ ...input, batteries: [useless] });
        expect(optimumEur(input)).toBeLessThanOrEqual(without + 1e-4 * Math.max(1, Math.abs(without)));
      }),
      { numRuns: RUNS, seed: 3 },
    );
  });

  it("a car more is planned too, by a plan that holds every limit", () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const input = tightSite(seed);
        const departureMs = input.startMs + (1 + (seed % 60)) * SLOT_MS;
        const another = planEvse({ evseId: "another", transactionId: 99, energyNeededWh: 90_000, departureMs });
        const more = { ...input, evses: [...input.evses, another] };
        const plan = solvePlan(more, 4_000, { linear, nowMs: () => 0 });
        expect(verifyPlan(more, plan)).toEqual([]);
        expect(plan.status).not.toBe("rule-based");
        expect(plan.evses).toHaveLength(more.evses.length);
      }),
      { numRuns: RUNS, seed: 3 },
    );
  });

  it("sun that nobody can hold back costs no plan: it is used, or exported as far as that is allowed", () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const site = tightSite(seed, 3);
        const exportEurPerKwh = site.importEurPerKwh.map((price, slot) => price - 0.3 + 0.01 * (slot % 5));
        const sunny = { ...site, pvW: site.pvW.map((powerW) => 3 * powerW), exportEurPerKwh };
        const input = { ...sunny, sunFixedPart: (seed % 4) / 3, ...(seed % 2 ? { exportLimitW: 4000 } : {}) };
        const plan = solvePlan(input, 4_000, { linear, nowMs: () => 0 });
        expect(verifyPlan(input, plan)).toEqual([]);
        expect(plan.status).not.toBe("rule-based");
        // Who can hold back more never pays more.
        expect(optimumEur(sunny)).toBeLessThanOrEqual(optimumEur({ ...sunny, sunFixedPart: 1 }) + 1e-4);
      }),
      { numRuns: RUNS, seed: 3 },
    );
  });

  it("no car pays for another's price: with dearer energy nobody misses more", () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const input = tightSite(seed, 4);
        const missed = (prices: PlanInput) => {
          const plan = solvePlan(prices, 4_000, { linear, nowMs: () => 0 });
          expect(verifyPlan(prices, plan)).toEqual([]);
          return missedEur(plan, input);
        };
        const dear = { ...input, importEurPerKwh: input.importEurPerKwh.map((price) => price + 0.5) };
        const [usual, more] = [missed(input), missed(dear)];
        expect(Math.abs(more - usual)).toBeLessThanOrEqual(0.02 * Math.max(10, usual));
      }),
      { numRuns: Math.ceil(RUNS / 2), seed: 3 },
    );
  });
});

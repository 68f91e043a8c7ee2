/** What no plan can fulfil, and what is no number: there is a plan all the same, or word that there is none. */

import { describe, expect, it } from "vitest";
import fc from "../../test/fast-check.ts";
import type { PlanInput } from "../core/facts/plan-facts.ts";
import { firstUnsoundInput } from "../planner/input/limits.ts";
import { planBattery, planEvse, planInput, START_MS, seededInput } from "../planner/plan-input.test-kit.ts";
import { verifyPlan } from "../planner/verify/verify.ts";
import type { LinearSolver } from "./glpk.ts";
import { linear, solve } from "./plan.test-kit.ts";

const each = (value: number) => new Array<number>(8).fill(value);

describe("what cannot be fulfilled", () => {
  const car = planEvse();
  const impossible: readonly (readonly [string, Partial<PlanInput>])[] = [
    ["an import limit below what the building draws", { importLimitW: 1_000, buildingW: each(9_000) }],
    ["no import at all, and nothing to draw from", { importLimitW: 0, buildingW: each(500) }],
    [
      "sun that nobody can hold back, and that must not be exported",
      { exportLimitW: 0, pvW: each(9_000), sunFixedPart: 1 },
    ],
    ["a fuse of nothing", { circuits: [{ circuitId: "grid", limitA: 0 }] }],
    [
      "a circuit that is loaded beyond its limit by what hangs on it",
      { circuits: [{ circuitId: "grid", limitA: 16, loadW: [each(9_000), each(9_000), each(9_000)] }] },
    ],
    [
      "a budget of nothing for a car that must not pause",
      { budgetW: each(0), evses: [planEvse({ mayPause: false, chargingNow: true })] },
    ],
    ["a car whose least power is above its most", { evses: [planEvse({ minPowerW: 11_040, maxPowerW: 4_140 })] }],
    [
      "a car that should have left, and needs a day",
      { evses: [planEvse({ departureMs: START_MS - 3_600_000, energyNeededWh: 240_000 })] },
    ],
    ["a car below whose least power its partner's profiles stay", { evses: [planEvse({ ceilingW: each(1_000) })] }],
    [
      "a battery below its least energy that cannot charge",
      { batteries: [planBattery({ energyWh: 0, minEnergyWh: 5_000, maxChargeW: 0 })] },
    ],
    ["a battery above its capacity", { batteries: [planBattery({ energyWh: 20_000 })] }],
    [
      "a difference of phases of nothing for a car on one",
      { unbalanceLimitA: 0, evses: [planEvse({ phases: [0], minPowerW: 1_380, maxPowerW: 3_680 })] },
    ],
    [
      "a car that must bring back what it cannot",
      {
        evses: [
          planEvse({
            energyNeededWh: 0,
            departureMs: START_MS,
            discharge: { maxPowerW: 9_000, efficiency: 0.9, wearEurPerKwh: 0, belowWh: 9_000, aboveWh: 0 },
          }),
        ],
      },
    ],
  ];

  it.each(impossible)("leaves a plan in which the cars get what is left: %s", (_, part) => {
    const input = planInput({ evses: [car], ...part });
    const plan = solve(input);
    expect(verifyPlan(input, plan)).toEqual([]);
    expect(plan.evses).toHaveLength(1);
    expect(plan.status === "rule-based" ? plan.detail : "solved").not.toBe("");
  });

  it("is planned together, too: of several impossible wishes at once there is a plan that holds what can be held", () => {
    fc.assert(
      fc.property(fc.subarray([...impossible], { minLength: 2, maxLength: 4 }), (chosen) => {
        const input = planInput(Object.assign({ evses: [car] }, ...chosen.map(([, part]) => part)));
        expect(verifyPlan(input, solve(input))).toEqual([]);
      }),
      { numRuns: 60, seed: 5 },
    );
  });

  it("is planned by rules where the solver finds the model without any solution, and the plan says so", () => {
    const nothing = { status: "none", objective: Number.NaN, values: [] } as const;
    const without: LinearSolver = {
      ...linear,
      open: () => ({ relax: () => nothing, reducedCosts: () => [], close() {} }),
    };
    const input = seededInput(3, 4);
    const plan = solve(input, without);
    expect(plan).toMatchObject({ status: "rule-based", detail: expect.stringContaining("has no solution") });
    expect(verifyPlan(input, plan)).toEqual([]);
    expect(plan.evses).toHaveLength(4);
  });
});

/** Paths of all numbers in a value, as lists of keys. */
function numbersIn(value: unknown, path: readonly string[] = []): (readonly string[])[] {
  if (typeof value === "number") return [path];
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, entry]) => numbersIn(entry, [...path, key]));
}

describe("a number that is none", () => {
  const rich: PlanInput = {
    ...planInput({ importLimitW: 40_000, exportLimitW: 9_000, unbalanceLimitA: 20, budgetW: each(20_000) }),
    batteries: [planBattery()],
    evses: [
      planEvse({ ceilingW: each(8_000), leftBy: each(0.1) }),
      planEvse({
        evseId: "evse-2",
        transactionId: 2,
        discharge: { maxPowerW: 9_000, efficiency: 0.9, wearEurPerKwh: 0.1, belowWh: 2_000, aboveWh: 9_000 },
      }),
    ],
  };

  it("anywhere in the input, of whatever kind, makes no plan that could be followed, and says which it is", () => {
    expect(solve(rich).status).not.toBe("rule-based");
    const paths = numbersIn(rich);
    expect(paths.length).toBeGreaterThan(80);
    for (const path of paths)
      for (const none of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
        const input = structuredClone(rich);
        const last = path.at(-1)!;
        const place = path.slice(0, -1).reduce<unknown>((value, key) => (value as Record<string, unknown>)[key], input);
        (place as Record<string, number>)[last] = none;
        const plan = solve(input);
        expect(plan).toMatchObject({ status: "rule-based", evses: [], batteries: [] });
        expect(plan.detail).toContain(/^\d+$/.test(last) ? `[${last}]` : last);
        expect(firstUnsoundInput(plan)).toBeUndefined();
      }
  });
});

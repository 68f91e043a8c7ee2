import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import type { PlanInput, PlanResult } from "../core/facts/plan-facts.ts";
import { SLOT_MS } from "../core/slots.ts";
import { planBattery, planEvse, planInput, START_MS, seededInput } from "../planner/plan-input.test-kit.ts";
import { ruleBasedPlan } from "../planner/rules.ts";
import { verifyPlan } from "../planner/verify.ts";
import { planWeights, shortfallEur } from "../planner/weights.ts";
import { createLinearSolver, type LinearSolver } from "./glpk.ts";
import { solvePlan } from "./plan-solver.ts";

let linear: LinearSolver;
beforeAll(async () => {
  linear = await createLinearSolver();
});

function solve(input: PlanInput): PlanResult {
  const plan = solvePlan(input, 4_000, { linear, nowMs: () => 0, repeatable: true });
  expect(verifyPlan(input, plan)).toEqual([]);
  return plan;
}

const halfHour = { circuits: [{ circuitId: "grid", limitA: 16 }] };
const powerOf = (plan: PlanResult, evseId: string) => plan.evses.find((evse) => evse.evseId === evseId)?.powerW;

describe("when cars compete for the fuse", () => {
  it("a driver in a hurry who stays all day does not make another miss the departure", () => {
    const importEurPerKwh = Array.from({ length: 96 }, (_, slot) => (slot < 48 ? 0.6 : -0.1));
    const hurry = planEvse({
      evseId: "hurry",
      preference: "fast",
      energyNeededWh: 60_000,
      departureMs: START_MS + 90 * SLOT_MS,
    });
    const leaves = planEvse({ evseId: "leaves", transactionId: 2, energyNeededWh: 22_080 });
    const exportEurPerKwh = importEurPerKwh.map(() => 0.05);
    const plan = solve(planInput({ ...halfHour, slots: 96, importEurPerKwh, exportEurPerKwh, evses: [hurry, leaves] }));
    expect(plan.evses.map((evse) => evse.shortfallWh)).toEqual([0, 0]);
    // And is served before any price as soon as there is room.
    expect(powerOf(plan, "hurry")?.slice(8, 12)).toEqual([11040, 11040, 11040, 11040]);
  });

  it("equal needs miss equal parts", () => {
    const evses = [1, 2].map((id) => planEvse({ evseId: `evse-${id}`, transactionId: id, energyNeededWh: 22_080 }));
    const plan = solve(planInput({ ...halfHour, evses }));
    expect(plan.evses.map((evse) => evse.shortfallWh)).toEqual([11_040, 11_040]);
  });

  it("a one-phase car gets its part beside three-phase cars on the same phase", () => {
    const small = planEvse({
      evseId: "small",
      phases: [0],
      minPowerW: 1380,
      maxPowerW: 3680,
      energyNeededWh: 7360,
      transactionId: 2,
    });
    const plan = solve(planInput({ ...halfHour, evses: [planEvse({ energyNeededWh: 22_080 }), small] }));
    const parts = plan.evses.map((evse, index) => evse.shortfallWh / [22_080, 7360][index]!);
    expect(Math.min(...parts)).toBeGreaterThan(0);
    expect(Math.max(...parts)).toBeLessThanOrEqual(0.75);
  });

  it("the one of higher priority misses less", () => {
    const evses = [9, 1].map((priority) =>
      planEvse({ evseId: `evse-${priority}`, transactionId: priority, energyNeededWh: 22_080, priority }),
    );
    const [high, low] = solve(planInput({ ...halfHour, evses })).evses;
    expect(high?.shortfallWh).toBeLessThan(low?.shortfallWh ?? 0);
    expect((high?.shortfallWh ?? 0) + (low?.shortfallWh ?? 0)).toBe(22_080);
  });
});

describe("what a plan weighs", () => {
  it("an occupied EVSE that costs more than the cheap hour saves is freed early", () => {
    const importEurPerKwh = [0.3, 0.3, 0.3, 0.3, 0.3, 0.25, 0.25, 0.25];
    const evses = [planEvse({ energyNeededWh: 5520 })];
    const patient = solve(planInput({ importEurPerKwh, evses }));
    expect(patient.evses[0]?.powerW).toEqual([0, 0, 0, 0, 0, 11040, 11040, 0]);
    const dearPlace = solve(planInput({ importEurPerKwh, evses, opportunityEurPerHour: 2 }));
    expect(dearPlace.evses[0]?.powerW).toEqual([11040, 11040, 0, 0, 0, 0, 0, 0]);
  });

  it("of equal prices the earlier quarter-hours, and a car that charges goes on", () => {
    const waiting = planEvse({ energyNeededWh: 2760 });
    const charging = planEvse({ evseId: "evse-2", transactionId: 2, energyNeededWh: 2760, chargingNow: true });
    const plan = solve(planInput({ ...halfHour, evses: [waiting, charging] }));
    expect(powerOf(plan, "evse-2")).toEqual([11040, 0, 0, 0, 0, 0, 0, 0]);
    expect(powerOf(plan, "evse-1")).toEqual([0, 11040, 0, 0, 0, 0, 0, 0]);
  });

  it("a car that must not pause is never switched off before it is full", () => {
    const importEurPerKwh = [0.4, 0.1, 0.4, 0.1, 0.4, 0.1, 0.4, 0.1];
    const evses = [planEvse({ mayPause: false, energyNeededWh: 4 * 1035 + 100 })];
    const power = solve(planInput({ importEurPerKwh, evses, binarySlots: 8 })).evses[0]?.powerW ?? [];
    const running = power.findLastIndex((powerW) => powerW > 0);
    expect(power.slice(0, running + 1).every((powerW) => powerW >= 4140)).toBe(true);
  });

  it("being paid for taking energy: the car takes it then, and the sun stays unused", () => {
    const importEurPerKwh = [0.3, 0.3, -0.2, -0.2, 0.3, 0.3, 0.3, 0.3];
    const pvW = new Array<number>(8).fill(2000);
    const exportEurPerKwh = importEurPerKwh.map((price) => Math.min(0, price));
    const input = planInput({ importEurPerKwh, exportEurPerKwh, pvW, evses: [planEvse({ energyNeededWh: 5520 })] });
    const plan = solve(input);
    expect(plan.evses[0]?.powerW).toEqual([0, 0, 11040, 11040, 0, 0, 0, 0]);
    expect(plan.pvUsedW.slice(2, 4)).toEqual([0, 0]);
    expect(plan.costEur).toBeCloseTo(-5.52 * 0.2, 6);
    expect(plan.exportW.slice(2, 4)).toEqual([0, 0]);
  });

  it("a battery carries a cheap kWh to a dear hour where that beats its losses and wear, and rests where not", () => {
    const battery = planBattery({ energyWh: 1000, minEnergyWh: 1000, endValueEurPerKwh: 0, wearEurPerKwh: 0.03 });
    const buildingW = [0, 0, 0, 0, 2000, 2000, 2000, 2000];
    const at = (dearEurPerKwh: number) => [0.1, 0.1, 0.1, 0.1, ...new Array<number>(4).fill(dearEurPerKwh)];
    const shift = solve(planInput({ importEurPerKwh: at(0.3), buildingW, batteries: [battery] }));
    // 2 kWh are given, 2 / 0.95² kWh were taken; each kWh in and each kWh out wears for 1.5 ct.
    const boughtKwh = 2 / 0.95 ** 2;
    expect(Math.max(...shift.importW.slice(4))).toBeLessThanOrEqual(1);
    expect(shift.costEur).toBeCloseTo(boughtKwh * (0.1 + 0.015) + 2 * 0.015, 3);
    const rest = solve(planInput({ importEurPerKwh: at(0.13), buildingW, batteries: [battery] }));
    expect(rest.batteries[0]?.powerW).toEqual(new Array(8).fill(0));
  });

  it("export that is limited or costs money is not exported", () => {
    const pvW = new Array<number>(8).fill(9000);
    const limited = solve(planInput({ pvW, exportLimitW: 3000 }));
    expect(limited.exportW).toEqual(new Array(8).fill(3000));
    const paid = solve(planInput({ pvW, exportEurPerKwh: new Array(8).fill(-0.01) }));
    expect(paid.exportW).toEqual(new Array(8).fill(0));
  });
});

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
        const weights = planWeights(input);
        const worthEur = (plan: PlanResult) =>
          plan.costEur +
          input.evses.reduce((sum, evse, i) => sum + shortfallEur(evse, plan.evses[i]!.shortfallWh, weights), 0);
        const [solved, byRules] = [worthEur(solve(input)), worthEur(ruleBasedPlan(input, ""))];
        // A thousandth for the gap, and whole watt-hours of missing energy.
        expect(solved).toBeLessThanOrEqual(byRules + 0.001 * Math.abs(byRules) + 0.3);
      }),
      { numRuns: 25, seed: 11 },
    );
  });
});

describe("when branching finds nothing in its time", () => {
  const withoutBranching: LinearSolver = {
    solve: (model, options) =>
      options.relaxed ? linear.solve(model, options) : { status: "none", objective: Number.NaN, values: [] },
  };

  it("the plan is rounded, holds every limit, and says how far from the bound it may be", () => {
    for (let seed = 1; seed <= 12; seed++) {
      const input = plainSite(seed * 7919);
      const plan = solvePlan(input, 4_000, { linear: withoutBranching, nowMs: () => 0 });
      expect(verifyPlan(input, plan)).toEqual([]);
      expect(plan.status).not.toBe("rule-based");
      if (plan.status === "feasible") expect(plan.detail).toContain("Rounded");
      expect(plan.gap).toBeGreaterThanOrEqual(0);
      if (plan.status === "optimal") expect(plan.gap).toBeLessThanOrEqual(0.001);
    }
  });

  it("rounds where exporting pays more than importing costs, too", () => {
    const input = planInput({
      importEurPerKwh: new Array(8).fill(0.05),
      exportEurPerKwh: new Array(8).fill(0.3),
      pvW: new Array(8).fill(5000),
      batteries: [planBattery()],
      evses: [planEvse()],
    });
    const plan = solvePlan(input, 4_000, { linear: withoutBranching, nowMs: () => 0 });
    expect(verifyPlan(input, plan)).toEqual([]);
    expect(plan.status).not.toBe("rule-based");
  });
});

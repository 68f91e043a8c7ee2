import { describe, expect, it } from "vitest";
import fc from "../../test/fast-check.ts";
import type { PlanInput } from "../core/facts/plan-facts.ts";
import { SLOT_MS } from "../core/time/slots.ts";
import { planModel } from "../planner/model/model.ts";
import { planEvse, planInput, START_MS, seededInput } from "../planner/plan-input.test-kit.ts";
import { ruleBasedPlan } from "../planner/rules/rules.ts";
import { verifyPlan } from "../planner/verify/verify.ts";
import { branched } from "./branch.ts";
import { dived, fixSlot } from "./dive.ts";
import { gapOf, scaleEur } from "./gap.ts";
import { agreed } from "./near.ts";
import { exportPaysMore, linear, solve } from "./plan.test-kit.ts";

describe("a solved plan", () => {
  it("charges in the cheapest quarter-hours before departure", () => {
    const importEurPerKwh = [0.4, 0.4, 0.1, 0.1, 0.1, 0.1, 0.4, 0.4];
    const plan = solve(planInput({ importEurPerKwh, evses: [planEvse()] }));
    expect(plan.status).toBe("optimal");
    expect(plan.evses[0]).toMatchObject({ powerW: [0, 0, 11040, 11040, 11040, 11040, 0, 0], shortfallWh: 0 });
    expect(plan.costEur).toBeCloseTo(1.104, 6);
  });

  it("charges to the minute of the departure, gives nothing after it and names what is missing", () => {
    const plan = solve(planInput({ evses: [planEvse({ departureMs: START_MS + 2.5 * SLOT_MS })] }));
    expect(plan.evses[0]).toMatchObject({ powerW: [11040, 11040, 11040, 0, 0, 0, 0, 0], shortfallWh: 4140 });
    expect(plan.costEur).toBeCloseTo(6.9 * 0.3, 6);
  });

  it("names the shortfall where the fuse is too small for all", () => {
    const evses = [1, 2].map((id) => planEvse({ evseId: `evse-${id}`, transactionId: id, energyNeededWh: 22_080 }));
    const input = planInput({ circuits: [{ circuitId: "grid", limitA: 16 }], evses });
    const plan = solve(input);
    expect(verifyPlan(input, plan)).toEqual([]);
    const shortfallWh = plan.evses.reduce((sum, evse) => sum + evse.shortfallWh, 0);
    expect(shortfallWh).toBeGreaterThanOrEqual(22_079);
    expect(shortfallWh).toBeLessThanOrEqual(22_082);
  });

  it("starts a car in a hurry at once, whatever it costs", () => {
    const importEurPerKwh = [0.4, 0.4, 0.4, 0.4, 0.1, 0.1, 0.1, 0.1];
    const fast = planEvse({ preference: "fast", energyNeededWh: 5520 });
    expect(solve(planInput({ importEurPerKwh, evses: [fast] })).evses[0]?.powerW.slice(0, 2)).not.toEqual([0, 0]);
  });

  it("waits for the sun for a driver who wants it", () => {
    const pvW = [0, 0, 0, 0, 12_000, 12_000, 12_000, 12_000];
    const importEurPerKwh = [0.2, 0.2, 0.2, 0.2, 0.3, 0.3, 0.3, 0.3];
    const green = planEvse({ preference: "green" });
    const plan = solve(planInput({ pvW, importEurPerKwh, exportEurPerKwh: new Array(8).fill(0.25), evses: [green] }));
    expect(plan.evses[0]?.powerW).toEqual([0, 0, 0, 0, 11040, 11040, 11040, 11040]);
  });

  it("never imports and exports at once where exporting pays more than importing costs", () => {
    const input = exportPaysMore();
    const plan = solve(input);
    expect(verifyPlan(input, plan)).toEqual([]);
    expect(plan.importW.every((importW, slot) => importW === 0 || plan.exportW[slot] === 0)).toBe(true);
  });

  it("is never called optimal where a number of its input is none", () => {
    const buildingW = [0, 0, Number.NaN, 0, 0, 0, 0, 0];
    const plan = solve(planInput({ buildingW, evses: [planEvse()] }));
    expect(plan).toMatchObject({ status: "rule-based", evses: [] });
    expect(plan.detail).toContain("buildingW[2]");
  });

  it("is the same when solved twice", () => {
    const input = seededInput(2, 10);
    expect(solve(input)).toEqual(solve(input));
  });

  it("leaves room for a building that alone exceeds the fuse, by giving the cars nothing", () => {
    const loadW = [20_000, 20_000, 20_000].map((powerW) => new Array<number>(8).fill(powerW));
    const circuits = [{ circuitId: "grid", limitA: 63, loadW: loadW as [number[], number[], number[]] }];
    const input = planInput({ buildingW: new Array(8).fill(60_000), circuits, evses: [planEvse()] });
    const plan = solve(input);
    expect(verifyPlan(input, plan)).toEqual([]);
    expect(plan.evses[0]?.shortfallWh).toBe(11040);
  });
});

const seeds = fc.record({ seed: fc.integer({ min: 1, max: 1e6 }), evses: fc.integer({ min: 0, max: 12 }) });

describe("any site", () => {
  it("has a plan by rules that holds all limits", () => {
    fc.assert(
      fc.property(seeds, ({ seed, evses }) => {
        const input = seededInput(seed, evses);
        expect(verifyPlan(input, ruleBasedPlan(input, "test"))).toEqual([]);
      }),
      { numRuns: 60, seed: 7 },
    );
  });

  it("has a solved plan that holds all limits, and misses no more energy than the rules", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1e6 }), (seed) => {
        const input = { ...seededInput(seed, 3), slots: 24 };
        const short = planInput({ ...input, ...cut(input, 24) });
        const plan = solve(short);
        expect(verifyPlan(short, plan)).toEqual([]);
        expect(plan.status).not.toBe("rule-based");
        const missing = (result: typeof plan) => result.evses.reduce((sum, evse) => sum + evse.shortfallWh, 0);
        expect(missing(plan)).toBeLessThanOrEqual(missing(ruleBasedPlan(short, "")) + 100);
      }),
      { numRuns: 15, seed: 7 },
    );
  });
});

function cut(input: PlanInput, slots: number): Partial<PlanInput> {
  const series = (values: readonly number[]) => values.slice(0, slots);
  return {
    importEurPerKwh: series(input.importEurPerKwh),
    exportEurPerKwh: series(input.exportEurPerKwh),
    buildingW: series(input.buildingW),
    pvW: series(input.pvW),
  };
}

describe("a plan that breaks a limit", () => {
  const input = planInput({ circuits: [{ circuitId: "grid", limitA: 16 }], evses: [planEvse()] });
  const sound = ruleBasedPlan(input, "");
  const withPower = (powerW: number[]) => ({ ...sound, evses: [{ ...sound.evses[0]!, powerW }] });

  it.each([
    ["more than the EVSE can", withPower([12_000, 0, 0, 0, 0, 0, 0, 0]), /above its 11040 W/],
    ["less than the minimum", withPower([1000, 0, 0, 0, 0, 0, 0, 0]), /below its 4140 W/],
    ["no number", withPower([Number.NaN, 0, 0, 0, 0, 0, 0, 0]), /not a number/],
    ["flows that do not add up", { ...sound, importW: new Array(8).fill(0) }, /do not add up/],
    ["a shortfall kept quiet", withPower(new Array(8).fill(0)), /are missing/],
  ])("is refused: %s", (_, plan, words) => {
    expect(verifyPlan(input, plan).join("\n")).toMatch(words);
  });
});

/** Ten cars behind a fuse for three: rounding alone leaves cars short, and branching could go on for ever. */
function tightSite(seed: number, limitA: number, evses = 10): PlanInput {
  const site = seededInput(seed, evses);
  const circuits = site.circuits.map((circuit) => ({ ...circuit, limitA: Math.min(circuit.limitA, limitA) }));
  return { ...site, circuits };
}

function searchedOn(input: PlanInput, mostModels: number) {
  const plan = planModel(input);
  const open = linear.open(plan.model);
  const leftMs = () => 10_000;
  const relaxed = open.relax({ limitMs: 10_000 });
  const relaxedCosts = open.reducedCosts();
  const scale = scaleEur(plan, input, relaxed);
  const whole = dived(plan, relaxed, { input, open, leftMs })!;
  const of = { plan, input, open, leftMs, relaxed, toleranceEur: 0.001 * scale, mostModels };
  const near = agreed({ ...of, whole });
  const found = branched({ ...of, relaxedCosts, incumbent: near });
  open.close();
  return { plan, relaxed, scale, whole, near, ...found };
}

describe("branching", () => {
  it("near the rounded answer comes close to the bound", () => {
    const { relaxed, scale, whole, near, best } = searchedOn(tightSite(132, 37), 400);
    const gaps = [whole, near, best!].map((solution) => gapOf(solution, relaxed.objective, scale));
    expect(gaps[0]).toBeGreaterThan(1);
    expect(gaps[1]).toBeLessThan(0.05);
    expect(gaps[2]).toBeLessThanOrEqual(gaps[1]!);
  });

  it("finds what GLPK finds when it may branch for long, and its bound is one", () => {
    for (const seed of [6, 11, 20]) {
      const { plan, relaxed, scale, best, boundEur } = searchedOn(tightSite(seed, 20 + seed), 2_000);
      const exact = linear.solve(plan.model, { relaxed: false, limitMs: 60_000, relativeGap: 1e-4 });
      expect(exact.status).toBe("optimal");
      expect(boundEur).toBeGreaterThanOrEqual(relaxed.objective - 1e-6);
      expect(boundEur).toBeLessThanOrEqual(exact.objective + 1e-6);
      expect(best!.objective).toBeGreaterThanOrEqual(exact.objective - 1e-4 * scale);
      expect(best!.objective).toBeLessThanOrEqual(exact.objective + 0.001 * scale);
    }
  });

  it("that ends before it is done says how good the best is by a bound that holds", () => {
    const { plan, relaxed, scale, boundEur, best, models } = searchedOn(tightSite(11, 31), 10);
    const exact = linear.solve(plan.model, { relaxed: false, limitMs: 60_000, relativeGap: 1e-4 });
    expect(exact.status).toBe("optimal");
    expect(models).toBeLessThan(20);
    expect(boundEur).toBeGreaterThanOrEqual(relaxed.objective);
    expect(boundEur).toBeLessThanOrEqual(exact.objective);
    expect(gapOf(best!, boundEur, scale)).toBeGreaterThan(0.001);
  });
});

describe("branching whose time runs out at any model", () => {
  it("has a bound that holds, and nothing worse than what it began with", () => {
    for (const [seed, limitA, evses] of [
      [11, 31, 10],
      [10, 200, 10],
      [5, 200, 10],
      [5, 24, 3],
      [8, 20, 5],
    ] as const) {
      const input = tightSite(seed, limitA, evses);
      const plan = planModel(input);
      const exact = linear.solve(plan.model, { relaxed: false, limitMs: 60_000, relativeGap: 1e-4 });
      const open = linear.open(plan.model);
      const relaxed = open.relax({ limitMs: 10_000 });
      const relaxedCosts = open.reducedCosts();
      const toleranceEur = 0.001 * scaleEur(plan, input, relaxed);
      const of = { plan, input, relaxed, relaxedCosts, toleranceEur, mostModels: 1_000, incumbent: undefined };
      const nothing = { status: "none", objective: Number.NaN, values: [] } as const;
      for (let inTime = 1; inTime <= 40; inTime++) {
        let models = 0;
        const relax: typeof open.relax = (options) => (++models > inTime ? nothing : open.relax(options));
        const leftMs = () => (models > inTime ? 0 : 10_000);
        const { best, boundEur } = branched({ ...of, leftMs, open: { ...open, relax } });
        expect(boundEur, `${seed}: ${inTime} models`).toBeLessThanOrEqual(exact.objective + 1e-6);
        expect(best?.objective ?? Number.POSITIVE_INFINITY).toBeGreaterThanOrEqual(exact.objective - toleranceEur);
      }
      open.close();
    }
  });
});

describe("a model that is solved again", () => {
  it("has the optimum that it has when it is solved for the first time", () => {
    const input = tightSite(3, 30);
    const plan = planModel(input);
    const open = linear.open(plan.model);
    const first = open.relax({ limitMs: 10_000 });
    for (let slot = 0; slot < 8; slot++) {
      const fixed = fixSlot(plan, slot, { input, values: first.values, rounding: 1 });
      const [again, anew] = [
        open.relax({ limitMs: 10_000, fixed }),
        linear.solve(plan.model, { relaxed: true, limitMs: 10_000, fixed }),
      ];
      expect(again.status).toBe(anew.status);
      expect(Math.abs(again.objective - anew.objective)).toBeLessThan(1e-6 * Math.abs(anew.objective));
    }
    expect(open.relax({ limitMs: 10_000 }).objective).toBeCloseTo(first.objective, 6);
    open.close();
  });

  it("ends where it costs more than is of interest", () => {
    const plan = planModel(tightSite(3, 30));
    const open = linear.open(plan.model);
    const { objective } = open.relax({ limitMs: 10_000 });
    const fixed = new Map(plan.layout.evses.flatMap(({ on }) => on.map((yes) => [yes, 0] as const)));
    expect(open.relax({ limitMs: 10_000, fixed }).objective).toBeGreaterThan(objective + 1);
    expect(open.relax({ limitMs: 10_000 }).objective).toBeCloseTo(objective, 6);
    expect(open.relax({ limitMs: 10_000, fixed, cutoff: objective + 1 }).status).toBe("none");
    open.close();
  });
});

/** A limit of how much the import may change from one quarter-hour to the next, as plans keep it. */
import { describe, expect, it } from "vitest";
import fc from "../../test/fast-check.ts";
import type { PlanInput, PlanResult } from "../core/facts/plan-facts.ts";
import { SLOT_MS } from "../core/time/slots.ts";
import {
  planBattery,
  planEvse,
  planInput,
  START_MS,
  seededInput,
  switchedInput,
} from "../planner/plan-input.test-kit.ts";
import { ruleBasedPlan } from "../planner/rules/rules.ts";
import { verifyPlan } from "../planner/verify/verify.ts";
import { reasonsOf, soundPlan } from "./plan.test-kit.ts";

/** Each watt of a car and a battery is rounded. */
const ROUNDING_W = 10;

const netW = ({ importW, exportW }: PlanResult) => importW.map((powerW, slot) => powerW - exportW[slot]!);
const changesW = (plan: PlanResult) =>
  netW(plan)
    .slice(1)
    .map((powerW, slot) => powerW - netW(plan)[slot]!);
const largestW = (plan: PlanResult) => Math.max(...changesW(plan).map(Math.abs));
const missingWh = ({ evses }: PlanResult) => evses.reduce((sum, { shortfallWh }) => sum + shortfallWh, 0);
const oversW = ({ rampOverW = [] }: PlanResult) => rampOverW.reduce((sum, powerW) => sum + powerW, 0);

const slots = 32;
const series = (f: (slot: number) => number) => Array.from({ length: slots }, (_, slot) => f(slot));
const cars = [0, 1, 2].map((index) =>
  planEvse({ evseId: `evse-${index}`, transactionId: index, departureMs: START_MS + slots * SLOT_MS }),
);
/** Eight hours of a night, the fourth of them cheap. */
const night = planInput({
  slots,
  importEurPerKwh: series((slot) => (slot >= 12 && slot < 16 ? 0.1 : 0.3)),
  exportEurPerKwh: series(() => 0),
  evses: cars,
});
const within = (input: PlanInput, limitW: number, more: Omit<NonNullable<PlanInput["ramp"]>, "limitW"> = {}) => ({
  ...input,
  ramp: { limitW, ...more },
});

describe("a limited ramp", () => {
  it("leads three cars into the cheap hour and out of it by steps; without it all begin at once", () => {
    expect(largestW(soundPlan(night))).toBe(33_120);
    const plan = soundPlan(within(night, 10_000));
    expect(largestW(plan)).toBeLessThanOrEqual(10_000 + ROUNDING_W);
    expect(missingWh(plan)).toBe(0);
    expect(oversW(plan)).toBe(0);
    expect(plan.costEur).toBeGreaterThan(33.12 * 0.1);
  });

  it("holds for cars that stay briefly, too: what they may miss is no reason to pass it", () => {
    const leftBy = series((slot) => (slot < 1 ? 0 : 1));
    const brief = cars.map((car) => ({ ...car, staysBriefly: true, leftBy }));
    const before = { netW: 0, restingW: 0 };
    const priced = { ...night, importEurPerKwh: series(() => 0.3), missedEurPerKwh: 0.5, evses: brief };
    const plan = soundPlan(within(priced, 20_000, { before }));
    expect(plan.importW[0]).toBeLessThanOrEqual(20_000 + ROUNDING_W);
    expect(plan.importW[0]).toBeGreaterThan(19_900);
    expect(missingWh(plan)).toBe(0);
    expect(oversW(plan)).toBe(0);
  });

  it("holds for what a battery buys and sells, too", () => {
    const batteries = [planBattery({ capacityWh: 20_000, maxChargeW: 10_000, maxDischargeW: 10_000 })];
    const traded = {
      ...night,
      evses: [],
      batteries,
      exportEurPerKwh: series((slot) => (slot > 20 && slot < 24 ? 0.6 : 0)),
    };
    expect(largestW(soundPlan(traded))).toBeGreaterThan(9_000);
    expect(largestW(soundPlan(within(traded, 2_000)))).toBeLessThanOrEqual(2_000 + ROUNDING_W);
  });

  it("goes on from what was measured before, and from what the running quarter-hour has drawn", () => {
    const cheapNow = { ...night, importEurPerKwh: series((slot) => (slot < 4 ? 0.1 : 0.3)) };
    const before = { netW: 2_000, restingW: 0 };
    const begun = soundPlan(within(cheapNow, 10_000, { before, drawnWh: 0 }));
    expect(begun.importW[0]).toBeLessThanOrEqual(12_000 + ROUNDING_W);
    // In its first seconds nothing that counts was drawn.
    const after = soundPlan(within({ ...cheapNow, elapsed: 0.003 }, 10_000, { before }));
    expect(after.importW[0]).toBeLessThanOrEqual(12_000 + ROUNDING_W);
    // Half of it is over, 1 kWh was drawn: a mean of 12 kW has room for 16 kW in the other half.
    const running = soundPlan(within({ ...cheapNow, elapsed: 0.5 }, 10_000, { before, drawnWh: 1_000 }));
    expect(running.importW[0]).toBeGreaterThan(15_900);
    expect(running.importW[0]).toBeLessThanOrEqual(16_000 + ROUNDING_W);
    // From a mean of 12 kW it goes to 22 kW.
    expect(running.importW[1]).toBeLessThanOrEqual(22_000 + ROUNDING_W);
    expect(running.importW[1]).toBeGreaterThan(21_900);
  });

  it("does not take what nobody measured for nothing: then the first quarter-hour is free", () => {
    const cheapNow = { ...night, importEurPerKwh: series((slot) => (slot < 4 ? 0.1 : 0.3)) };
    const before = { netW: 0, restingW: 0 };
    for (const input of [within(cheapNow, 10_000), within({ ...cheapNow, elapsed: 0.5 }, 10_000, { before })]) {
      const plan = soundPlan(input);
      expect(plan.importW[0]).toBeGreaterThan(20_000);
      expect(largestW(plan)).toBeLessThanOrEqual(10_000 + ROUNDING_W);
    }
  });

  it("gives way to a driver who needs more than it allows, and says by how much", () => {
    const hasty = { ...night, evses: [planEvse({ departureMs: START_MS + 2 * SLOT_MS, energyNeededWh: 5_400 })] };
    const plan = soundPlan(within(hasty, 4_000, { before: { netW: 0, restingW: 0 }, drawnWh: 0 }));
    expect(missingWh(plan)).toBeLessThanOrEqual(5);
    expect(oversW(plan)).toBeGreaterThan(5_000);
    expect(plan.rampOverW?.slice(4).every((powerW) => powerW === 0)).toBe(true);
    const silent = { ...plan, rampOverW: plan.rampOverW!.map(() => 0) };
    expect(verifyPlan(within(hasty, 4_000, { before: { netW: 0, restingW: 0 } }), silent)[0]).toContain("too much");
  });

  it("gives way to the least of all needs, too, where prices are far apart and somebody is in a hurry", () => {
    // One quarter-hour of the least power, which nobody asked for, is all of it up and down again.
    const extra = planEvse({
      departureMs: START_MS + SLOT_MS,
      energyNeededWh: 1_035,
      beyondWish: true,
      priority: 0,
    });
    const fast = planEvse({ evseId: "evse-2", transactionId: 2, energyNeededWh: 0, preference: "fast", priority: 9 });
    const importEurPerKwh = series((slot) => (slot < 12 ? 1.2 : 0.1));
    const hurried = { ...night, importEurPerKwh, evses: [extra, fast] };
    const plan = soundPlan(within(hurried, 300, { before: { netW: 0, restingW: 0 } }));
    expect(oversW(plan)).toBeGreaterThan(7_000);
    expect(missingWh(plan)).toBeLessThanOrEqual(5);
  });

  it("gives way to no money", () => {
    const dear = { ...night, importEurPerKwh: series((slot) => (slot >= 12 && slot < 16 ? -2 : 3)) };
    expect(oversW(soundPlan(within(dear, 10_000)))).toBe(0);
  });

  it("leaves the building its jumps, and lets no car add to them", () => {
    const buildingW = series((slot) => (slot >= 12 && slot < 20 ? 20_000 : 0));
    const alone = soundPlan(within({ ...night, evses: [], buildingW }, 10_000));
    expect(oversW(alone)).toBe(0);
    const plan = soundPlan(within({ ...night, buildingW }, 10_000));
    expect(oversW(plan)).toBe(0);
    expect(missingWh(plan)).toBe(0);
    expect(changesW(plan)[11]).toBeLessThanOrEqual(20_000 + ROUNDING_W);
    expect(Math.max(...changesW(plan).toSpliced(11, 1))).toBeLessThanOrEqual(10_000 + ROUNDING_W);
  });

  it("is named where it keeps a car from more", () => {
    const input = within(night, 10_000);
    const plan = soundPlan(input);
    const reasons = reasonsOf(input, plan)
      .flat()
      .filter(({ kind }) => kind === "ramp");
    expect(reasons.length).toBeGreaterThan(0);
    expect(reasons[0]).toMatchObject({ kind: "ramp", limitW: 10_000 });
    expect(
      reasonsOf(night, soundPlan(night))
        .flat()
        .some(({ kind }) => kind === "ramp"),
    ).toBe(false);
  });

  it("is not kept by rules, which say so", () => {
    const input = within(night, 10_000);
    const plan = ruleBasedPlan(input, "No solver");
    expect(plan.detail).toBe("No solver. It does not keep the limit of how much the import may change");
    expect(verifyPlan(input, plan)).toEqual([]);
    expect(ruleBasedPlan(within(night, 40_000), "No solver").detail).toBe("No solver");
  });
});

describe("limited ramps of any size", () => {
  /** Cars with a day of time, of which none is in a hurry. */
  const calm = (seed: number, evses: number): PlanInput => {
    const input = seededInput(seed, evses);
    const departureMs = START_MS + input.slots * SLOT_MS;
    const stay = { departureMs, preference: "cheap", priority: 5 } as const;
    return {
      ...input,
      batteries: [],
      opportunityEurPerHour: 0,
      evses: input.evses.map((evse) => ({ ...evse, ...stay, energyNeededWh: 2_000 + (evse.energyNeededWh % 12_000) })),
    };
  };

  it("cost no more where they are wider", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 200 }),
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: 4_000, max: 12_000 }),
        (seed, evses, limitW) => {
          const input = calm(seed, evses);
          const [narrow, wide] = [limitW, limitW * 1.5].map((most) => soundPlan(within(input, most)));
          if (oversW(narrow!) + oversW(wide!) + missingWh(narrow!) + missingWh(wide!) > 30) return;
          const scaleEur = 0.002 * Math.max(1, Math.abs(narrow!.costEur)) + 0.01;
          expect(wide!.costEur).toBeLessThanOrEqual(narrow!.costEur + scaleEur);
        },
      ),
      { numRuns: 25, seed: 3 },
    );
  });

  it("are kept by plans whose drivers have time, and never broken in silence", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 200 }),
        fc.integer({ min: 0, max: 4 }),
        fc.integer({ min: 6_000, max: 15_000 }),
        (seed, evses, limitW) => {
          const input = within({ ...calm(seed, evses), batteries: [planBattery()] }, limitW);
          expect(oversW(soundPlan(input))).toBeLessThanOrEqual(ROUNDING_W * (1 + evses));
        },
      ),
      { numRuns: 25, seed: 4 },
    );
  });

  it("never leave a site without a plan, nor a driver with less", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 500 }),
        fc.integer({ min: 0, max: 6 }),
        fc.integer({ min: 1, max: 30_000 }),
        fc.boolean(),
        (seed, evses, limitW, isSwitched) => {
          const seeded = seededInput(seed, evses);
          const input = isSwitched ? switchedInput(seeded) : seeded;
          const measured = seed % 2 === 0 ? { before: { netW: 5_000, restingW: 2_000 }, drawnWh: 300 } : {};
          const plan = soundPlan(within(input, limitW, measured));
          const free = soundPlan(input);
          expect(missingWh(plan)).toBeLessThanOrEqual(missingWh(free) + 150);
        },
      ),
      { numRuns: 25, seed: 5 },
    );
  });
});

import { describe, expect, it } from "vitest";
import type { PlanBattery, PlanInput } from "../../facts/plan-facts.ts";
import type { Plan } from "../wishes/plan-current.ts";
import { absorbableWh, coverableWh, storedWorth } from "./stored-worth.ts";

const BATTERY: PlanBattery = {
  deviceId: "battery",
  capacityWh: 10_000,
  energyWh: 5000,
  minEnergyWh: 1000,
  maxChargeW: 4000,
  maxDischargeW: 4000,
  efficiency: 1,
  wearEurPerKwh: 0.02,
  endValues: [
    { energyWh: 2000, eurPerKwh: 0.15 },
    { energyWh: 7000, eurPerKwh: 0.05 },
  ],
};

interface Hour {
  readonly powerW: number;
  readonly netW: number;
  readonly price: number;
}

/** A plan by the hour; `netW` is the building less the sun. Export brings 0.08 EUR/kWh. */
function planOf(hours: readonly Hour[], battery: Partial<PlanBattery> = {}, over: Partial<PlanInput> = {}): Plan {
  const slots = hours.flatMap((hour) => [hour, hour, hour, hour]);
  const gridW = slots.map(({ powerW, netW }) => powerW + netW);
  const pvW = slots.map(({ netW }) => Math.max(0, -netW));
  return {
    madeMs: 0,
    seq: 1,
    trigger: "test",
    input: {
      startMs: 0,
      slots: slots.length,
      importEurPerKwh: slots.map(({ price }) => price),
      exportEurPerKwh: slots.map(() => 0.08),
      pvW,
      batteries: [{ ...BATTERY, ...battery }],
      ...over,
    },
    result: {
      batteries: [{ deviceId: "battery", powerW: slots.map(({ powerW }) => powerW) }],
      importW: gridW.map((powerW) => Math.max(0, powerW)),
      exportW: gridW.map((powerW) => Math.max(0, -powerW)),
      pvUsedW: pvW,
    },
  } as unknown as Plan;
}

const worth = (hours: readonly Hour[], battery: Partial<PlanBattery> = {}, over: Partial<PlanInput> = {}) =>
  storedWorth(planOf(hours, battery, over), "battery", 0)!;

const EVENING = { powerW: -1000, netW: 3000, price: 0.4 };

describe("what is in store", () => {
  it("covers what the plan does not at the price of the dearest import that it still has to cover, and no cheaper one", () => {
    const stored = worth([{ powerW: 0, netW: 500, price: 0.385 }, EVENING, EVENING], { energyWh: 3000 });
    expect(coverableWh(stored, 0.385, BATTERY)).toBe(0);
    expect(coverableWh(stored, 0.4, BATTERY)).toBeCloseTo(2000, 6);
    // In two hours 2 kW are still bought.
    expect(stored.moreWh(0.39)).toBeCloseTo(4000, 6);
    expect(stored.moreWh(0.391)).toBe(0);
  });

  it("covers at the price of the night only what the night itself would have got: the morning is dearer", () => {
    const now = { powerW: 0, netW: 11_000, price: 0.25 };
    const night = { powerW: -200, netW: 200, price: 0.25 };
    const morning = { powerW: -1500, netW: 1500, price: 0.35 };
    const stored = worth([now, night, night, morning], { energyWh: 2900 });
    expect(coverableWh(stored, 0.25, BATTERY)).toBeCloseTo(400, 6);
    expect(coverableWh(stored, 0.35, BATTERY)).toBeGreaterThan(1800);
  });

  it("costs no more than having it again from the sun that is left over, as far as that goes, or from a cheap hour", () => {
    const now = { powerW: 0, netW: 500, price: 0.3 };
    const evening = { powerW: -1500, netW: 1500, price: 0.4 };
    const sun = { powerW: 1000, netW: -3000, price: 0.3 };
    const again = worth([now, sun, evening], { energyWh: 3500 });
    expect(again.lessWh(0.089)).toBe(0);
    expect(again.lessWh(0.091)).toBeCloseTo(2000, 6);
    const cheap = { powerW: 0, netW: 500, price: 0.1 };
    const bought = worth([now, cheap, evening], { energyWh: 2500 });
    expect(bought.lessWh(0.109)).toBe(0);
    // All that is in store: it is filled again before it is needed.
    expect(bought.lessWh(0.111)).toBeCloseTo(1500, 6);
  });

  it("cannot be kept beyond an hour in which the store is full", () => {
    const sun = { powerW: 3000, netW: -6000, price: 0.3 };
    const full = worth([{ powerW: 0, netW: -500, price: 0.3 }, sun, EVENING], { energyWh: 7000 });
    // All that it saves is to store less of the sun then, which is sold.
    expect(absorbableWh(full, 0.08, BATTERY)).toBeCloseTo(3000, 6);
    expect(absorbableWh(full, 0.1, BATTERY)).toBe(0);
  });

  it("is not missed beyond an hour in which the store is empty", () => {
    const before = { powerW: 0, netW: 500, price: 0.25 };
    const night = { powerW: -2000, netW: 3000, price: 0.2 };
    const evening = { powerW: 0, netW: 3000, price: 0.4 };
    const stored = worth([before, night, night, evening]);
    expect(stored.lessWh(0.189)).toBe(0);
    expect(stored.lessWh(0.191)).toBeCloseTo(4000, 6);
  });

  it("costs nothing where the sun would be throttled anyway", () => {
    const plan = planOf([
      { powerW: 0, netW: 500, price: 0.3 },
      { powerW: 0, netW: -3000, price: 0.3 },
    ]);
    const throttled = { ...plan, result: { ...plan.result, pvUsedW: plan.input.pvW.map(() => 0) } };
    const stored = storedWorth(throttled, "battery", 0)!;
    expect(stored.lessWh(0.009)).toBe(0);
    expect(stored.lessWh(0.011)).toBeCloseTo(3000, 6);
  });

  it("cannot come back where the contract is used up", () => {
    const limit = { importLimitW: 3000 };
    const full = { powerW: 0, netW: 3000, price: 0.1 };
    const stored = worth([full, full, { powerW: -1000, netW: 2000, price: 0.4 }], { energyWh: 2000 }, limit);
    expect(stored.lessWh(0.389)).toBe(0);
    expect(stored.lessWh(0.391)).toBeCloseTo(1000, 6);
  });

  it("is worth at the end what comes next", () => {
    const idle = { powerW: 0, netW: 0, price: 0.3 };
    const little = worth([idle, idle], { energyWh: 2000 });
    expect(little.moreWh(0.151)).toBe(0);
    expect(little.moreWh(0.149)).toBeCloseTo(1000, 6);
    const much = worth([idle, idle], { energyWh: 5000 });
    expect(much.lessWh(0.049)).toBe(0);
    expect(much.lessWh(0.051)).toBeCloseTo(2000, 6);
    expect(much.lessWh(0.151)).toBeCloseTo(4000, 6);
  });

  it("has no worth in a plan that does not know the battery", () => {
    expect(storedWorth(planOf([{ powerW: 0, netW: 0, price: 0.3 }]), "another", 0)).toBeUndefined();
  });
});

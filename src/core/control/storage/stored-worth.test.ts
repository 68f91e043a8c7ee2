import { describe, expect, it } from "vitest";
import type { PlanBattery, PlanInput } from "../../facts/plan-facts.ts";
import type { Plan } from "../wishes/plan-current.ts";
import { absorbPays, coverPays, storedWorth } from "./stored-worth.ts";

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

describe("a kWh in store", () => {
  it("is worth the dearest import that it still has to cover, and costs as much where it is missing", () => {
    const evening = { powerW: -1000, netW: 3000, price: 0.4 };
    const { moreEurPerKwh, lessEurPerKwh } = worth([{ powerW: 0, netW: 500, price: 0.385 }, evening, evening], {
      energyWh: 3000,
    });
    expect(moreEurPerKwh).toBeCloseTo(0.39, 6);
    expect(lessEurPerKwh).toBeCloseTo(0.39, 6);
    expect(coverPays({ moreEurPerKwh, lessEurPerKwh }, 0.385, BATTERY)).toBe(false);
    expect(coverPays({ moreEurPerKwh, lessEurPerKwh }, 0.4, BATTERY)).toBe(true);
  });

  it("costs no more than having it again from the sun that is left over, or from a cheap hour", () => {
    const sun = { powerW: 1000, netW: -3000, price: 0.3 };
    const evening = { powerW: -1500, netW: 1500, price: 0.4 };
    expect(worth([{ powerW: 0, netW: 500, price: 0.3 }, sun, evening], { energyWh: 1500 }).lessEurPerKwh).toBeCloseTo(
      0.09,
      6,
    );
    const cheap = { powerW: 0, netW: 500, price: 0.1 };
    expect(worth([{ powerW: 0, netW: 500, price: 0.3 }, cheap, evening], { energyWh: 2500 }).lessEurPerKwh).toBeCloseTo(
      0.11,
      6,
    );
  });

  it("cannot be kept beyond an hour in which the store is full", () => {
    const sun = { powerW: 4000, netW: -6000, price: 0.3 };
    const evening = { powerW: -1000, netW: 3000, price: 0.4 };
    const full = worth([{ powerW: 0, netW: -500, price: 0.3 }, sun, sun, evening], { energyWh: 9000 });
    // All that it saves is to store less of the sun then, which is sold.
    expect(full.moreEurPerKwh).toBeCloseTo(0.09, 6);
    expect(absorbPays(full, 0.08, BATTERY)).toBe(true);
    expect(absorbPays(full, 0.1, BATTERY)).toBe(false);
  });

  it("is not missed beyond an hour in which the store is empty", () => {
    const night = { powerW: -2000, netW: 3000, price: 0.2 };
    const evening = { powerW: 0, netW: 3000, price: 0.4 };
    const before = { powerW: 0, netW: 500, price: 0.25 };
    expect(worth([before, night, night, evening]).lessEurPerKwh).toBeCloseTo(0.19, 6);
  });

  it("costs nothing where the sun would be throttled anyway", () => {
    const plan = planOf([
      { powerW: 0, netW: 500, price: 0.3 },
      { powerW: 0, netW: -3000, price: 0.3 },
    ]);
    const throttled = { ...plan, result: { ...plan.result, pvUsedW: plan.input.pvW.map(() => 0) } };
    expect(storedWorth(throttled, "battery", 0)!.lessEurPerKwh).toBeCloseTo(0.01, 6);
  });

  it("cannot come back where the contract is used up", () => {
    const limit = { importLimitW: 3000 };
    const full = { powerW: 0, netW: 3000, price: 0.1 };
    const evening = { powerW: -1000, netW: 2000, price: 0.4 };
    expect(worth([full, full, evening], { energyWh: 2000 }, limit).lessEurPerKwh).toBeCloseTo(0.39, 6);
  });

  it("is worth at the end what comes next", () => {
    const idle = { powerW: 0, netW: 0, price: 0.3 };
    expect(worth([idle, idle], { energyWh: 2000 }).moreEurPerKwh).toBeCloseTo(0.15, 6);
    const held = worth([idle, idle], { energyWh: 5000 });
    expect(held.lessEurPerKwh).toBeCloseTo(0.05, 6);
  });

  it("has no worth in a plan that does not know the battery", () => {
    expect(storedWorth(planOf([{ powerW: 0, netW: 0, price: 0.3 }]), "another", 0)).toBeUndefined();
  });
});

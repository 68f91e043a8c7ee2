/** Sun, battery, and prices of export: where energy comes from, and where it goes. */
import { describe, expect, it } from "vitest";
import type { PlanInput } from "../core/facts/plan-facts.ts";
import { planBattery, planEvse, planInput } from "../planner/plan-input.test-kit.ts";
import { soundPlan } from "./plan.test-kit.ts";

describe("an order that leaves less than the least power of a car", () => {
  // Two kilowatts beside the building, in the cheap hours.
  const ordered = {
    importEurPerKwh: [0.4, 0.4, 0.4, 0.4, 0.1, 0.1, 0.1, 0.1],
    partnerLimitW: [20_000, 20_000, 20_000, 20_000, 3_000, 3_000, 3_000, 3_000],
    buildingW: new Array<number>(8).fill(1_000),
    binarySlots: 2,
  };
  const later = (over: Partial<PlanInput> = {}, car = {}) =>
    soundPlan(planInput({ ...ordered, evses: [planEvse({ energyNeededWh: 1_500, ...car })], ...over }));

  it("is no time to put a car off to: it charges before", () => {
    const [evse] = later().evses;
    expect(evse?.powerW.slice(4)).toEqual([0, 0, 0, 0]);
    expect(evse?.shortfallWh).toBe(0);
  });

  it("is one where sun, a battery or a single phase make up for it", () => {
    const laterW = (over: Partial<PlanInput>, car = {}) => Math.max(...later(over, car).evses[0]!.powerW.slice(4));
    expect(laterW({ pvW: new Array<number>(8).fill(2_500) })).toBeGreaterThan(0);
    expect(laterW({ batteries: [planBattery({ energyWh: 9_000 })] })).toBeGreaterThan(0);
    const onePhase = { phase: 0 as const, minPowerW: 1_380, maxPowerW: 3_680 };
    expect(laterW({}, { onePhase })).toBeGreaterThan(0);
  });
});

describe("of sun, battery and grid", () => {
  it("being paid for taking energy: the car takes it then, and the sun stays unused", () => {
    const importEurPerKwh = [0.3, 0.3, -0.2, -0.2, 0.3, 0.3, 0.3, 0.3];
    const pvW = new Array<number>(8).fill(2000);
    const exportEurPerKwh = importEurPerKwh.map((price) => Math.min(0, price));
    const input = planInput({ importEurPerKwh, exportEurPerKwh, pvW, evses: [planEvse({ energyNeededWh: 5520 })] });
    const plan = soundPlan(input);
    expect(plan.evses[0]?.powerW).toEqual([0, 0, 11040, 11040, 0, 0, 0, 0]);
    expect(plan.pvUsedW.slice(2, 4)).toEqual([0, 0]);
    expect(plan.costEur).toBeCloseTo(-5.52 * 0.2, 6);
    expect(plan.exportW.slice(2, 4)).toEqual([0, 0]);
  });

  it("a battery carries a cheap kWh to a dear hour where that beats its losses and wear, and rests where not", () => {
    const battery = planBattery({ energyWh: 1000, minEnergyWh: 1000, endValueEurPerKwh: 0, wearEurPerKwh: 0.03 });
    const buildingW = [0, 0, 0, 0, 2000, 2000, 2000, 2000];
    const at = (dearEurPerKwh: number) => [0.1, 0.1, 0.1, 0.1, ...new Array<number>(4).fill(dearEurPerKwh)];
    const shift = soundPlan(planInput({ importEurPerKwh: at(0.3), buildingW, batteries: [battery] }));
    // 2 kWh are given, 2 / 0.95² kWh were taken; each kWh in and each kWh out wears for 1.5 ct.
    const boughtKwh = 2 / 0.95 ** 2;
    expect(Math.max(...shift.importW.slice(4))).toBeLessThanOrEqual(1);
    expect(shift.costEur).toBeCloseTo(boughtKwh * (0.1 + 0.015) + 2 * 0.015, 3);
    const rest = soundPlan(planInput({ importEurPerKwh: at(0.13), buildingW, batteries: [battery] }));
    expect(rest.batteries[0]?.powerW).toEqual(new Array(8).fill(0));
  });

  it("a battery buys in the last of the equally cheap hours: until then more is known of what it is for", () => {
    const importEurPerKwh = [0.1, 0.1, 0.1, 0.1, 0.3, 0.3, 0.3, 0.3];
    const batteries = [planBattery({ energyWh: 1000, wearEurPerKwh: 0, endValueEurPerKwh: 0 })];
    const plan = soundPlan(planInput({ importEurPerKwh, buildingW: new Array(8).fill(500), evses: [], batteries }));
    const bought = plan.batteries[0]!.powerW.slice(0, 4).map((powerW) => powerW > 0);
    expect(bought).toEqual([false, false, false, true]);
  });

  describe("a battery that buys through a narrow grid connection", () => {
    const buildingW = new Array<number>(8).fill(500);
    const batteries = [
      planBattery({ energyWh: 1000, maxChargeW: 8000, efficiency: 1, wearEurPerKwh: 0, endValueEurPerKwh: 0 }),
    ];
    const cheap = (importEurPerKwh: number[]) => ({ importEurPerKwh, buildingW, batteries, evses: [] });
    const boughtW = (input: PlanInput) => soundPlan(input).batteries[0]!.powerW.slice(0, 4);
    const equal = [0.1, 0.1, 0.1, 0.1, 0.3, 0.3, 0.3, 0.3];

    it("leaves some of its limit where another hour is as cheap: the building may take more than foreseen", () => {
      // The dear hour needs 500 Wh; beside the building 1500 W are left, of which 300 stay free.
      expect(boughtW(planInput({ ...cheap(equal), importLimitW: 2000 }))).toEqual([0, 0, 800, 1200]);
    });

    it("leaves as much of its fuse", () => {
      const loadW: [number[], number[], number[]] = [buildingW, buildingW, buildingW];
      const circuits = [{ circuitId: "grid", limitA: 10, loadW }];
      const narrow = { ...cheap(equal), circuits, sitePhases: 1 as const, buildingW: buildingW.map(() => 900) };
      expect(boughtW(planInput(narrow)).at(-1)).toBe(2300 - 500 - 300);
    });

    it("takes all where any other hour is dearer, be it by a hundredth of a cent", () => {
      const prices = [0.1001, 0.1001, 0.1001, 0.1, 0.3, 0.3, 0.3, 0.3];
      expect(boughtW(planInput({ ...cheap(prices), importLimitW: 2000 }))).toEqual([0, 0, 500, 1500]);
    });
  });

  it("of equal sun a battery takes the first, before clouds come, and a car before the battery", () => {
    const pvW = new Array<number>(8).fill(5000);
    const batteries = [planBattery({ energyWh: 8500, maxChargeW: 5000, wearEurPerKwh: 0, endValueEurPerKwh: 0.3 })];
    const exportEurPerKwh = new Array<number>(8).fill(0.05);
    const importEurPerKwh = new Array<number>(8).fill(0.3);
    const sunny = { pvW, exportEurPerKwh, importEurPerKwh, buildingW: new Array<number>(8).fill(0), batteries };
    const alone = soundPlan(planInput({ ...sunny, evses: [] }));
    expect(alone.batteries[0]!.powerW.map((powerW) => powerW > 0)).toEqual([...[true, true], ...Array(6).fill(false)]);
    const evses = [planEvse({ minPowerW: 4140, maxPowerW: 5000, energyNeededWh: 2500 })];
    const both = soundPlan(planInput({ ...sunny, evses }));
    expect(both.evses[0]!.powerW.map((powerW) => powerW > 0)).toEqual([true, true, ...Array(6).fill(false)]);
    expect(both.batteries[0]!.powerW[0]).toBe(0);
    expect(both.batteries[0]!.powerW.slice(2, 4).every((powerW) => powerW > 0)).toBe(true);
  });

  it("sun that nobody can hold back is exported at a cost, and a battery keeps its room for those hours", () => {
    const battery = planBattery({
      capacityWh: 4000,
      energyWh: 1000,
      minEnergyWh: 1000,
      efficiency: 1,
      wearEurPerKwh: 0,
    });
    const hours = {
      pvW: new Array<number>(8).fill(3000),
      exportEurPerKwh: [0.05, 0.05, 0.05, 0.05, -0.1, -0.1, -0.1, -0.1],
      batteries: [battery],
    };
    const open = soundPlan(planInput({ ...hours, sunFixedPart: 1 }));
    expect(open.pvUsedW).toEqual(hours.pvW);
    expect(open.batteries[0]?.powerW).toEqual([0, 0, 0, 0, 3000, 3000, 3000, 3000]);
    expect(open.costEur).toBeCloseTo(-0.05 * 3, 6);
    const small = { ...battery, capacityWh: 2500 };
    const half = soundPlan(planInput({ ...hours, batteries: [small], sunFixedPart: 0.5 }));
    // Half of the sun can be held back; what the battery has no room for is exported all the same.
    expect(half.exportW.slice(4).reduce((sum, powerW) => sum + powerW / 4, 0)).toBeCloseTo(0.5 * 3000 - 1500, 0);
    const full = soundPlan(planInput({ ...hours, batteries: [small], sunFixedPart: 1 }));
    expect(full.exportW.slice(4).reduce((sum, powerW) => sum + powerW / 4, 0)).toBeCloseTo(3000 - 1500, 0);
    expect(full.costEur).toBeCloseTo(-0.05 * 3 + 0.1 * 1.5, 6);
  });

  it("sun that nobody can hold back feeds the site first also where importing is paid for", () => {
    const importEurPerKwh = new Array<number>(8).fill(-0.2);
    const exportEurPerKwh = new Array<number>(8).fill(-0.05);
    const buildingW = new Array<number>(8).fill(1000);
    const pvW = new Array<number>(8).fill(3000);
    const plan = soundPlan(planInput({ importEurPerKwh, exportEurPerKwh, buildingW, pvW, sunFixedPart: 1 }));
    expect(plan.importW).toEqual(new Array(8).fill(0));
    expect(plan.exportW).toEqual(new Array(8).fill(2000));
    expect(plan.costEur).toBeCloseTo(2 * 2 * 0.05, 6);
    const free = soundPlan(planInput({ importEurPerKwh, exportEurPerKwh, buildingW, pvW }));
    expect(free.importW).toEqual(buildingW);
  });

  it("of sun that nobody can hold back no more is exported than may be", () => {
    const pvW = new Array<number>(8).fill(9000);
    const exportEurPerKwh = new Array<number>(8).fill(-0.01);
    const plan = soundPlan(planInput({ pvW, exportEurPerKwh, exportLimitW: 3000, sunFixedPart: 1 }));
    expect(plan.exportW).toEqual(new Array(8).fill(3000));
  });

  it("export that is limited or costs money is not exported", () => {
    const pvW = new Array<number>(8).fill(9000);
    const limited = soundPlan(planInput({ pvW, exportLimitW: 3000 }));
    expect(limited.exportW).toEqual(new Array(8).fill(3000));
    const paid = soundPlan(planInput({ pvW, exportEurPerKwh: new Array(8).fill(-0.01) }));
    expect(paid.exportW).toEqual(new Array(8).fill(0));
  });
});

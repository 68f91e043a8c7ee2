/** What a plan does for a car beside money: a green wish, an occupied place, an order, the running quarter-hour. */
import { describe, expect, it } from "vitest";
import type { PlanResult } from "../core/facts/plan-facts.ts";
import { SLOT_MS } from "../core/time/slots.ts";
import { planBattery, planEvse, planInput, START_MS } from "../planner/plan-input.test-kit.ts";
import { ruleBasedPlan } from "../planner/rules/rules.ts";
import { verifyPlan } from "../planner/verify/verify.ts";
import { soundPlan } from "./plan.test-kit.ts";

const halfHour = { circuits: [{ circuitId: "grid", limitA: 16 }] };
const powerOf = (plan: PlanResult, evseId: string) => plan.evses.find((evse) => evse.evseId === evseId)?.powerW;

describe("a flexibility order", () => {
  it("is kept with what the battery gives, and by the battery when it charges: the car misses nothing for it", () => {
    const partnerLimitW = [5000, 5000, 5000, 5000, 1e9, 1e9, 1e9, 1e9];
    // The car leaves before the order ends; the energy in those hours is the cheapest.
    const importEurPerKwh = [0.1, 0.1, 0.1, 0.1, 0.4, 0.4, 0.4, 0.4];
    const evses = [planEvse({ energyNeededWh: 9000, departureMs: START_MS + 4 * SLOT_MS })];
    const ordered = { partnerLimitW, importEurPerKwh };
    const plan = soundPlan(planInput({ ...ordered, evses, batteries: [planBattery({ energyWh: 8000 })] }));
    expect(Math.max(...plan.importW.slice(0, 4))).toBeLessThanOrEqual(5000);
    expect(plan.evses[0]!.shortfallWh).toBeLessThanOrEqual(1);
    const empty = soundPlan(planInput({ ...ordered, batteries: [planBattery({ energyWh: 1000, maxChargeW: 9000 })] }));
    expect(Math.max(...empty.importW.slice(0, 4))).toBe(5000);
    const { importW } = plan;
    const broken = { ...plan, importW: importW.map((powerW, slot) => (slot === 0 ? powerW + 3000 : powerW)) };
    expect(
      verifyPlan(planInput({ ...ordered, evses, batteries: [planBattery({ energyWh: 8000 })] }), broken).join(),
    ).toMatch(/Slot 0: import above 5000 W/);
  });
});

describe("a driver who wants green energy", () => {
  it("charges when the grid emits least, where that is told, and by the price where it is not", () => {
    const importEurPerKwh = [0.3, 0.3, 0.28, 0.28, 0.3, 0.3, 0.3, 0.3];
    const co2GramsPerKwh = [400, 400, 500, 500, 100, 100, 400, 400];
    const slotsOf = (preference: "green" | "cheap", told: boolean) => {
      const evses = [planEvse({ preference, energyNeededWh: 5520 })];
      const plan = soundPlan(planInput({ importEurPerKwh, evses, ...(told ? { co2GramsPerKwh } : {}) }));
      return plan.evses[0]!.powerW.flatMap((powerW, slot) => (powerW > 0 ? [slot] : []));
    };
    expect(slotsOf("green", true)).toEqual([4, 5]);
    expect(slotsOf("green", false)).toEqual([2, 3]);
    expect(slotsOf("cheap", true)).toEqual([2, 3]);
  });
});

describe("what a plan weighs", () => {
  it("an occupied EVSE that costs more than the cheap hour saves is freed early", () => {
    const importEurPerKwh = [0.3, 0.3, 0.3, 0.3, 0.3, 0.25, 0.25, 0.25];
    const evses = [planEvse({ energyNeededWh: 5520 })];
    const patient = soundPlan(planInput({ importEurPerKwh, evses }));
    expect(patient.evses[0]?.powerW).toEqual([0, 0, 0, 0, 0, 11040, 11040, 0]);
    const dearPlace = soundPlan(planInput({ importEurPerKwh, evses, opportunityEurPerHour: 2 }));
    expect(dearPlace.evses[0]?.powerW).toEqual([11040, 11040, 0, 0, 0, 0, 0, 0]);
  });

  it("of equal prices the earlier quarter-hours, and a car that charges goes on", () => {
    const waiting = planEvse({ energyNeededWh: 2760 });
    const charging = planEvse({ evseId: "evse-2", transactionId: 2, energyNeededWh: 2760, chargingNow: true });
    const plan = soundPlan(planInput({ ...halfHour, evses: [waiting, charging] }));
    expect(powerOf(plan, "evse-2")).toEqual([11040, 0, 0, 0, 0, 0, 0, 0]);
    expect(powerOf(plan, "evse-1")).toEqual([0, 11040, 0, 0, 0, 0, 0, 0]);
  });

  it("a car that must not pause is never switched off before it is full", () => {
    const importEurPerKwh = [0.4, 0.1, 0.4, 0.1, 0.4, 0.1, 0.4, 0.1];
    const evses = (chargingNow: boolean) => [
      planEvse({ mayPause: false, energyNeededWh: 4 * 1035 + 2000, chargingNow }),
    ];
    for (const chargingNow of [true, false]) {
      const plan = soundPlan(planInput({ importEurPerKwh, evses: evses(chargingNow), binarySlots: 8 }));
      const power = plan.evses[0]?.powerW ?? [];
      const [first, last] = [power.findIndex((powerW) => powerW > 0), power.findLastIndex((powerW) => powerW > 0)];
      expect(power.slice(first, last + 1).every((powerW) => powerW >= 4140)).toBe(true);
      expect(last).toBeGreaterThan(first);
      // One that has not begun may wait for a better price.
      expect(first > 0).toBe(!chargingNow);
    }
  });
});

describe("within the running quarter-hour", () => {
  it("only what is left of it is planned, paid and counted as delivered", () => {
    const importEurPerKwh = [0.1, 0.4, 0.4, 0.4, 0.4, 0.4, 0.4, 0.4];
    const input = planInput({ importEurPerKwh, elapsed: 0.5, evses: [planEvse({ energyNeededWh: 2760 })] });
    const plan = soundPlan(input);
    // Half of 15 minutes at 11 kW are 1.38 kWh; the rest is dear.
    expect(plan.evses[0]?.powerW[0]).toBe(11040);
    expect(plan.costEur).toBeCloseTo(1.38 * 0.1 + 1.38 * 0.4, 3);
    expect(verifyPlan(input, ruleBasedPlan(input, ""))).toEqual([]);
    const whole = { ...plan, evses: [{ ...plan.evses[0]!, powerW: [11040, 0, 0, 0, 0, 0, 0, 0] }] };
    expect(verifyPlan(input, whole).join()).toContain("1380 Wh are missing");
  });

  it("a battery's energy moves by what is left of it", () => {
    const battery = planBattery({ energyWh: 1500, minEnergyWh: 1000, endValueEurPerKwh: 0 });
    const buildingW = new Array(8).fill(4000);
    const importEurPerKwh = [0.9, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1];
    const plan = soundPlan(planInput({ importEurPerKwh, buildingW, elapsed: 0.5, batteries: [battery] }));
    // 475 Wh that come out cover the 3.8 kW of half a quarter-hour.
    expect(plan.batteries[0]?.powerW[0]).toBeCloseTo(-3800, -1);
  });
});

import { describe, expect, test } from "vitest";
import type { SmacSettings } from "../../core/site/site-upstream.ts";
import { foreignPlanInput } from "../scsp/plan.ts";
import { limitsOf, readContext, type ScOptimisation } from "./context.ts";
import { quarterHours, slotsOf } from "./slots.ts";

const START = Date.UTC(2026, 5, 10, 12);
const SETTINGS: SmacSettings = {
  moduleId: "smartchargingoptimisation",
  powerUnit: "W",
  energyUnit: "kWh",
  flexUnit: "kW",
  priceFactor: 1,
  negativeGeneration: false,
  stampMissing: false,
};
const at = (minute: number, value: number) => ({ time_slot: new Date(START + minute * 60_000).toISOString(), value });
const wire = (more: Partial<ScOptimisation>): ScOptimisation => ({
  country_code: "NL",
  party_id: "EMS",
  id: "1",
  evses: [{ location_id: "1", evse_uid: "A", connectors: [{ connector_id: 1, power: 11_000 }] }],
  max_power: 20_000,
  last_updated: "2026-06-10T12:00:00Z",
  ...more,
});
function read(more: Partial<ScOptimisation>, settings: Partial<SmacSettings> = {}) {
  const result = readContext(wire(more), { ...SETTINGS, ...settings });
  if (!result.ok) throw new Error(result.problem);
  return result;
}

describe("an optimisation context", () => {
  test("has energy by hour as power, in each of the units that the text uses", () => {
    for (const [energyUnit, value] of [
      ["kWh", 4],
      ["Wh", 4_000],
      ["kW", 4],
      ["W", 4_000],
    ] as const) {
      const { context } = read({ demand: [at(0, value), at(60, value)] }, { energyUnit });
      expect(context.demandW.map((slot) => slot.value)).toEqual([4_000, 4_000]);
      expect(context.demandW[1]!.endMs).toBe(START + 120 * 60_000);
    }
  });

  test("has flexibility orders in kW beside a limit in W, prices in cents, a min_power that allows feeding back", () => {
    const { context, assumed } = read(
      { flex_orders: [at(0, -5)], price: [at(0, 30)], min_power: -3_000 },
      { priceFactor: 0.01 },
    );
    expect(context.flexW[0]!.value).toBe(-5_000);
    expect(context.eurPerKwh[0]!.value).toBe(0.3);
    expect(context.exportLimitW).toBe(3_000);
    expect(assumed).toContain("power-unit W");
    expect(read({ price: [at(0, 10)] }).assumed).toContain("price-implausible");
  });

  test("lowers what the site may import by its orders, also where it names no limit of its own, and lifts nothing", () => {
    const orders = { flex_orders: [at(0, -5), at(15, 5)] };
    const [first, second] = [START, START + 900_000];
    const { max_power: _, ...unlimited } = wire(orders);
    const own = readContext(unlimited, SETTINGS);
    expect(own.ok && limitsOf(own.context, 17_000)).toEqual([{ startMs: first, endMs: second, value: 12_000 }]);
    expect(limitsOf(read(orders).context, 69_000)).toEqual([
      { startMs: 0, endMs: second + 900_000, value: 20_000 },
      { startMs: first, endMs: second, value: 15_000 },
    ]);
    // What the context allows beyond the fuse of the site is no room that an order could begin at.
    expect(limitsOf(read(orders).context, 17_000)[1]).toMatchObject({ value: 12_000 });
    // Demand of 10 kW and an order of 5 kW upwards: the cars still have only the other 10 kW.
    const { context } = read({ ...orders, demand: [at(0, 2.5), at(15, 2.5)] });
    const input = foreignPlanInput(context, [], { nowMs: START, assumed: { energyWh: 1, stayHours: 1 } });
    expect(input.buildingW.slice(0, 2)).toEqual([15_000, 10_000]);
    expect(input.importLimitW).toBe(20_000);
  });

  test("has an opportunity cost by slot as one by the hour, bounded", () => {
    expect(read({ opportunity_cost: 0.5, price: [at(0, 1), at(15, 1)] }).context.opportunityEurPerHour).toBe(2);
    expect(read({ opportunity_cost: 10, price: [at(0, 1), at(15, 1)] }).context.opportunityEurPerHour).toBe(10);
  });

  test("takes generation with a minus sign only where that is agreed", () => {
    expect(readContext(wire({ generation: [at(0, -3)] }), SETTINGS).ok).toBe(false);
    expect(
      read({ generation: [at(0, -3), at(60, -3)] }, { negativeGeneration: true }).context.generationW[0]!.value,
    ).toBe(3_000);
  });

  test("is brought from slots of any length to quarter-hours without losing energy", () => {
    const slots = slotsOf([
      { startMs: START + 5 * 60_000, value: 1_000 },
      { startMs: START + 35 * 60_000, value: 4_000 },
    ]);
    if (typeof slots === "string") throw new Error(slots);
    const values = quarterHours(slots, START, 5);
    expect(values[0]).toBe(1_000);
    expect(values[1]).toBe(1_000);
    expect(values[2]).toBeCloseTo((5 * 1_000 + 10 * 4_000) / 15, 6);
    expect(values[4]).toBe(4_000);
    expect(quarterHours(slots, START + 2 * 3_600_000, 1)).toEqual([undefined]);
  });
});

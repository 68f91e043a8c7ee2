import { describe, expect, it } from "vitest";
import type { PlanInput } from "../../core/facts/plan-facts.ts";
import { planEvse, planInput } from "../plan-input.test-kit.ts";
import { soldSunSlots } from "./sold-sun.ts";

/** The sun is dear in the morning and cheap at noon, which is where the plan charges. */
const exportEurPerKwh = [0.15, 0.14, 0.13, 0.12, 0.1, 0.1, 0.1, 0.1];
const none = new Array<number>(8).fill(0);
const noon = [0, 0, 0, 0, 4140, 4140, 0, 0];

interface Part {
  readonly shortfallWh?: number;
  readonly importW?: readonly number[];
  readonly exportedW?: number;
  readonly more?: Partial<PlanInput>;
}

function sold(powerW: number[], { shortfallWh = 0, importW = none, exportedW = 3000, more = {} }: Part = {}): number {
  const input = planInput({ exportEurPerKwh, evses: [planEvse()], ...more });
  return soldSunSlots(0, { powerW, shortfallWh }, { input, importW: [...importW], exportW: [exportedW] });
}

describe("sun that is left over", () => {
  it("is sold while that earns more than the car's later hours cost", () => {
    expect(sold(noon)).toBe(1);
    expect(sold(noon, { more: { exportEurPerKwh: none.map(() => 0.08) } })).toBe(0);
  });

  it("goes into a car that has to buy a part of what it takes later", () => {
    expect(sold(noon, { importW: [0, 0, 0, 0, 2000, 0, 0, 0] })).toBe(0);
  });

  it("goes into a car that misses energy, is not planned later, or whose driver is in a hurry or wants the sun", () => {
    expect(sold(noon, { shortfallWh: 500 })).toBe(0);
    expect(sold([...none])).toBe(0);
    for (const preference of ["fast", "green"] as const)
      expect(sold(noon, { more: { evses: [planEvse({ preference })] } })).toBe(0);
  });

  it("goes into a car where the plan exports nothing: nobody foresaw it, or it may not be exported", () => {
    expect(sold(noon, { exportedW: 0 })).toBe(0);
    expect(sold(noon, { exportedW: 3000, more: { exportLimitW: 3000 } })).toBe(1);
  });

  it("goes into a car that may leave before the cheaper hours", () => {
    const mayLeave = planEvse({ leftBy: [0, 0, 0, 0, 0.4, 0.5, 0.6, 0.7] });
    expect(sold(noon, { more: { evses: [mayLeave], missedEurPerKwh: 0.5 } })).toBe(0);
  });
});

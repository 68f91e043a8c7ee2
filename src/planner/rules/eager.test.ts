import { describe, expect, it } from "vitest";
import { planEvse, planInput } from "../plan-input.test-kit.ts";
import { eagerSlots } from "./eager.ts";

const evse = planEvse();
const importEurPerKwh = [0.2, 0.3, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1];

function eager(powerW: number[], part: { shortfallWh?: number; importW?: number[]; prices?: number[] } = {}): number {
  const input = planInput({ importEurPerKwh: part.prices ?? importEurPerKwh, evses: [evse] });
  const importW = part.importW ?? new Array<number>(8).fill(5000);
  return eagerSlots(evse, { powerW, shortfallWh: part.shortfallWh ?? 0 }, { input, importW });
}

describe("a car that would take more now", () => {
  it("is one that must charge in a dearer slot, or misses energy", () => {
    expect(eager([0, 4140, 0, 0, 0, 0, 0, 0])).toBe(1);
    expect(eager([4140, 0, 11040, 0, 0, 0, 0, 0], { shortfallWh: 500 })).toBe(1);
  });

  it("is none that waits for a better price, or has all that it takes", () => {
    expect(eager([0, 0, 11040, 0, 0, 0, 0, 0])).toBe(0);
    expect(eager([11040, 11040, 0, 0, 0, 0, 0, 0], { shortfallWh: 500 })).toBe(0);
  });

  it("is none where only a little of the sun is left over now", () => {
    const prices = [0.5, 0.5, 0.3, 0.3, 0.3, 0.3, 0.3, 0.3];
    expect(eager([0, 0, 0, 11040, 0, 0, 0, 0], { prices, importW: [0, 0, 500, 11500, 500, 500, 500, 500] })).toBe(0);
  });
});

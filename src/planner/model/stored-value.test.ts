import { describe, expect, it } from "vitest";
import { storedValue } from "./stored-value.ts";

const STORE = { capacityWh: 10_000, minEnergyWh: 2000, efficiency: 1, wearEurPerKwh: 0 };

/** Four quarters of a day, each of six hours. */
function day(values: readonly [number, number, number, number]): number[] {
  return values.flatMap((value) => new Array<number>(24).fill(value));
}

function partsOf(site: { prices: [number, number, number, number]; netW: [number, number, number, number] }) {
  const net = day(site.netW);
  return storedValue(
    {
      importEurPerKwh: day(site.prices),
      buildingW: net.map((powerW) => Math.max(0, powerW)),
      pvW: net.map((powerW) => Math.max(0, -powerW)),
    },
    STORE,
  );
}

describe("what a battery still holds when the plan ends", () => {
  it("saves the dear evening first, then the cheap night, and nothing after the sun has filled it", () => {
    const parts = partsOf({ prices: [0.4, 0.2, 0.3, 0.3], netW: [500, 500, -3000, 2000] });
    // 3 kWh in the evening, 3 at night; the sun of the next noon is more than it holds.
    expect(parts.slice(0, 4).map(({ energyWh }) => energyWh)).toEqual([1500, 1500, 1500, 1500]);
    expect(parts.slice(0, 4).map(({ eurPerKwh }) => eurPerKwh.toFixed(2))).toEqual(["0.40", "0.40", "0.20", "0.20"]);
    // What is left over then may be needed after all, but is never worth more than what is needed.
    expect(parts[4]).toEqual({ energyWh: 2000, eurPerKwh: parts[3]!.eurPerKwh });
  });

  it("is worth no more than buying it when that is cheapest on the way", () => {
    const parts = partsOf({ prices: [0.1, 0.4, 0.4, 0.4], netW: [100, 800, 800, 800] });
    expect(parts.every(({ eurPerKwh }) => eurPerKwh <= 0.1 + 1e-9)).toBe(true);
  });

  it("is worth a usual kWh where the sun is expected first: it may not come", () => {
    const parts = partsOf({ prices: [0.1, 0.2, 0.3, 0.3], netW: [-4000, 500, 500, 500] });
    expect(parts.filter(({ energyWh }) => energyWh > 0)).toEqual([{ energyWh: 8000, eurPerKwh: 0.3 }]);
  });

  it("never has more parts' energy than the battery has room, dearest first", () => {
    const parts = partsOf({ prices: [0.5, 0.3, 0.2, 0.4], netW: [3000, 3000, 3000, 3000] });
    expect(parts.reduce((sum, { energyWh }) => sum + energyWh, 0)).toBe(8000);
    const prices = parts.map(({ eurPerKwh }) => eurPerKwh);
    expect(prices).toEqual([...prices].sort((a, b) => b - a));
  });
});

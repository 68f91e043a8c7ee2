import { describe, expect, it } from "vitest";
import type { PerPhase } from "../../core/quantity.ts";
import { meanPhasesA, type PhaseSpread, withFlow } from "./phase-spread.ts";

const SECOND_MS = 1000;
const HOUR_MS = 3_600_000;

/** Readings every second for some hours; where `undefined` the sun shines. */
function seen(hours: number, currentA: (ms: number) => PerPhase | undefined, before?: PhaseSpread) {
  let spread = before;
  const fromMs = before?.monoMs ?? 0;
  for (let ms = fromMs + SECOND_MS; ms <= fromMs + hours * HOUR_MS; ms += SECOND_MS)
    spread = withFlow(spread, currentA(ms), ms);
  return spread!;
}

const rounded = (spread: PhaseSpread) => meanPhasesA(spread)!.map((currentA) => Math.round(10 * currentA) / 10);

describe("how a building spreads over the phases", () => {
  it("is what flowed over the hours, whatever is switched on at the moment", () => {
    // A heater of 9 A on L2 for two minutes of nine.
    const heater = (ms: number): PerPhase => [6, ms % 540_000 < 120_000 ? 14 : 5, 5];
    expect(rounded(seen(6, heater))).toEqual([6, 7, 5]);
    const on = withFlow(seen(6, heater), [6, 14, 5], 6 * HOUR_MS + SECOND_MS)!;
    expect(rounded(on)).toEqual([6, 7, 5]);
  });

  it("follows a building that changes, within a day", () => {
    const before = seen(24, () => [10, 0, 0]);
    const now = seen(24, () => [0, 10, 0], before);
    const [l1, l2] = rounded(now) as [number, number];
    expect(l2).toBeGreaterThan(2 * l1);
  });

  it("stays as it was in the dark while the sun shines, and a day of sun does not make it older", () => {
    const dark = seen(3, () => [6, 2, 1]);
    expect(seen(9, () => undefined, dark)).toEqual(dark);
    const evening = withFlow(dark, [1, 1, 10], dark.monoMs + 9 * HOUR_MS)!;
    expect(evening.hours - dark.hours).toBeLessThan(0.02);
    expect(meanPhasesA(evening)![0]).toBeGreaterThan(5.9);
  });
});

import { describe, expect, it } from "vitest";
import type { PlanInput, PlanResult } from "../facts/plan-facts.ts";
import { cheaperThanAtOnce } from "./cheaper.ts";

/** Four quarter-hours, dear first; one car of 11 kW, a building of 1 kW, no sun. */
function plan(powerW: number[], changes: { input?: Partial<PlanInput>; result?: Partial<PlanResult> } = {}) {
  const car = { evseId: "left", transactionId: 7, maxPowerW: 11_000, minPowerW: 4140 };
  const input = {
    slots: 4,
    nominalVoltageV: 230,
    sitePhases: 3,
    importEurPerKwh: [0.5, 0.5, 0.1, 0.1],
    pvW: [0, 0, 0, 0],
    circuits: [{ circuitId: "grid", limitA: 35 }],
    evses: [car],
    ...changes.input,
  } as unknown as PlanInput;
  const result = {
    evses: [{ evseId: "left", transactionId: 7, powerW, shortfallWh: 0 }],
    importW: powerW.map((value) => value + 1000),
    exportW: [0, 0, 0, 0],
    pvUsedW: [0, 0, 0, 0],
    ...changes.result,
  } as unknown as PlanResult;
  return cheaperThanAtOnce(input, result, 7);
}

describe("what a car saves against charging at once", () => {
  it("is its energy at the prices of both times", () => {
    // 5.5 kWh, 40 ct cheaper.
    expect(plan([0, 0, 11_000, 11_000])).toBe(2.2);
    // Of the running quarter-hour a third is left, so that more of the same energy falls into the next one, and later.
    expect(plan([0, 0, 11_000, 0], { input: { elapsed: 2 / 3 } })).toBe(1.1);
  });

  it("is not told where it is nothing, or a loss", () => {
    expect(plan([11_000, 11_000, 0, 0])).toBeUndefined();
    expect(plan([0, 0, 11_000, 11_000], { input: { importEurPerKwh: [0.1, 0.1, 0.5, 0.5] } })).toBeUndefined();
  });

  it("is not told where the sun has a part in it", () => {
    expect(plan([0, 0, 11_000, 0], { result: { exportW: [500, 0, 0, 0] } })).toBeUndefined();
    expect(plan([0, 0, 11_000, 0], { result: { importW: [1000, 1000, 8000, 1000] } })).toBeUndefined();
    expect(plan([0, 0, 11_000, 0], { input: { pvW: [3000, 0, 0, 0] } })).toBeUndefined();
  });

  it("is not told where power has a price of its own, where the fuse has no room, or of a car that gives energy back", () => {
    expect(plan([0, 0, 11_000, 0], { input: { peaks: [{} as never] } })).toBeUndefined();
    expect(plan([0, 0, 11_000, 0], { result: { importW: [20_000, 1000, 12_000, 1000] } })).toBeUndefined();
    const dischargeW = [0, 4000, 0, 0];
    const evses = [{ evseId: "left", transactionId: 7, powerW: [0, 0, 11_000, 0], shortfallWh: 0, dischargeW }];
    expect(plan([0, 0, 11_000, 0], { result: { evses } })).toBeUndefined();
  });

  it("is not told of a car that the plan does not know", () => {
    expect(plan([0, 0, 11_000, 0], { input: { evses: [] } })).toBeUndefined();
  });
});

import { describe, expect, it } from "vitest";
import type { SiteFact } from "../facts/index.ts";
import { evolveForecasts, type ForecastsState, powerAt } from "./forecasts.ts";

const HOUR_MS = 3_600_000;

function received(slice: ForecastsState, startMs: number, powerW: readonly number[], minutes: 15 | 60 = 60) {
  const data = { kind: "pv", by: "weather", series: { startMs, minutes, powerW: [...powerW] } };
  return evolveForecasts(slice, { type: "forecast-received", data } as SiteFact);
}

describe("a forecast from outside", () => {
  it("is replaced by the next, and what was said of the last two hours stays, to judge it by", () => {
    const first = received({}, 0, [1, 2, 3, 4, 5, 6, 7, 8]);
    const second = received(first, 5 * HOUR_MS, [60, 70]);
    const at = (hour: number) => powerAt(second.pv, hour * HOUR_MS);
    expect([2, 3, 4, 5, 6, 7].map(at)).toEqual([undefined, 4, 5, 60, 70, undefined]);
    const third = received(second, 6 * HOUR_MS, [700]);
    expect(powerAt(third.pv, 4 * HOUR_MS)).toBe(5);
    expect(powerAt(third.pv, 3 * HOUR_MS)).toBeUndefined();
  });

  it("stands alone where the one before does not reach it or is of other steps", () => {
    const first = received({}, 0, [1, 2]);
    expect(received(first, 4 * HOUR_MS, [9]).pv).toMatchObject({ startMs: 4 * HOUR_MS, minutes: 60, powerW: [9] });
    expect(received(first, HOUR_MS, [9], 15).pv).toMatchObject({ startMs: HOUR_MS, minutes: 15, powerW: [9] });
  });
});

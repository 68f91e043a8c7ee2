import { describe, expect, it } from "vitest";
import { SLOT_MS } from "../core/slots.ts";
import { forecastBuildingW, forecastPvW } from "./forecast.ts";

/** A Wednesday, 00:00 UTC. */
const START_MS = Date.parse("2026-06-17T00:00Z");

function history(days: number, field: "buildingWh" | "pvWh", powerW: (atMs: number) => number) {
  return Array.from({ length: days * 96 }, (_, index) => {
    const slotStartMs = START_MS - (days * 96 - index) * SLOT_MS;
    return { slotStartMs, complete: true, [field]: powerW(slotStartMs) / 4 };
  });
}

describe("the building's forecast", () => {
  it("stays at the present value without history, and at 0 when nothing is known", () => {
    expect(forecastBuildingW({ quarterHours: [], startMs: START_MS, slots: 3, nowW: 700 })).toEqual([700, 700, 700]);
    expect(forecastBuildingW({ quarterHours: [], startMs: START_MS, slots: 2 })).toEqual([0, 0]);
  });

  it("learns weekdays from weekdays", () => {
    const isWeekend = (atMs: number) => [0, 6].includes(new Date(atMs).getUTCDay());
    const quarterHours = history(14, "buildingWh", (atMs) => (isWeekend(atMs) ? 400 : 2000));
    expect(forecastBuildingW({ quarterHours, startMs: START_MS, slots: 2 })).toEqual([2000, 2000]);
  });

  it("keeps what is different now for two hours, less and less", () => {
    const quarterHours = history(14, "buildingWh", () => 1000);
    const forecast = forecastBuildingW({ quarterHours, startMs: START_MS, slots: 10, nowW: 1800 });
    expect(forecast).toEqual([1800, 1700, 1600, 1500, 1400, 1300, 1200, 1100, 1000, 1000]);
  });
});

describe("the sun's forecast", () => {
  it("fades from the present output within three hours where there is no history", () => {
    const forecast = forecastPvW({ quarterHours: [], startMs: START_MS, slots: 14, nowW: 1200 });
    expect(forecast.slice(0, 3)).toEqual([1200, 1100, 1000]);
    expect(forecast.slice(12)).toEqual([0, 0]);
  });

  it("follows the days before, less on a cloudy day, and never above the peak", () => {
    const quarterHours = history(7, "pvWh", () => 4000).map((quarter) =>
      quarter.slotStartMs > START_MS - 5 * SLOT_MS ? { ...quarter, pvWh: 500 } : quarter,
    );
    const cloudy = forecastPvW({ quarterHours, startMs: START_MS, slots: 96, nowW: 2000, peakW: 3900 });
    expect(cloudy[0]).toBeLessThan(2100);
    expect(cloudy[30]).toBe(3900);
  });
});

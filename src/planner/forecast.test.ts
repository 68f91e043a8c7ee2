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
  const ULM = { latitude: 48.4, longitude: 10 };
  const NOON_MS = START_MS + 11 * 3_600_000;

  it("follows the height of the sun where there is no history: most at noon, nothing at night, less than a clear sky", () => {
    const day = forecastPvW({ quarterHours: [], startMs: NOON_MS, slots: 96, nowW: 7000, peakW: 10_000, place: ULM });
    expect(day[0]).toBe(7000);
    expect(day[8]).toBeGreaterThan(4500);
    // 21:00 to 03:00 UTC is night in Ulm in June.
    expect(day.slice(40, 64).every((powerW) => powerW === 0)).toBe(true);
    expect(Math.max(...day.slice(64))).toBeGreaterThan(3500);
    expect(Math.max(...day.slice(64))).toBeLessThan(5500);
  });

  it("knows at night that the sun will rise, and does not take a cloud for the whole day", () => {
    const night = forecastPvW({ quarterHours: [], startMs: START_MS, slots: 96, nowW: 0, peakW: 10_000, place: ULM });
    expect(night.slice(0, 8)).toEqual(new Array(8).fill(0));
    expect(night[44]).toBeGreaterThan(3500);
    const cloud = forecastPvW({ quarterHours: [], startMs: NOON_MS, slots: 96, nowW: 500, peakW: 10_000, place: ULM });
    expect(cloud[4]).toBeLessThan(2000);
    expect(cloud[94]).toBeGreaterThan(3500);
  });

  it("follows what somebody else expects, corrected by what is measured now", () => {
    const quarterHours = history(7, "pvWh", () => 1000);
    const expectedW = (atMs: number) => (atMs < START_MS + 48 * SLOT_MS ? 2000 : undefined);
    const forecast = forecastPvW({ quarterHours, startMs: START_MS, slots: 96, nowW: 2000, expectedW });
    expect(forecast[30]).toBe(2000);
    expect(forecast[60]).toBe(1000);
    const cloudy = forecastPvW({ quarterHours, startMs: START_MS, slots: 96, nowW: 500, expectedW });
    expect(cloudy[1]).toBeLessThan(1500);
    expect(cloudy[40]).toBe(2000);
    expect(forecastBuildingW({ quarterHours: [], startMs: START_MS, slots: 2, expectedW })).toEqual([2000, 2000]);
  });

  it("fades from the present output within three hours where there is neither history nor a place", () => {
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

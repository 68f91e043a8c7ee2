import { describe, expect, it } from "vitest";
import { SLOT_MS } from "../../core/time/slots.ts";
import { forecastBuildingW, forecastPvW } from "./forecast.ts";

/** A Wednesday, 00:00 UTC. */
const START_MS = Date.parse("2026-06-17T00:00Z");
const DAY_MS = 86_400_000;

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
    const [wednesdayW] = forecastBuildingW({ quarterHours, startMs: START_MS, slots: 1 });
    expect(wednesdayW).toBeGreaterThan(1900);
    const saturday = quarterHours.map((quarter) => ({ ...quarter, slotStartMs: quarter.slotStartMs + 3 * DAY_MS }));
    const [onSaturdayW] = forecastBuildingW({ quarterHours: saturday, startMs: START_MS + 3 * DAY_MS, slots: 1 });
    expect(onSaturdayW).toBeGreaterThan(400);
  });

  it("keeps what is different now for some hours, less and less", () => {
    const quarterHours = history(14, "buildingWh", () => 1000);
    const forecast = forecastBuildingW({ quarterHours, startMs: START_MS, slots: 30, nowW: 1800 });
    expect(forecast[0]).toBe(1800);
    expect(forecast[1]).toBeGreaterThan(1500);
    expect(forecast.slice(1)).toEqual(forecast.slice(1).sort((a, b) => b - a));
    expect(forecast[8]).toBeLessThan(1200);
    expect(forecast[29]).toBeLessThan(1010);
  });

  it("expects part of what was different in the last day, and this week's habits before those of three weeks ago", () => {
    const away = history(14, "buildingWh", (atMs) => (atMs >= START_MS - DAY_MS ? 400 : 1000));
    const forecast = forecastBuildingW({ quarterHours: away, startMs: START_MS, slots: 96 });
    // One day of ten and the level of that day: the mean of days alike alone says 940 W.
    expect(forecast[90]).toBeLessThan(800);
    expect(forecast[90]).toBeGreaterThan(500);
  });

  it("takes others at their word where a whole quarter-hour was as they said, whatever runs this minute", () => {
    const quarterHours = history(7, "buildingWh", () => 900);
    const said = { quarterHours, startMs: START_MS, slots: 8, nowW: 3000, expectedW: () => 900 };
    expect(forecastBuildingW(said).slice(1)).toEqual(new Array(7).fill(900));
  });
});

describe("a load that somebody said would begin with this quarter-hour", () => {
  const quarterHours = history(7, "buildingWh", () => 900);
  const expectedW = (atMs: number) => (atMs < START_MS ? 900 : 5000);
  const at = (seconds: number, nowW: number) =>
    forecastBuildingW({
      quarterHours,
      startMs: START_MS,
      nowMs: START_MS + seconds * 1000,
      slots: 2,
      nowW,
      expectedW,
    })[0];

  it("is believed when it begins, though the last minutes were those before it, and as the mean follows it", () => {
    expect(at(0, 900)).toBe(5000);
    expect(at(300, 900 + 4100 * 0.63)).toBe(5000);
  });

  it("is not where the minutes before were other than said, nor when it does not come", () => {
    expect(at(0, 4500)).toBe(4500);
    expect(at(360, 900)).toBe(900);
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

  it("follows what somebody else expects, corrected by how far it was off lately", () => {
    const quarterHours = history(7, "pvWh", () => 1000);
    const expectedW = (atMs: number) => (atMs >= START_MS && atMs < START_MS + 48 * SLOT_MS ? 2000 : undefined);
    const forecast = forecastPvW({ quarterHours, startMs: START_MS, slots: 96, nowW: 2000, expectedW });
    expect(forecast[30]).toBe(2000);
    expect(forecast[60]).toBe(1000);
    const brighter = (atMs: number) => (atMs < START_MS + 48 * SLOT_MS ? 2000 : undefined);
    const cloudy = forecastPvW({ quarterHours, startMs: START_MS, slots: 96, nowW: 1000, expectedW: brighter });
    expect(cloudy[1]).toBeLessThan(1100);
    expect(cloudy[47]).toBeGreaterThan(1700);
    expect(forecastBuildingW({ quarterHours: [], startMs: START_MS, slots: 2, expectedW })).toEqual([2000, 2000]);
  });

  it("judges what others expect by what they said, not by what the site thought before", () => {
    const quarterHours = history(7, "pvWh", () => 4000);
    const expectedW = (atMs: number) => (atMs >= START_MS ? 1000 : undefined);
    const forecast = forecastPvW({ quarterHours, startMs: START_MS, slots: 96, nowW: 1000, expectedW });
    expect(forecast).toEqual(new Array(96).fill(1000));
  });

  it("takes no dark day for a dark tomorrow, and expects never far above the best of the days before", () => {
    const noon = (atMs: number) => Math.max(0, 3000 * Math.sin((Math.PI * (atMs % DAY_MS)) / DAY_MS));
    const dark = history(14, "pvWh", (atMs) => noon(atMs) * (atMs >= START_MS - DAY_MS ? 0.1 : 1));
    const afterDark = forecastPvW({ quarterHours: dark, startMs: START_MS, slots: 96, nowW: 0 });
    expect(afterDark[48]).toBeGreaterThan(2200);
    expect(afterDark[48]).toBeLessThan(3000);
    const clear = history(14, "pvWh", (atMs) => noon(atMs) * (Math.floor(atMs / DAY_MS) % 2 === 0 ? 1 : 0.2));
    const clearing = forecastPvW({ quarterHours: clear, startMs: START_MS, slots: 96, nowW: 3000 });
    expect(Math.max(...clearing)).toBeLessThanOrEqual(3000);
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
    const cloudy = forecastPvW({ quarterHours, startMs: START_MS, slots: 96, nowW: 2000, peakW: 3500 });
    expect(cloudy[0]).toBeLessThan(2600);
    expect(cloudy[10]).toBeLessThan(3300);
    expect(cloudy[95]).toBe(3500);
  });
});

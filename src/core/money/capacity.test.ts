import { describe, expect, it } from "vitest";
import type { CapacityTariff } from "../site/site-capacity.ts";
import { evolveImports, IMPORT_SLOTS_KEPT, type ImportsState, initialImports } from "../state/imports.ts";
import { localMoment } from "../time/calendar.ts";
import { SLOT_MS } from "../time/slots.ts";
import { capacityCharges, capacityEur, capacityValueKw, monthPeaks } from "./capacity.ts";

const BRUSSELS = "Europe/Brussels";

function tariff(part: Partial<CapacityTariff> = {}): CapacityTariff {
  return {
    name: "capacity",
    intervalMinutes: 15,
    peaks: 1,
    floorKw: 0,
    eurPerKwMonth: 0,
    steps: [],
    windows: [],
    otherwise: { weight: 1, contractedKw: 0 },
    ...part,
  };
}

/** The imports that follow from quarter-hours of these powers, kW. */
function imports(quarterHours: readonly (readonly [at: string, kw: number])[]): ImportsState {
  return quarterHours.reduce((slice, [at, kw]) => {
    const data = { slotStartMs: Date.parse(at), complete: true, importWh: kw * 250 };
    return evolveImports(slice, { type: "quarter-hour-metered", data } as Parameters<typeof evolveImports>[1]);
  }, initialImports());
}

const at = (text: string) => ({ atMs: Date.parse(text), timeZone: BRUSSELS });

describe("what a month's peaks cost", () => {
  const belgian = tariff({ name: "capaciteitstarief", floorKw: 2.5, eurPerKwMonth: 4 });

  it("Belgium: the highest quarter-hour of the local month, at least 2.5 kW", () => {
    // 22:30 UTC on 31 January is still January in Brussels, 23:00 is February.
    const measured = imports([
      ["2026-01-31T22:30Z", 9],
      ["2026-01-31T23:00Z", 2],
      ["2026-02-03T11:00Z", 6.4],
    ]);
    expect(capacityCharges([belgian], measured, at("2026-02-03T12:00Z"))).toEqual([
      { name: "capaciteitstarief", valueKw: 6.4, eur: 25.6 },
    ]);
    expect(capacityCharges([belgian], measured, at("2026-02-01T08:00Z"))[0]?.eur).toBe(10);
    expect(capacityCharges([belgian], measured, at("2026-01-31T22:50Z"))[0]?.valueKw).toBe(9);
  });

  it("Norway: the mean of the highest hours of three days sets the step", () => {
    const steps = [2, 5, 10, 15].map((upToKw, index) => ({ upToKw, eurPerMonth: 10 * (index + 1) }));
    const norwegian = tariff({ intervalMinutes: 60, peaks: 3, steps });
    const hour = (day: number, kw: number) =>
      [0, 15, 30, 45].map((minute) => [`2026-02-0${day}T10:${String(minute).padStart(2, "0")}Z`, kw] as const);
    const measured = imports([...hour(1, 6), ...hour(2, 4), ...hour(3, 2), ...hour(4, 3)]);
    const peaks = monthPeaks(norwegian, measured, Date.parse("2026-02-05T00:00Z"), BRUSSELS);
    expect(peaks.map(({ kw }) => kw)).toEqual([6, 4, 2, 3]);
    const value = capacityValueKw(norwegian, peaks);
    expect(value).toBeCloseTo(13 / 3);
    expect([2, value, 10.1, 99].map((kw) => capacityEur(norwegian, kw))).toEqual([10, 20, 40, 40]);
  });

  it("a quarter-hour that is half an hour's peak counts half of it", () => {
    const hourly = tariff({ intervalMinutes: 60, eurPerKwMonth: 1 });
    const measured = imports([
      ["2026-02-01T10:00Z", 8],
      ["2026-02-01T10:15Z", 0],
      ["2026-02-01T10:30Z", 0],
      ["2026-02-01T10:45Z", 0],
    ]);
    expect(capacityCharges([hourly], measured, at("2026-02-01T11:00Z"))[0]?.valueKw).toBe(2);
    // An hour that is not over is not a peak yet.
    expect(capacityCharges([hourly], measured, at("2026-02-01T10:45Z"))[0]?.valueKw).toBe(0);
  });

  it("Sweden: only days of winter count, nights by half", () => {
    const winter = [11, 12, 1, 2, 3];
    const windows = [
      { from: "22:00", to: "06:00", months: winter, weight: 0.5, contractedKw: 0 },
      { from: "06:00", to: "22:00", months: winter, weight: 1, contractedKw: 0 },
    ];
    const swedish = tariff({ eurPerKwMonth: 1, windows, otherwise: { weight: 0, contractedKw: 0 } });
    const night = imports([["2026-02-01T02:00Z", 8]]);
    expect(capacityCharges([swedish], night, at("2026-02-01T11:00Z"))[0]?.valueKw).toBe(4);
    const summer = imports([["2026-07-01T12:00Z", 8]]);
    expect(capacityCharges([swedish], summer, at("2026-07-01T13:00Z"))[0]?.valueKw).toBe(0);
  });

  it("the Netherlands: only what is above the contracted block of the time", () => {
    const windows = [{ from: "06:00", to: "22:00", weight: 1, contractedKw: 50 }];
    const dutch = tariff({ eurPerKwMonth: 5, windows, otherwise: { weight: 1, contractedKw: 200 } });
    const measured = imports([
      ["2026-02-02T02:00Z", 190],
      ["2026-02-02T12:00Z", 58],
    ]);
    expect(capacityCharges([dutch], measured, at("2026-02-03T00:00Z"))[0]).toMatchObject({ valueKw: 8, eur: 40 });
  });
});

describe("the imports that a site remembers", () => {
  it("are the last 32 days, with holes where nothing was measured", () => {
    const first = Date.UTC(2026, 0, 1);
    let slice = initialImports();
    const tell = (slot: number, importWh: number | undefined) => {
      const data = {
        slotStartMs: first + slot * SLOT_MS,
        complete: true,
        ...(importWh === undefined ? {} : { importWh }),
      };
      slice = evolveImports(slice, { type: "quarter-hour-metered", data } as Parameters<typeof evolveImports>[1]);
    };
    tell(0, 1);
    tell(3, 4);
    tell(1, 9);
    tell(4, undefined);
    expect(slice.energyWh).toEqual([1, 9, null, 4, null]);
    for (let slot = 5; slot < IMPORT_SLOTS_KEPT + 10; slot++) tell(slot, slot);
    expect(slice.energyWh).toHaveLength(IMPORT_SLOTS_KEPT);
    expect(slice.firstMs).toBe(first + 10 * SLOT_MS);
    expect(slice.energyWh[0]).toBe(10);
    tell(10 * IMPORT_SLOTS_KEPT, 5);
    expect(slice.energyWh).toEqual([5]);
  });
});

describe("a month's peaks when the clock was wrong", () => {
  const belgian = tariff({ eurPerKwMonth: 4 });

  it("are those of the months that follow, where it had stood years ahead before anybody set it", () => {
    const measured = imports([
      ["2031-05-01T10:00Z", 2],
      ["2031-05-01T10:15Z", 2],
      ["2026-02-03T11:00Z", 6],
      ["2026-02-03T11:15Z", 3],
    ]);
    expect(capacityCharges([belgian], measured, at("2026-02-03T12:00Z"))[0]).toMatchObject({ valueKw: 6, eur: 24 });
  });

  it("are those of now, where it had stood a month ahead for a month", () => {
    const ahead = Array.from({ length: 30 * 96 }, (_, slot) => {
      return [new Date(Date.parse("2026-03-05T00:00Z") + slot * SLOT_MS).toISOString(), 2] as const;
    });
    const now = [0, 1, 2, 3].map((hour) => [`2026-02-20T0${hour}:15Z`, 5 + hour] as const);
    const measured = imports([...ahead, ...now]);
    expect(capacityCharges([belgian], measured, at("2026-02-20T12:00Z"))[0]).toMatchObject({ valueKw: 8 });
  });

  it("hold the higher of two where an hour came twice", () => {
    // Set back at 12:20 by half an hour: the quarter of 12:15 was cut, and is lived through once more.
    const measured = imports([
      ["2026-02-03T12:00Z", 4],
      ["2026-02-03T12:15Z", 1],
      ["2026-02-03T11:45Z", 2],
      ["2026-02-03T12:00Z", 3],
      ["2026-02-03T12:15Z", 7],
      ["2026-02-03T12:30Z", 1],
    ]);
    expect(measured.energyWh).toEqual([500, 1000, 1750, 250]);
  });
});

describe("the calendar of a place", () => {
  it("has the months of every day of forty years", () => {
    for (let day = Date.UTC(2000, 0, 1); day < Date.UTC(2040, 0, 1); day += 86_400_000) {
      const date = new Date(day);
      expect(localMoment(day, "UTC").month).toBe(date.getUTCFullYear() * 12 + date.getUTCMonth());
    }
  });

  it("knows days, months and clocks that change", () => {
    const moment = (text: string) => localMoment(Date.parse(text), BRUSSELS);
    expect(moment("2026-03-29T00:30Z")).toMatchObject({ weekday: 7, minuteOfDay: 90, daysLeft: 3, monthOfYear: 3 });
    expect(moment("2026-03-29T01:30Z").minuteOfDay).toBe(210);
    expect(moment("2026-10-25T00:30Z").minuteOfDay).toBe(150);
    expect(moment("2026-10-25T01:30Z").minuteOfDay).toBe(150);
    expect(moment("2025-12-31T23:00Z")).toMatchObject({ monthOfYear: 1, daysLeft: 31 });
  });
});

/** What sessions cost: worked out by hand from the rules of the text. */
import { describe, expect, test } from "vitest";
import type { TariffConfiguration } from "../site/site-upstream.ts";
import { costOf } from "./cost.ts";
import type { Period } from "./periods.ts";

const START = Date.UTC(2026, 5, 10, 15, 30);
const MINUTE = 60_000;

function period(fromMin: number, toMin: number, energyWh: number, more: Partial<Period> = {}): Period {
  const chargingMs = energyWh > 0 ? (toMin - fromMin) * MINUTE : 0;
  return {
    startMs: START + fromMin * MINUTE,
    endMs: START + toMin * MINUTE,
    energyWh,
    chargingMs,
    parkingMs: 0,
    maxPowerW: 11_000,
    ...more,
  };
}
type Elements = TariffConfiguration["elements"];
const tariff = (elements: Elements, more: Partial<TariffConfiguration> = {}): TariffConfiguration => ({
  id: "t",
  type: "REGULAR",
  elements,
  ...more,
});
const energy = (price: number, stepSize = 1) => ({ type: "ENERGY", price, stepSize }) as const;
const time = (price: number, stepSize = 1) => ({ type: "TIME", price, stepSize }) as const;
const parking = (price: number, stepSize = 1) => ({ type: "PARKING_TIME", price, stepSize }) as const;
const total = (elements: Elements, periods: Period[], more?: Partial<TariffConfiguration>) =>
  costOf(tariff(elements, more), periods, "UTC").total.exclVat;

describe("a session costs", () => {
  test("its energy and a fee, with VAT of each", () => {
    const elements: Elements = [
      {
        components: [
          { ...energy(0.25), vatPercent: 10 },
          { type: "FLAT", price: 1, vatPercent: 20, stepSize: 1 },
        ],
      },
    ];
    expect(costOf(tariff(elements), [period(0, 15, 4_000), period(15, 30, 6_000)], "UTC")).toEqual({
      total: { exclVat: 3.5, inclVat: 3.95 },
      energy: { exclVat: 2.5, inclVat: 2.75 },
      fixed: { exclVat: 1, inclVat: 1.2 },
    });
  });

  test("no VAT total where one part has none", () => {
    const elements: Elements = [
      {
        components: [
          { ...energy(0.25), vatPercent: 10 },
          { type: "FLAT", price: 1, stepSize: 1 },
        ],
      },
    ];
    expect(costOf(tariff(elements), [period(0, 15, 4_000)], "UTC").total).toEqual({ exclVat: 2 });
  });

  test("another price from 16:00 on, also in the middle of a period", () => {
    const elements: Elements = [
      { components: [energy(1)], restrictions: { startTime: "16:00", endTime: "20:00" } },
      { components: [energy(0.5)] },
    ];
    expect(total(elements, [period(0, 60, 10_000)])).toBe(7.5);
    expect(costOf(tariff(elements), [period(0, 60, 10_000)], "Europe/Amsterdam").total.exclVat).toBe(10);
  });

  test("a price over midnight", () => {
    const elements: Elements = [
      { components: [energy(0.1)], restrictions: { startTime: "22:00", endTime: "06:00" } },
      { components: [energy(1)] },
    ];
    // 21:30 to 22:30, and on to 06:30: an hour and a half of it by day.
    expect(total(elements, [period(360, 420, 2_000), period(420, 900, 10_000)])).toBe(1 + 0.1 + 0.9375 + 0.625);
    expect(total(elements, [period(420, 480, 1_000)])).toBe(0.1);
    expect(total(elements, [period(15 * 60, 15 * 60 + 30, 1_000)])).toBe(1);
  });

  test("the first 5 kWh at one price, what follows at another, cut where the 5 kWh are", () => {
    const elements: Elements = [
      { components: [energy(1)], restrictions: { maxKwh: 5 } },
      { components: [energy(0.2)] },
    ];
    expect(total(elements, [period(0, 15, 4_000), period(15, 30, 4_000)])).toBeCloseTo(5 + 3 * 0.2, 4);
  });

  test("time only after the first hour, days and dates by the local calendar", () => {
    const elements: Elements = [{ components: [time(6)], restrictions: { minDurationS: 3_600 } }];
    expect(total(elements, [period(0, 90, 5_000)])).toBe(3);
    expect(total([{ components: [energy(1)], restrictions: { days: ["WEDNESDAY"] } }], [period(0, 15, 1_000)])).toBe(1);
    expect(total([{ components: [energy(1)], restrictions: { days: ["THURSDAY"] } }], [period(0, 15, 1_000)])).toBe(0);
    expect(
      total(
        [{ components: [energy(1)], restrictions: { startDate: "2026-06-10", endDate: "2026-06-11" } }],
        [period(0, 15, 1_000)],
      ),
    ).toBe(1);
    expect(total([{ components: [energy(1)], restrictions: { endDate: "2026-06-10" } }], [period(0, 15, 1_000)])).toBe(
      0,
    );
  });

  test("steps once a session: energy by the kWh, time by the five minutes of its last kind", () => {
    expect(total([{ components: [energy(1, 1_000)] }], [period(0, 15, 1_200), period(15, 30, 1_100)])).toBe(3);
    expect(total([{ components: [energy(1, 1_000)] }], [period(0, 15, 1_000), period(15, 30, 2_000)])).toBe(3);
    const both: Elements = [{ components: [time(6, 300), parking(12, 600)] }];
    const idle = period(15, 27, 0, { parkingMs: 12 * MINUTE });
    // 12 minutes of parking are billed as 20, its step is ten; those of charging as they are.
    expect(total(both, [period(0, 15, 2_000), idle])).toBeCloseTo(0.25 * 6 + (20 / 60) * 12, 4);
  });

  test("nothing for time in which the site kept the car waiting", () => {
    expect(total([{ components: [time(6), parking(12)] }], [period(0, 15, 0)])).toBe(0);
  });

  test("at least and at most what the tariff says", () => {
    expect(total([{ components: [energy(1)] }], [period(0, 15, 1_000)], { minPrice: 2 })).toBe(2);
    expect(total([{ components: [energy(1)] }], [period(0, 15, 9_000)], { maxPrice: 5 })).toBe(5);
  });

  test("what cars are paid where the price is negative", () => {
    expect(total([{ components: [energy(-0.1)] }], [period(0, 15, 10_000)])).toBe(-1);
  });
});

test("limits with and without VAT hold for their own amounts", () => {
  const components = [{ type: "ENERGY" as const, price: 1, vatPercent: 20, stepSize: 1 }];
  const limited = { id: "t", type: "REGULAR" as const, elements: [{ components }], maxPrice: 9, maxPriceInclVat: 10 };
  const hour = { startMs: 0, endMs: 3_600_000, chargingMs: 3_600_000, parkingMs: 0, maxPowerW: 0 };
  const cost = (wh: number) => costOf(limited, [{ ...hour, energyWh: wh }], "UTC").total;
  expect(cost(5_000)).toEqual({ exclVat: 5, inclVat: 6 });
  expect(cost(8_700)).toEqual({ exclVat: 8.7, inclVat: 10 });
  expect(cost(20_000)).toEqual({ exclVat: 9, inclVat: 10 });
});

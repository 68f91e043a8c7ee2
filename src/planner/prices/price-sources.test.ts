import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { localMoment } from "../../core/time/calendar.ts";
import { SLOT_MS } from "../../core/time/slots.ts";
import { completePrices } from "./price-series.ts";
import { pricesFromCsv, pricesFromJson, timeOfUsePrice } from "./price-sources.ts";

const night = {
  kind: "time-of-use" as const,
  periods: [{ from: "22:00", to: "06:00", days: [1, 2, 3, 4, 5, 6, 7], eurPerKwh: 0.1 }],
  otherwiseEurPerKwh: 0.3,
};

function slotsOfDay(fromIso: string, toIso: string): number[] {
  const slots: number[] = [];
  for (let atMs = Date.parse(fromIso); atMs < Date.parse(toIso); atMs += SLOT_MS) slots.push(atMs);
  return slots;
}

describe("a tariff by time of use", () => {
  it.each([
    ["the day that loses an hour", "2026-03-28T23:00Z", "2026-03-29T22:00Z", 92, 28],
    ["an ordinary day", "2026-06-14T22:00Z", "2026-06-15T22:00Z", 96, 32],
    ["the day that gains an hour", "2026-10-24T22:00Z", "2026-10-25T23:00Z", 100, 36],
  ])("has its cheap hours by the clock on the wall on %s", (_, from, to, all, cheap) => {
    const slots = slotsOfDay(from, to);
    expect(slots).toHaveLength(all);
    const prices = slots.map((slotMs) => timeOfUsePrice(night, slotMs, "Europe/Berlin"));
    expect(prices.filter((price) => price === 0.1)).toHaveLength(cheap);
  });

  it("counts the hours after midnight to the day before", () => {
    const fridays = { ...night, periods: [{ from: "22:00", to: "06:00", days: [5], eurPerKwh: 0.1 }] };
    const at = (iso: string) => timeOfUsePrice(fridays, Date.parse(iso), "UTC");
    expect([
      at("2026-06-19T01:00Z"),
      at("2026-06-19T23:00Z"),
      at("2026-06-20T05:45Z"),
      at("2026-06-20T06:00Z"),
    ]).toEqual([0.3, 0.1, 0.1, 0.3]);
  });

  it("knows weekday and minute of midnight", () => {
    expect(localMoment(Date.parse("2026-06-14T22:00Z"), "Europe/Berlin")).toMatchObject({ weekday: 1, minuteOfDay: 0 });
  });
});

describe("day-ahead prices", () => {
  const start = Date.parse("2026-06-15T00:00Z");

  it("come from CSV with rows of an hour or a quarter", () => {
    const hourly = pricesFromCsv(
      "start_utc,eur_per_kwh\n2026-06-15T00:00:00Z,0.1\n2026-06-15T01:00:00Z,-0.02\nnonsense,\n",
    );
    expect([...hourly.prices.values()]).toEqual([0.1, 0.1, 0.1, 0.1, -0.02, -0.02, -0.02, -0.02]);
    expect(hourly.unreadable).toBe(1);
    const quarters = pricesFromCsv("start_utc,eur_per_kwh\n2026-06-15 00:00,0.1\n2026-06-15 00:15,0.2\n");
    expect([...quarters.prices]).toEqual([
      [start, 0.1],
      [start + SLOT_MS, 0.2],
    ]);
  });

  it("are unknown where a row has none, in files and answers alike", () => {
    const quarters = pricesFromCsv(
      "start_utc,eur_per_kwh\n2026-06-15 00:00,0.1\n2026-06-15 00:15,\n2026-06-15 00:30,0.3\n",
    );
    const known = [
      [start, 0.1],
      [start + 2 * SLOT_MS, 0.3],
    ];
    expect([...quarters.prices].slice(0, 2)).toEqual(known);
    expect([...quarters.prices.keys()]).not.toContain(start + SLOT_MS);
    expect(quarters.unreadable).toBe(1);
    const seconds = [0, 1, 2].map((slot) => (start + slot * SLOT_MS) / 1000);
    const answered = pricesFromJson({ unix_seconds: seconds, price: [100, null, 300], unit: "EUR/MWh" });
    expect([...answered.prices].slice(0, 2)).toEqual(known);
  });

  it("come from aWATTar in EUR/MWh", () => {
    const body = {
      object: "list",
      data: [{ start_timestamp: start, end_timestamp: start + 3_600_000, marketprice: 87.5, unit: "Eur/MWh" }],
    };
    expect([...pricesFromJson(body).prices.values()]).toEqual([0.0875, 0.0875, 0.0875, 0.0875]);
  });

  it("come from energy-charts, two arrays side by side", () => {
    const body = { unix_seconds: [start / 1000, start / 1000 + 900], price: [50, null], unit: "EUR / MWh" };
    const { prices, unreadable } = pricesFromJson(body);
    expect(prices.get(start)).toBe(0.05);
    expect(unreadable).toBe(1);
  });

  it("come from a plain array", () => {
    const { prices } = pricesFromJson([{ start: "2026-06-15T02:00:00+02:00", eurPerKwh: 0.25 }]);
    expect(prices.get(start)).toBe(0.25);
  });

  it("are none where the answer is something else, or out of all proportion", () => {
    expect(pricesFromJson("sorry").prices.size).toBe(0);
    expect(pricesFromJson([{ start: start, price: 87_500 }], "EUR/kWh").prices.size).toBe(0);
  });

  it("are none where one row gives the unit away, for the small ones look like prices", () => {
    const perMwh = [5, 9, 87].map((price, hour) => ({ start: start + hour * 3_600_000, price }));
    const { prices, problem } = pricesFromJson(perMwh, "EUR/kWh");
    expect(prices.size).toBe(0);
    expect(problem).toContain("EUR/MWh");
  });

  it("are refused without a unit, whatever their size", () => {
    expect(pricesFromJson([{ start, price: 5 }])).toMatchObject({ problem: expect.stringContaining("unit") });
    expect(pricesFromCsv("time,price\n2026-06-15T00:00:00Z,5\n").problem).toContain("site.yaml");
  });

  it("are in the unit that the answer names, then in the configured one", () => {
    const first = (body: unknown, unit?: "ct/kWh") => pricesFromJson(body, unit).prices.get(start);
    expect(first([{ start, price: 50, unit: "EUR/MWh" }], "ct/kWh")).toBe(0.05);
    expect(first({ unit: "ct/kWh", data: [{ start, value: 7 }] })).toBe(0.07);
    expect(first([{ start, price: 7 }], "ct/kWh")).toBe(0.07);
    expect(first([{ startsAt: "2026-06-15T00:00:00Z", total: 0.31 }])).toBe(0.31);
    expect(pricesFromCsv("start_utc,eur_per_mwh\n2026-06-15T00:00:00Z,50\n").prices.get(start)).toBe(0.05);
    expect(pricesFromCsv("start_utc,price\n2026-06-15T00:00:00Z,7\n", "ct/kWh").prices.get(start)).toBe(0.07);
  });

  it("come from a spreadsheet that writes semicolons and decimal commas", () => {
    const { prices, unreadable } = pricesFromCsv("\uFEFFstart_utc;eur_per_kwh\r\n2026-06-15T00:00:00Z;0,1042\r\n");
    expect([prices.get(start), unreadable]).toEqual([0.1042, 0]);
  });

  it("are the youngest of a file that is longer than what is kept", () => {
    const rows = Array.from({ length: 40_100 }, (_, i) => `${new Date(start + i * SLOT_MS).toISOString()},${i % 2}`);
    const { prices } = pricesFromCsv(`start_utc,eur_per_kwh\n${rows.join("\n")}\n`);
    expect(prices.size).toBe(40_000);
    expect(prices.has(start + 40_099 * SLOT_MS)).toBe(true);
  });
});

describe("real prices of the days on which clocks change", () => {
  const { prices, unreadable } = pricesFromCsv(
    readFileSync(new URL("../fixtures/prices-de-lu-clock-changes.csv", import.meta.url), "utf8"),
  );

  it.each([
    ["by the hour, of 23 hours", "2025-03-29T23:00Z", "2025-03-30T22:00Z", 92],
    ["by the quarter, of 25 hours", "2025-10-25T22:00Z", "2025-10-26T23:00Z", 100],
  ])("fill the day %s", (_, from, to, slots) => {
    const day = slotsOfDay(from, to);
    expect(unreadable).toBe(0);
    expect(day).toHaveLength(slots);
    expect(day.every((slotMs) => prices.has(slotMs))).toBe(true);
    expect(prices.has(Date.parse(to))).toBe(false);
    expect(localMoment(day[0]!, "Europe/Berlin").minuteOfDay).toBe(0);
    expect(localMoment(day.at(-1)!, "Europe/Berlin").minuteOfDay).toBe(1425);
  });

  it("stand in for the day after, slot by slot", () => {
    const startMs = Date.parse("2025-10-26T22:00Z");
    const complete = completePrices((slotMs) => prices.get(slotMs), { startMs, slots: 96, otherwise: 9 });
    expect(complete[0]).toBe(prices.get(startMs));
    expect(complete[10]).toBe(prices.get(startMs + (10 - 96) * SLOT_MS));
  });
});

describe("prices of a horizon", () => {
  it("are those of the last day that is known where the market was silent for days", () => {
    const from = (day: number, price: number) =>
      Array.from({ length: 96 }, (_, slot) => [day * 96 + slot, price] as const);
    const known = new Map<number, number>([...from(-3, 0.2), ...from(-8, 0.9), [-3 * 96 + 1, 0.4]]);
    const prices = completePrices((slotMs) => known.get(slotMs / SLOT_MS), { startMs: 0, slots: 192, otherwise: 0.3 });
    expect([prices[0], prices[1], prices[95], prices[97]]).toEqual([0.2, 0.4, 0.2, 0.4]);
    const later = completePrices((slotMs) => known.get(slotMs / SLOT_MS - 10 * 96), {
      startMs: 0,
      slots: 4,
      otherwise: 0.3,
    });
    expect(later).toEqual([0.3, 0.3, 0.3, 0.3]);
  });

  it("are those of the day before where they are not known yet, else the mean", () => {
    const known = new Map([
      [0, 0.1],
      [-95 * SLOT_MS, 0.5],
      [3 * SLOT_MS, 0.3],
    ]);
    const prices = completePrices((slotMs) => known.get(slotMs), { startMs: 0, slots: 4, otherwise: 0.3 });
    expect(prices).toEqual([0.1, 0.5, 0.2, 0.3]);
    expect(completePrices(() => Number.NaN, { startMs: 0, slots: 2, otherwise: 0.3 })).toEqual([0.3, 0.3]);
  });
});

import { describe, expect, it } from "vitest";
import fc from "../../../test/fast-check.ts";
import type { SeriesMap } from "../../core/site/site-forecasts.ts";
import { pricesFromJson } from "../prices/price-sources.ts";
import { powerSeriesFrom, sumOfSeries } from "./series-source.ts";

const NOW_MS = Date.UTC(2026, 5, 15, 10, 7);
const SLOT_MS = NOW_MS - 7 * 60_000;
const iso = (minute: number) => new Date(SLOT_MS + minute * 60_000).toISOString();
const base = { stamp: "start", missing: "unknown", unit: "W" } as const;

function powers(body: unknown, map: SeriesMap, more = {}) {
  const result = powerSeriesFrom(body, map, { nowMs: NOW_MS, ...more });
  return "problem" in result ? result.problem : result.series.powerW;
}

describe("what a provider foretells", () => {
  it("as two arrays of irradiance becomes power by peak and performance; a time that ends its interval counts before it", () => {
    const seconds = [15, 30, 45].map((minute) => SLOT_MS / 1000 + minute * 60);
    const body = { minutely_15: { time: seconds, global_tilted_irradiance: [1000, 500, -2] } };
    const map: SeriesMap = {
      ...{ times: "minutely_15.time", values: "minutely_15.global_tilted_irradiance", minutes: 15 },
      ...{ stamp: "end", unit: "W/m2", missing: "unknown" },
    };
    expect(powers(body, map, { peakW: 8000, performance: 0.85 })).toEqual([6800, 3400, 0]);
    expect(powers(body, map)).toContain("peakW");
  });

  it("as energy by time with nights left out becomes power, and the night is dark", () => {
    const hours = { [iso(-60)]: 0, [iso(0)]: 1000, [iso(60)]: 2000, [iso(24 * 60)]: 0, [iso(25 * 60)]: 500 };
    const map: SeriesMap = { rows: "result.watt_hours_period", stamp: "end", unit: "Wh", missing: "zero" };
    const series = powers({ result: { watt_hours_period: hours } }, map) as number[];
    expect(series.slice(0, 5)).toEqual([2000, 2000, 2000, 2000, 0]);
    expect(series.slice(96, 100)).toEqual([500, 500, 500, 500]);
    expect(series).toHaveLength(100);
  });

  it("as rows of half an hour in kW is known as long as its rows follow each other", () => {
    const rows = [30, 60, 120].map((end) => ({ period_end: iso(end), pv_estimate: end / 30 }));
    const map: SeriesMap = {
      ...{ rows: "forecasts", time: "period_end", value: "pv_estimate", minutes: 30 },
      ...{ stamp: "end", unit: "kW", missing: "unknown" },
    };
    expect(powers({ forecasts: rows }, map)).toEqual([1000, 1000, 2000, 2000]);
  });

  it("of five minutes is averaged, of hours held", () => {
    const five = [0, 5, 10].map((minute, index) => ({ t: iso(minute), v: 300 * index }));
    expect(powers(five, { ...base, time: "t", value: "v" })).toEqual([300]);
    const hours = [0, 60].map((minute) => ({ t: iso(minute), v: minute + 100 }));
    expect(powers(hours, { ...base, time: "t", value: "v" })).toEqual([100, 100, 100, 100, 160, 160, 160, 160]);
  });

  it("in the wrong place, in the past, or out of all proportion is refused in words", () => {
    expect(powers({ a: 1 }, { ...base, rows: "result.watts" })).toContain("no series at result.watts");
    expect(powers([{ t: iso(-600), v: 1 }], { ...base, time: "t", value: "v" })).toContain("nothing of the next");
    expect(powers([{ t: iso(0), v: 1e9 }], { ...base, time: "t", value: "v" })).toContain("unit");
  });

  it("never is more than finite powers of 0 and more, whatever the answer", () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom("rows", "a.b", "__proto__.x", "0"), (body, path) => {
        for (const map of [
          { ...base, rows: path, time: "t", value: "v" },
          { ...base, times: path, values: path },
        ]) {
          const found = powers({ rows: body, a: { b: body } }, map);
          if (typeof found !== "string")
            expect(found.every((powerW) => Number.isFinite(powerW) && powerW >= 0)).toBe(true);
        }
      }),
      { numRuns: 200, seed: 4 },
    );
  });
});

it("of two roofs the sum counts, as long as both are known", () => {
  const one = { startMs: SLOT_MS, minutes: 15 as const, powerW: [1, 2, 3] };
  const later = { startMs: SLOT_MS + 900_000, minutes: 15 as const, powerW: [10, 20, 30] };
  expect(sumOfSeries([one, later])).toEqual({ startMs: SLOT_MS + 900_000, minutes: 15, powerW: [12, 23] });
  expect(sumOfSeries([])).toBeUndefined();
});

it("prices are read where the owner says that they stand, in the unit that the owner says", () => {
  const body = { data: { hours: [{ from: iso(0), market: { ct: 12 } }] } };
  const place = { rows: "data.hours", time: "from", value: "market.ct" };
  expect(pricesFromJson(body, "ct/kWh", place).prices.get(SLOT_MS)).toBe(0.12);
  expect(pricesFromJson(body, undefined, place).problem).toContain("unit");
  expect(pricesFromJson(body, "ct/kWh", { ...place, rows: "elsewhere" }).problem).toContain("series:");
});

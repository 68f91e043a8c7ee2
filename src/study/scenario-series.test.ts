/** Measured series of a scenario: loads, sun, prices, what the grid emits. */
import { describe, expect, it } from "vitest";
import { DAY, file, read, SITE, scenarioOf } from "./scenario-file.test-kit.ts";
import { simulate } from "./simulate.ts";

describe("measured series", () => {
  it("of another year and continent come at the same time of day", () => {
    // Noon in Los Angeles in June 2019 is 19:00 UTC; noon in Berlin in October 2025 is 11:00 UTC.
    file("pv.csv", "start_utc,pv_kw\n2019-06-09T19:00:00Z,3.4\n2019-06-09T19:15:00Z,1.7\n");
    const data = "data: { pv: { file: pv.csv, begins: 2019-06-09, timeZone: America/Los_Angeles, peakKw: 3.4 } }";
    const site = SITE.replace("evses", "pv: { peakKw: 6.8 }, evses");
    const { scenario } = scenarioOf([DAY, site, data]);
    const noon = (Date.UTC(2025, 9, 26, 11) - scenario.startMs) / 900_000;
    expect(scenario.pvW.slice(noon - 1, noon + 3)).toEqual([0, 6800, 3400, 0]);
  });

  it("of five minutes, half-hours and hours are averaged to quarter-hours; holes and nonsense are counted, not guessed", () => {
    const start = Date.UTC(2025, 9, 25, 22);
    const five = [1, 2, 3, "", "x", 6].map((kw, index) => `${new Date(start + index * 300_000).toISOString()},${kw}`);
    file("load.csv", ["start_utc,load_kw", ...five, "broken line"].join("\n"));
    const { scenario, notes } = scenarioOf([DAY, SITE, "data: { load: load.csv }"]);
    expect(scenario.loadW.slice(0, 1)).toEqual([2000]);
    const texts = notes.map(({ text }) => text);
    expect(texts).toContain("1 row left out: blank (load_kw)");
    expect(texts).toContain("1 row left out: not a number (load_kw)");
    expect(texts).toContain("1 row left out: line has another number of cells than the header (load_kw)");
    expect(texts.some((text) => /^9\d of 100 quarter-hours are unknown/.test(text))).toBe(true);
  });

  it("may go over from hours to quarter-hours, as market prices did in October 2025: neither an hour nor a gap is lost", () => {
    const at = (minutes: number) => new Date(Date.UTC(2025, 9, 25, 22) + minutes * 60_000).toISOString();
    const hours = Array.from({ length: 12 }, (_, hour) => `${at(60 * hour)},0.${10 + hour}`);
    const quarters = Array.from({ length: 400 }, (_, slot) => `${at(720 + 15 * slot)},0.5`);
    const isLost = (slot: number) => slot >= 8 && slot < 10;
    const rows = [...hours, ...quarters.filter((_, slot) => !isLost(slot))];
    file("october.csv", ["start_utc,eur_per_kwh", ...rows].join("\n"));
    const { scenario } = scenarioOf([DAY, SITE, "data: { prices: october.csv }"]);
    expect(scenario.importEurPerKwh.slice(40, 49)).toEqual([0.2, 0.2, 0.2, 0.2, 0.21, 0.21, 0.21, 0.21, 0.5]);
    expect(scenario.importEurPerKwh.slice(55, 59)).toEqual([0.5, undefined, undefined, 0.5]);
  });

  it("may have their columns in any order, with a mark at the beginning and the line ends of Windows", () => {
    file("turned.csv", "\uFEFFeur_per_kwh,start_utc\r\n0.25,2025-10-25T22:00:00Z\r\n0.5,2025-10-25T23:00:00Z\r\n");
    const { scenario } = scenarioOf([DAY, SITE, "data: { prices: turned.csv }"]);
    expect(scenario.importEurPerKwh.slice(3, 5)).toEqual([0.25, 0.5]);
  });

  it("that know nothing of the period are refused", () => {
    file("old.csv", "start_utc,eur_per_kwh\n2019-01-01T00:00:00Z,0.1\n");
    const result = read([DAY, SITE, "data: { prices: old.csv }"]);
    expect(result.ok ? [] : result.problems).toMatchObject([
      { message: expect.stringContaining("knows nothing of the period: it has 2019-01-01 to 2019-01-01") },
    ]);
  });
});

describe("what the grid emits", () => {
  it("is told to the controller as far as the file knows it; what nobody knows is reckoned as at that time of another day", async () => {
    const rows = Array.from(
      { length: 20 },
      (_, hour) => `${new Date(Date.UTC(2025, 9, 25, 22 + hour)).toISOString()},320`,
    );
    file("co2.csv", ["start_utc,g_per_kwh", ...rows].join("\n"));
    file("load.csv", "start_utc,load_kw\n2025-10-25T22:00:00Z,1\n");
    const { scenario, notes } = scenarioOf([DAY, SITE, "data: { co2: co2.csv, load: load.csv }"]);
    const told: unknown[] = [];
    const { co2Kg } = await simulate(scenario, {
      onFacts: (facts) => {
        for (const fact of facts) if (fact.type === "quarter-hour-metered") told.push(fact.data.co2GramsPerKwh);
      },
    });
    expect(told.slice(0, 80).every((grams) => grams === 320)).toBe(true);
    expect(told.at(-1)).toBeUndefined();
    expect(co2Kg).toBe((25 * 320) / 1000);
    expect(notes).toContainEqual({ file: "co2", text: expect.stringContaining("20 of 100 quarter-hours are unknown") });
  });
});

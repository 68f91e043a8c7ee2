/** What a scenario file says, and what is said of one that is wrong. */
import { describe, expect, it } from "vitest";
import { DAY, file, read, SITE, scenarioOf } from "./scenario-file.test-kit.ts";
import { readScenario } from "./scenario-file.ts";

describe("a scenario file", () => {
  it("that misspells a key is refused with its line and what was meant", () => {
    const result = read([DAY, "site: { timeZone: Europe/Berlin, country: NL,", "  mainFuse: 32 }"]);
    expect(result.ok).toBe(false);
    if (result.ok) return;
    const problem = result.problems.find(({ path }) => path === "site.mainFuse");
    expect(problem).toMatchObject({ line: 4, message: '"mainFuse" is not known here' });
    expect(problem?.advice).toContain("mainFuseA");
  });

  it("that names a day which is in no calendar, or market prices for export without a file of them, is refused", () => {
    const february = read(["period: { from: 2026-02-30, days: 1 }", SITE]);
    expect(february.ok ? [] : february.problems).toMatchObject([{ line: 2, message: '"2026-02-30" is no day' }]);
    file("one.csv", "start_utc,load_kw\n2025-10-26T00:00:00Z,1");
    const begins = read([DAY, SITE, "data:", "  load: { file: one.csv, begins: 2025-02-31 }"]);
    expect(begins.ok ? [] : begins.problems).toMatchObject([{ line: 5, message: '"2025-02-31" is no day' }]);
    const sold = read([DAY, SITE, "tariff:", "  export: { kind: day-ahead }"]);
    expect(sold.ok ? [] : sold.problems).toMatchObject([{ line: 5, message: expect.stringContaining("needs prices") }]);
  });

  it("whose load is known for three days of fourteen has a building on all of them", () => {
    const hours = Array.from({ length: 72 }, (_, hour) => {
      return `${new Date(Date.UTC(2025, 10, 3, hour)).toISOString()},${hour % 24 < 12 ? 1 : 3}`;
    });
    file("three-days.csv", ["start_utc,load_kw", ...hours].join("\n"));
    const site = SITE.replace("Europe/Berlin", "UTC");
    const { scenario, notes } = scenarioOf([
      "period: { from: 2025-11-03, days: 14 }",
      site,
      "data: { load: three-days.csv }",
    ]);
    expect(scenario.loadW.slice(0, 14 * 96)).toEqual(
      Array.from({ length: 14 * 96 }, (_, slot) => (slot % 96 < 48 ? 1000 : 3000)),
    );
    file("noon.csv", "start_utc,load_kw\n2025-11-03T12:00:00Z,1.5\n2025-11-03T12:15:00Z,2.5");
    const noon = scenarioOf(["period: { from: 2025-11-03, days: 1 }", site, "data: { load: noon.csv }"]).scenario;
    expect(noon.loadW.slice(47, 51)).toEqual([2000, 1500, 2500, 2000]);
    expect(notes.map(({ text }) => text)).toContain(
      "1056 of 1344 quarter-hours are unknown; the same time of another day stands for them",
    );
  });

  it("that names a file which is not there, or a zone that is none, says so at the line", () => {
    const missing = read([DAY, SITE, "data:", "  prices: nowhere.csv"]);
    expect(missing.ok ? [] : missing.problems).toMatchObject([
      { line: 5, message: expect.stringContaining("does not exist") },
    ]);
    const nowhere = read([DAY, SITE.replace("Europe/Berlin", "Europe/Nowhere")]);
    expect(nowhere.ok ? [] : nowhere.problems).toMatchObject([
      { line: 3, message: '"Europe/Nowhere" is no time zone' },
    ]);
  });

  it("with data of the sun and no roof has the roof of the data: the controller knows where the export comes from", () => {
    const rows = Array.from({ length: 100 }, (_, slot) => {
      const atMs = Date.UTC(2025, 9, 25, 22) + slot * 900_000;
      return `${new Date(atMs).toISOString()},${slot === 50 ? 4 : 2}`;
    });
    file("sun.csv", ["start_utc,pv_kw", ...rows].join("\n"));
    const { scenario } = scenarioOf([DAY, SITE, "data: { pv: sun.csv }"]);
    expect(scenario.pvPeakW).toBe(4000);
    expect(scenario.configuration.devices.find(({ role }) => role === "pv")?.pv?.peakW).toBe(4000);
    const smaller = scenarioOf([DAY, SITE.replace(" }] }", " }], pv: { peakKw: 3 } }"), "data: { pv: sun.csv }"]);
    expect(smaller.scenario.configuration.devices.find(({ role }) => role === "pv")?.pv?.peakW).toBe(3000);
  });

  it("that names no data at all is a site without cars at a fixed price", () => {
    const { scenario } = scenarioOf([DAY, SITE]);
    expect(scenario.sessions).toEqual([]);
    expect(scenario.billedImportEurPerKwh.slice(0, 2)).toEqual([0.3, 0.3]);
  });
});

describe("the day on which the clocks change", () => {
  it("has 100 quarter-hours in autumn and 92 in spring, each with its own price", () => {
    const rows = Array.from({ length: 400 }, (_, slot) => {
      return `${new Date(Date.UTC(2025, 9, 25, 20) + slot * 900_000).toISOString()},${slot}`;
    });
    file("prices.csv", ["start_utc,eur_per_kwh", ...rows].join("\n"));
    const { scenario } = scenarioOf([DAY, SITE, "data: { prices: prices.csv }"]);
    expect((scenario.endMs - scenario.startMs) / 900_000).toBe(100);
    expect(scenario.importEurPerKwh[0]).toBe(8);
    expect(scenario.importEurPerKwh[99]).toBe(107);
    const spring = scenarioOf(["period: { from: 2025-03-30, days: 1 }", SITE]).scenario;
    expect((spring.endMs - spring.startMs) / 900_000).toBe(92);
  });
});

it("a scenario may be named by all that is peculiar to it: longer than a site's name", () => {
  const name =
    "Garage of eight, March, semicolons and decimal commas, half of the drivers misstate, 25 A, prices with a day missing";
  const result = readScenario(file("long.yaml", [`name: "${name}"`, DAY, SITE].join("\n")));
  expect(result.ok && result.scenario.name).toBe(name);
});

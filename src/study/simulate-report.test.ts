import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readScenario } from "./scenario-file.ts";
import { compareScenario } from "./simulate-report.ts";

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "report-"));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

describe("a day on which every price is below zero", () => {
  it("is no reason to miss energy: nobody is cheaper than perfect foresight, which delivers all that can be", async () => {
    const prices = Array.from({ length: 24 }, (_, hour) => {
      return `${new Date(Date.UTC(2025, 9, 24, 22 + hour)).toISOString()},${-0.05 - hour / 1000}`;
    });
    writeFileSync(join(directory, "prices.csv"), ["start_utc,eur_per_kwh", ...prices].join("\n"));
    const sessions = [
      "arrival_utc,departure_utc,energy_kwh,max_kw,phases",
      "2025-10-25T08:00Z,2025-10-25T09:00Z,5,7.4,1",
    ];
    writeFileSync(join(directory, "sessions.csv"), sessions.join("\n"));
    const file = join(directory, "scenario.yaml");
    // Behind 10 A a car of 7.4 kW gets 2.3 kWh in its hour.
    const text = [
      "name: below zero",
      "period: { from: 2025-10-25, days: 1 }",
      "site: { timeZone: Europe/Berlin, country: NL, mainFuseA: 10, evses: [{ id: a, phases: [L1], maxCurrentA: 32 }] }",
      "data: { prices: prices.csv, sessions: sessions.csv }",
    ];
    writeFileSync(file, text.join("\n"));
    const read = readScenario(file);
    if (!read.ok) throw new Error(JSON.stringify(read.problems));
    const { report } = await compareScenario(read.scenario, read.notes);
    expect(report.missingEurPerKwh).toBe(0);
    const best = report.columns.find(({ name }) => name === "perfect foresight")!;
    expect(best.energyDeliveredKwh).toBeCloseTo(2.3, 1);
    for (const { name, comparableEur } of report.columns)
      if (name !== "uncontrolled") expect(comparableEur, name).toBeGreaterThanOrEqual(best.comparableEur);
  });
});

describe("a country in which cars may load a phase by 20 A more than another", () => {
  it("holds the rules and perfect foresight to that, too: nobody is said to be short for a limit that others ignore", async () => {
    // From nine to ten one is alone on L1; from ten to eleven there is one on each phase.
    const sessions = [
      "station_id,arrival_utc,departure_utc,energy_kwh,max_kw,phases",
      "a,2025-10-25T07:00Z,2025-10-25T08:00Z,7.3,7.36,1",
      "b,2025-10-25T08:00Z,2025-10-25T09:00Z,7.3,7.36,1",
      "c,2025-10-25T08:00Z,2025-10-25T09:00Z,7.3,7.36,1",
      "d,2025-10-25T08:00Z,2025-10-25T09:00Z,7.3,7.36,1",
    ];
    writeFileSync(join(directory, "even.csv"), sessions.join("\n"));
    const evses = ["L1", "L1", "L2", "L3"].map(
      (phase, index) => `{ id: ${"abcd"[index]}, phases: [${phase}], maxCurrentA: 32 }`,
    );
    const text = [
      "name: even",
      "period: { from: 2025-10-25, days: 1 }",
      `site: { timeZone: Europe/Berlin, country: DE, mainFuseA: 63, evses: [${evses.join(", ")}] }`,
      "data: { sessions: even.csv }",
    ];
    const file = join(directory, "even.yaml");
    writeFileSync(file, text.join("\n"));
    const read = readScenario(file);
    if (!read.ok) throw new Error(JSON.stringify(read.problems));
    const { report } = await compareScenario(read.scenario, read.notes);
    const column = (wanted: string) => report.columns.find(({ name }) => name === wanted)!;
    // 20 A for an hour, and all that the three take.
    expect(column("perfect foresight").energyDeliveredKwh).toBeCloseTo(4.6 + 21.9, 1);
    for (const name of ["equal shares", "earliest deadline"]) {
      expect(column(name).energyDeliveredKwh, name).toBeLessThanOrEqual(4.6 + 21.9);
      expect(column(name).energyDeliveredKwh, name).toBeGreaterThan(25.5);
    }
    for (const { name, secondsAboveLimit = 0 } of report.columns)
      if (name === "uncontrolled") expect(secondsAboveLimit).toBeGreaterThan(3000);
      else expect(secondsAboveLimit, name).toBeLessThan(20);
    expect(column("wattledger").shortKwh).toBeLessThan(1.5);
  });
});

describe("a building that is above its fuse by itself", () => {
  it("is no overload of anybody's, and is told in the notes", async () => {
    const load = Array.from({ length: 24 }, (_, hour) => {
      return `${new Date(Date.UTC(2025, 9, 24, 22 + hour)).toISOString()},${hour === 12 ? 30 : 1}`;
    });
    writeFileSync(join(directory, "load.csv"), ["start_utc,load_kw", ...load].join("\n"));
    writeFileSync(
      join(directory, "noon.csv"),
      "arrival_utc,departure_utc,energy_kwh,max_kw,phases\n2025-10-25T06:00Z,2025-10-25T15:00Z,7,3.68,1",
    );
    const text = [
      "name: noon",
      "period: { from: 2025-10-25, days: 1 }",
      "site:",
      "  { timeZone: Europe/Berlin, country: NL, mainFuseA: 25, importLimitW: 15000, evses: [{ id: a, phases: [L1], maxCurrentA: 16 }] }",
      "data: { load: load.csv, sessions: noon.csv }",
    ];
    const file = join(directory, "noon.yaml");
    writeFileSync(file, text.join("\n"));
    const read = readScenario(file);
    if (!read.ok) throw new Error(JSON.stringify(read.problems));
    const { report } = await compareScenario(read.scenario, read.notes);
    const own = report.columns.find(({ name }) => name === "wattledger")!;
    expect(own.peakA).toBeGreaterThan(30);
    expect(own).toMatchObject({ overloads: 0, quarterHoursAboveContract: 0 });
    expect(own.secondsAboveLimit).toBeLessThan(20);
    expect(report.notes.map(({ text: note }) => note).join()).toMatch(/the building alone was above a fuse for \d+ s/);
  });

  it("is one of the cars that charge beside it", async () => {
    writeFileSync(
      join(directory, "beside.csv"),
      "arrival_utc,departure_utc,energy_kwh,max_kw,phases\n2025-10-25T09:30Z,2025-10-25T12:00Z,9,3.68,1",
    );
    const file = join(directory, "beside.yaml");
    writeFileSync(
      file,
      [
        "name: beside",
        "period: { from: 2025-10-25, days: 1 }",
        "site: { timeZone: Europe/Berlin, country: NL, mainFuseA: 25, importLimitW: 15000, evses: [{ id: a, phases: [L1], maxCurrentA: 16 }] }",
        "data: { load: load.csv, sessions: beside.csv }",
      ].join("\n"),
    );
    const read = readScenario(file);
    if (!read.ok) throw new Error(JSON.stringify(read.problems));
    const { report } = await compareScenario(read.scenario, read.notes);
    const uncontrolled = report.columns.find(({ name }) => name === "uncontrolled")!;
    expect(uncontrolled.overloads).toBeGreaterThan(0);
    expect(uncontrolled.quarterHoursAboveContract).toBe(4);
  });
});

describe("a battery that sells in the evening what it bought at night", () => {
  it("takes nothing from the part of the sun that the site used itself", async () => {
    const hours = Array.from({ length: 24 }, (_, hour) => hour);
    const at = (hour: number) => new Date(Date.UTC(2025, 9, 24, 22 + hour)).toISOString();
    const price = (hour: number) => (hour < 6 ? 0.05 : hour >= 18 && hour < 21 ? 0.8 : 0.3);
    const rows = (name: string, value: (hour: number) => number) =>
      [`start_utc,${name}`, ...hours.map((hour) => `${at(hour)},${value(hour)}`)].join("\n");
    writeFileSync(join(directory, "evening.csv"), rows("eur_per_kwh", price));
    writeFileSync(
      join(directory, "roof.csv"),
      rows("pv_kw", (hour) => (hour >= 11 && hour < 13 ? 1 : 0)),
    );
    writeFileSync(
      join(directory, "house.csv"),
      rows("load_kw", () => 1.5),
    );
    const battery = "{ capacityWh: 10000, maxChargeW: 5000, maxDischargeW: 5000 }";
    const text = [
      "name: evening",
      "period: { from: 2025-10-25, days: 1 }",
      `site: { timeZone: Europe/Berlin, country: NL, mainFuseA: 35, evses: [{ id: a }], pv: { peakKw: 2 }, battery: ${battery} }`,
      "tariff: { import: { kind: day-ahead }, export: { kind: day-ahead } }",
      "data: { prices: evening.csv, exportPrices: evening.csv, pv: roof.csv, load: house.csv }",
    ];
    const file = join(directory, "evening.yaml");
    writeFileSync(file, text.join("\n"));
    const read = readScenario(file);
    if (!read.ok) throw new Error(JSON.stringify(read.problems));
    const { report, series } = await compareScenario(read.scenario, read.notes);
    expect(Math.min(...series.wattledger!.gridW)).toBeLessThan(-1000);
    for (const name of ["wattledger", "perfect foresight"])
      expect(report.columns.find((column) => column.name === name)!.selfConsumptionPercent, name).toBeGreaterThan(90);
  });
});

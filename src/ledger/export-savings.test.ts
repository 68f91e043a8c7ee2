/** What an owner keeps of a year: a line a month, from the ledger on the disk. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { siteOf } from "../core/control/site.test-kit.ts";
import type { SiteFact } from "../core/facts/index.ts";
import type { CapacityTariff } from "../core/site/site-capacity.ts";
import type { SiteModel } from "../core/site/site-model.ts";
import { exportSavings, openLedger } from "./index.ts";

const log = { debug() {}, info() {}, warn() {}, error() {} };
let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "savings-"));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

/** In Brussels, where the month's highest quarter-hour costs. */
function belgian(): SiteModel {
  const capacity: CapacityTariff = {
    ...{ name: "capaciteitstarief", intervalMinutes: 15, peaks: 1, floorKw: 2.5, eurPerKwMonth: 4, steps: [] },
    windows: [],
    otherwise: { weight: 1, contractedKw: 0 },
  };
  const own = siteOf({ evses: [{ id: "evse", givesW: 8000 }], battery: { maxW: 5000 } });
  const { site, tariff } = own.configuration;
  const configuration = {
    ...own.configuration,
    site: { ...site, timeZone: "Europe/Brussels" },
    tariff: { ...tariff, capacity: [capacity] },
  };
  return { ...own, configuration };
}

type Stay = readonly [startedAt: string, endedAt: string];

/** A car's stay in which it took 1 kWh of its first quarter-hour. */
function stayFacts([startedAt, endedAt]: Stay): Pick<SiteFact, "type" | "data" | "atMs">[] {
  const [startedMs, endedMs] = [Date.parse(startedAt), Date.parse(endedAt)];
  const car = { transactionId: 1, evseId: "evse" };
  const point = { ...car, chargePointId: "evse", replayed: false };
  const slotStartMs = startedMs - (startedMs % 900_000);
  const metered = { ...car, slotStartMs, energyWh: 1000, costEur: 0.3, maxPowerW: 8000, limitedBySeconds: {} };
  return [
    { type: "transaction-started", atMs: startedMs, data: { ...point, connectorId: 1, atMs: startedMs } },
    { type: "transaction-metered", atMs: slotStartMs + 900_000, data: metered },
    { type: "transaction-ended", atMs: endedMs, data: { ...point, atMs: endedMs, reason: "EVDisconnected" } },
  ] as Pick<SiteFact, "type" | "data" | "atMs">[];
}

async function record(
  quarterHours: readonly (readonly [at: string, kw: number, co2GramsPerKwh?: number])[],
  stays: readonly Stay[] = [],
): Promise<void> {
  const { ledger } = openLedger({ directory, log });
  const metered = quarterHours.map(([at, kw, co2GramsPerKwh]) => {
    const slotStartMs = Date.parse(at);
    const prices = { importEurPerKwh: 0.3, exportEurPerKwh: 0.05 };
    const data = {
      ...{ slotStartMs, complete: true, importWh: kw * 250, exportWh: 0, batteryDischargeWh: 400, ...prices },
      ...{ buildingWh: kw * 250, ...(co2GramsPerKwh === undefined ? {} : { co2GramsPerKwh }) },
    };
    return { atMs: slotStartMs + 900_000, type: "quarter-hour-metered", data };
  });
  const facts = [...metered, ...stays.flatMap(stayFacts)]
    .sort((a, b) => a.atMs - b.atMs)
    .map((fact, index) => {
      const envelope = { seq: index + 1, monoMs: index, wallTrusted: true, boot: "b", source: "metering", version: 1 };
      return { ...envelope, ...fact } as SiteFact;
    });
  await ledger.append(facts);
  await ledger.close();
}

const rows = (site: SiteModel, timeZone?: string) =>
  [...exportSavings({ directory, format: "jsonl", site, ...(timeZone ? { timeZone } : {}) })].map(
    (line) => JSON.parse(line) as Record<string, unknown>,
  );

test("a month is the site's own, and says what its peaks cost with and without control, and what was worn", async () => {
  // The last quarter-hours of January in Brussels, and the first of February: all of them January in Greenwich.
  await record([
    ["2026-01-31T22:30Z", 9],
    ["2026-01-31T22:45Z", 1],
    ["2026-01-31T23:00Z", 5],
    ["2026-01-31T23:15Z", 1],
  ]);
  const months = rows(belgian());
  expect(months).toMatchObject([
    {
      month: "2026-01",
      actual_peak_kw: 9,
      actual_peaks_eur: 36,
      uncontrolled_peaks_eur: 36,
      equal_shares_peaks_eur: 36,
    },
    { month: "2026-02", actual_peak_kw: 5, actual_peaks_eur: 20, uncontrolled_peaks_eur: 20, battery_wear_eur: 0.024 },
  ]);
  expect(rows(belgian(), "UTC").map(({ month }) => month)).toEqual(["2026-01"]);
});

test("every value of a line has its column, also in the file for a spreadsheet", async () => {
  await record([["2026-01-31T12:00Z", 9]]);
  const [heading = ""] = [...exportSavings({ directory, format: "csv", site: belgian() })];
  const [month = {}] = rows(belgian());
  const columns = heading.trim().split(",");
  expect(Object.keys(month).filter((name) => !columns.includes(name))).toEqual([]);
  expect(columns).toEqual(
    expect.arrayContaining(["actual_peaks_eur", "battery_wear_eur", "cars_discharge_kwh", "cars_wear_eur"]),
  );
});

test("a car that came in the last minutes of a month and stayed is counted as left out in both", async () => {
  // Brussels is an hour ahead: the month ends at 23:00.
  await record(
    [
      ["2026-01-31T22:45Z", 5],
      ["2026-01-31T23:00Z", 1],
    ],
    [["2026-01-31T22:50Z", "2026-01-31T23:10Z"]],
  );
  expect(rows(belgian())).toMatchObject([
    { month: "2026-01", sessions: 0, sessions_left_out: 1 },
    { month: "2026-02", sessions: 0, sessions_left_out: 1 },
  ]);
});

test("a month in which it was not always told what the grid emits says of how many quarter-hours its CO2 is", async () => {
  await record([
    ["2026-01-31T12:00Z", 4, 300],
    ["2026-01-31T12:15Z", 4],
  ]);
  expect(rows(belgian())).toMatchObject([{ quarter_hours: 2, co2_quarter_hours: 1, actual_co2_kg: 0.3 }]);
});

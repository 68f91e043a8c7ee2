import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { SiteFact } from "../src/core/facts/index.ts";
import { createLinearSolver } from "../src/solver/glpk.ts";
import { perfectForesight } from "../src/study/perfect-foresight.ts";
import { readScenario } from "../src/study/scenario-file.ts";
import { simulate } from "../src/study/simulate.ts";

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "curtailment-"));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const START_MS = Date.UTC(2025, 4, 11);
const at = (slot: number) => new Date(START_MS + slot * 900_000).toISOString();
const rows = (header: string, value: (hour: number) => number) =>
  [header, ...Array.from({ length: 192 }, (_, slot) => `${at(slot)},${value((slot % 96) / 4)}`)].join("\n");

/** A sunny Sunday in May: from 10 to 16 h UTC exporting costs money, from 12 to 14 h importing is paid for. */
const exportEur = (hour: number) => (hour >= 12 && hour < 14 ? -0.2 : hour >= 10 && hour < 16 ? -0.06 : 0.05);

function sunday() {
  writeFileSync(
    join(directory, "sun.csv"),
    rows("start_utc,pv_kw", (h) => Math.max(0, 10 * Math.sin(((h - 4) / 15) * Math.PI))),
  );
  writeFileSync(
    join(directory, "load.csv"),
    rows("start_utc,load_kw", () => 1.2),
  );
  writeFileSync(join(directory, "prices.csv"), rows("start_utc,eur_per_kwh", exportEur));
  const session = `1,s,a,${at(30)},${at(76)},18,18,${at(76)},,11,3`;
  const header =
    "session_id,site,station_id,arrival_utc,departure_utc,energy_kwh,requested_kwh,est_departure_utc,done_charging_utc,max_kw,phases";
  writeFileSync(join(directory, "cars.csv"), `${header}\n${session}\n`);
  const text = [
    "name: Negative prices",
    "period: { from: 2025-05-11, days: 1 }",
    "site:",
    "  timeZone: UTC",
    "  country: NL",
    "  mainFuseA: 35",
    "  evses: [{ id: a }]",
    "  pv: { peakKw: 10, control: true }",
    "tariff:",
    "  import: { kind: day-ahead, addEurPerKwh: 0.12 }",
    "  export: { kind: day-ahead }",
    "data: { sessions: cars.csv, prices: prices.csv, pv: sun.csv, load: load.csv }",
  ];
  const file = join(directory, "scenario.yaml");
  writeFileSync(file, text.join("\n"));
  const result = readScenario(file);
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return result.scenario;
}

test("a day with negative prices: nothing is exported at a cost, the car takes the sun, importing is used where it is paid", async () => {
  const facts: SiteFact[] = [];
  const scenario = sunday();
  const held = await simulate(scenario, { onFacts: (batch) => void facts.push(...batch) });
  const exportedWh = (from: number, to: number) =>
    held.gridW.slice(from * 4, to * 4).reduce((sum, powerW) => sum + Math.max(0, -powerW) / 4, 0);
  expect(exportedWh(10, 16)).toBeLessThan(300);
  // Where exporting pays nothing is held back: before the car may charge all but the load leaves.
  const spareWh = scenario.pvW.slice(24, 30).reduce((sum, powerW) => sum + (powerW - 1200) / 4, 0);
  expect(exportedWh(6, 7.5)).toBeGreaterThan(0.97 * spareWh);
  expect(held.energyDeliveredWh).toBeGreaterThan(17_900);
  const reasons = new Set(facts.flatMap((fact) => (fact.type === "pv-limit-changed" ? [fact.data.reason] : [])));
  expect([...reasons]).toEqual(expect.arrayContaining(["exporting costs money", "plan: importing is paid for"]));
  // From 12 to 14 h the site buys all that it takes.
  expect(Math.min(...held.gridW.slice(49, 55))).toBeGreaterThan(1000);
  // What was held back taught the forecast nothing.
  const booked = facts.flatMap((fact) => (fact.type === "quarter-hour-metered" ? [fact.data] : []));
  const noon = booked.filter(
    ({ slotStartMs }) => slotStartMs >= START_MS + 44 * 900_000 && slotStartMs < START_MS + 60 * 900_000,
  );
  expect(noon.length).toBeGreaterThan(10);
  expect(noon.every(({ pvHeld }) => pvHeld === true)).toBe(true);
  const linear = await createLinearSolver();
  const best = perfectForesight(scenario, { linear, endValueEurPerKwh: 0 })!;
  expect(held.costEur).toBeGreaterThanOrEqual(best.costEur - 0.02);
  // Who knows all but must export the sun pays more.
  const exporting = perfectForesight({ ...scenario, mayHoldSun: false }, { linear, endValueEurPerKwh: 0 })!;
  expect(held.costEur).toBeLessThan(exporting.costEur - 1);
});

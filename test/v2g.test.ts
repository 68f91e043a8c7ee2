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
  directory = mkdtempSync(join(tmpdir(), "v2g-"));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const START_MS = Date.UTC(2025, 4, 12);
const at = (slot: number) => new Date(START_MS + slot * 900_000).toISOString();
const rows = (header: string, value: (hour: number) => number) =>
  [header, ...Array.from({ length: 192 }, (_, slot) => `${at(slot)},${value((slot % 96) / 4)}`)].join("\n");

/** A van from 16 to 23 h; the evening until 20 h is dear, the night cheap. */
function evening() {
  const header =
    "session_id,station_id,arrival_utc,departure_utc,energy_kwh,requested_kwh,est_departure_utc,max_kw,phases";
  writeFileSync(
    join(directory, "load.csv"),
    rows("start_utc,load_kw", () => 6),
  );
  writeFileSync(
    join(directory, "prices.csv"),
    rows("start_utc,eur_per_kwh", (hour) => (hour < 20 && hour >= 15 ? 0.4 : 0.08)),
  );
  writeFileSync(join(directory, "cars.csv"), `${header}\n1,van,${at(64)},${at(92)},9,9,${at(92)},11.04,3\n`);
  const text = [
    "name: An evening",
    "period: { from: 2025-05-12, days: 1 }",
    "site:",
    "  timeZone: UTC",
    "  country: NL",
    "  mainFuseA: 35",
    "  exportLimitW: 0",
    "  evses:",
    "    - { id: van, maxCurrentA: 16, discharge: { by: negative-limit, maxPowerW: 11000, capacityWh: 60000, minSocPercent: 40, wearEurPerKwh: 0.05 } }",
    "tariff: { import: { kind: day-ahead }, export: { kind: fixed, eurPerKwh: 0 } }",
    "data: { sessions: cars.csv, prices: prices.csv, load: load.csv }",
  ];
  const file = join(directory, "scenario.yaml");
  writeFileSync(file, text.join("\n"));
  const result = readScenario(file);
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return result.scenario;
}

test("a van feeds the building while power is dear, exports nothing, and leaves full", async () => {
  const scenario = evening();
  const facts: SiteFact[] = [];
  const run = await simulate(scenario, { onFacts: (batch) => void facts.push(...batch) });
  const metered = facts.flatMap((fact) => (fact.type === "transaction-metered" ? [fact.data] : []));
  const givenWh = metered.reduce((sum, { dischargedWh = 0 }) => sum + dischargedWh, 0);
  // Four hours of 6 kW, less the time that a plan and a profile take.
  expect(givenWh).toBeGreaterThan(18_000);
  expect(givenWh).toBeLessThan(24_000);
  const takenWh = metered.reduce((sum, { energyWh }) => sum + energyWh, 0);
  // What was asked for, and what was given back with its losses.
  expect(takenWh).toBeGreaterThan(9_000 + givenWh / 0.85 - 900);
  expect(run.energyDeliveredWh).toBeGreaterThan(8_900);
  expect(Math.min(...run.gridW)).toBeGreaterThan(-150);
  // From the second quarter-hour on what the building takes comes from the van, but for the ampere that is left.
  expect(Math.max(...run.gridW.slice(66, 79))).toBeLessThan(2_000);
  expect(run.overloads).toBe(0);
  const linear = await createLinearSolver();
  const best = perfectForesight(scenario, { linear, endValueEurPerKwh: 0 })!;
  const evses = scenario.evses.map(({ discharge: _, ...evse }) => evse);
  const keeping = perfectForesight({ ...scenario, evses }, { linear, endValueEurPerKwh: 0 })!;
  const bill = run.costEur + run.wearEur;
  expect(bill).toBeGreaterThanOrEqual(best.costEur + best.wearEur - 0.05);
  // Better than the best that a van which keeps its energy could have made.
  expect(bill).toBeLessThan(keeping.costEur - 2);
});

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Scenario, slotsOf } from "../sim/scenario.ts";
import { createLinearSolver, type LinearSolver } from "../solver/glpk.ts";
import { capacityBillEur, capacityMonths } from "./capacity-bill.ts";
import { perfectForesight } from "./perfect-foresight.ts";
import { readScenario } from "./scenario-file.ts";
import { compareScenario } from "./simulate-report.ts";

let directory: string;
let linear: LinearSolver;
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), "capacity-"));
  linear = await createLinearSolver();
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** One car for 8 h that needs 24 kWh, in a month of 31 days. */
function scenarioOf(capacity: string, period = "{ from: 2025-01-01, days: 31 }", timeZone = "UTC"): Scenario {
  writeFileSync(
    join(directory, "sessions.csv"),
    "arrival_utc,departure_utc,energy_kwh,max_kw,phases\n2025-01-10T08:00:00Z,2025-01-10T16:00:00Z,24,11.04,3\n",
  );
  const file = join(directory, "scenario.yaml");
  const site = `site: { timeZone: ${timeZone}, country: BE, mainFuseA: 40, evses: [{ id: a }] }`;
  const lines = ["name: test", `period: ${period}`, site, `tariff: { capacity: [${capacity}] }`];
  writeFileSync(file, [...lines, "data: { sessions: sessions.csv }"].join("\n"));
  const read = readScenario(file);
  if (!read.ok) throw new Error(JSON.stringify(read.problems));
  return read.scenario;
}

/** 10 kW in the first quarter-hour of three days. */
function threePeaks(scenario: Scenario): number[] {
  return Array.from({ length: slotsOf(scenario) }, (_, slot) => ([0, 96, 192].includes(slot) ? 10_000 : 0));
}

it("the highest quarter-hour costs its price, and an idle month the floor", () => {
  const scenario = scenarioOf("{ name: x, floorKw: 2.5, eurPerKwMonth: 4 }");
  const months = capacityMonths(scenario);
  expect(capacityBillEur(months, threePeaks(scenario))).toBeCloseTo(40, 6);
  expect(capacityBillEur(months, [])).toBeCloseTo(10, 6);
});

it("of hours and of three days the mean counts, and what it falls into", () => {
  const hours = scenarioOf("{ name: x, intervalMinutes: 60, peaks: 3, eurPerKwMonth: 4 }");
  expect(capacityBillEur(capacityMonths(hours), threePeaks(hours))).toBeCloseTo(4 * 2.5, 6);
  const steps = scenarioOf(
    "{ name: x, intervalMinutes: 60, peaks: 3, steps: [{ upToKw: 2, eurPerMonth: 11 }, { upToKw: 5, eurPerMonth: 18 }] }",
  );
  expect(capacityBillEur(capacityMonths(steps), threePeaks(steps))).toBeCloseTo(18, 6);
});

it("a whole month costs its whole price, however long it is, and a part of it as many days as it has", () => {
  const tariff = "{ name: x, floorKw: 2.5, eurPerKwMonth: 4 }";
  const idleEur = (period: string) =>
    capacityBillEur(capacityMonths(scenarioOf(tariff, period, "Europe/Brussels")), []);
  expect(idleEur("{ from: 2025-02-01, days: 28 }")).toBeCloseTo(10, 6);
  // Days of 23 and of 25 hours are days.
  expect(idleEur("{ from: 2025-03-01, days: 31 }")).toBeCloseTo(10, 6);
  expect(idleEur("{ from: 2025-10-26, days: 1 }")).toBeCloseTo(10 / 31, 6);
  expect(idleEur("{ from: 2025-01-31, days: 15 }")).toBeCloseTo(10 / 31 + 5, 6);
});

it("the mean of three days is that of two where the period has no more", () => {
  const tariff = "{ name: x, peaks: 3, eurPerKwMonth: 31 }";
  const scenario = scenarioOf(tariff, "{ from: 2025-01-01, days: 2 }");
  const oneDay = threePeaks(scenario).fill(0, 96);
  expect(capacityBillEur(capacityMonths(scenario), oneDay)).toBeCloseTo(2 * 5, 6);
  const best = perfectForesight(scenarioOf(tariff, "{ from: 2025-01-10, days: 1 }"), { linear, endValueEurPerKwh: 0 });
  expect(best?.capacityEur).toBeCloseTo(3, 3);
});

it("perfect foresight spreads the car over its stay, and stops at the step that is paid anyway", () => {
  const flat = perfectForesight(scenarioOf("{ name: x, eurPerKwMonth: 4 }"), { linear, endValueEurPerKwh: 0 });
  expect(flat?.peakW).toBe(3000);
  expect(flat?.capacityEur).toBeCloseTo(12, 3);
  const stepped = scenarioOf(
    "{ name: x, steps: [{ upToKw: 2, eurPerMonth: 1 }, { upToKw: 4, eurPerMonth: 5 }, { upToKw: 9, eurPerMonth: 50 }] }",
  );
  const best = perfectForesight(stepped, { linear, endValueEurPerKwh: 0 });
  expect(best?.peakW).toBeLessThanOrEqual(4000);
  expect(best?.capacityEur).toBeCloseTo(5, 6);
  expect(best?.energyDeliveredWh).toBeCloseTo(24_000, 0);
});

it("perfect foresight that fills a step to its edge pays that step, and not the next one", async () => {
  const steps = "{ name: x, steps: [{ upToKw: 3.0006, eurPerMonth: 31 }, { upToKw: 9, eurPerMonth: 310 }] }";
  const edge = scenarioOf(steps, "{ from: 2025-01-10, days: 1 }");
  const { columns } = (await compareScenario(edge, [])).report;
  expect(columns.find(({ name }) => name === "perfect foresight")?.capacityEur).toBeCloseTo(1, 6);
});

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
  }, 30_000);
});

/** Simple rules and perfect foresight keep the limits and wires that the controller has, and perfect foresight is the cheapest. */
import { describe, expect, it } from "vitest";
import { equalShares, leastLaxity, uncontrolled } from "../sim/baselines.ts";
import { createLinearSolver } from "../solver/glpk.ts";
import { perfectForesight } from "./perfect-foresight.ts";
import { DAY, file, SESSION_COLUMNS, SITE, scenarioOf } from "./scenario-file.test-kit.ts";

describe("a site that may export 1 kW", () => {
  it("throttles its sun, in reality as in perfect foresight", async () => {
    file("sun.csv", "start_utc,pv_kw\n2025-10-26T11:00:00Z,4\n2025-10-26T12:00:00Z,0\n");
    const site = SITE.replace("evses", "exportLimitW: 1000, evses");
    const tariff = "tariff: { export: { kind: fixed, eurPerKwh: 0.1 } }";
    const { scenario } = scenarioOf([DAY, site, tariff, "data: { pv: sun.csv }"]);
    const optimum = perfectForesight(scenario, { linear: await createLinearSolver(), endValueEurPerKwh: 0 });
    expect(uncontrolled(scenario)).toMatchObject({ exportWh: 1000, costEur: -0.1 });
    expect(optimum?.exportWh).toBeCloseTo(1000, 3);
  });
});

describe("a site whose sun is paid better than what it imports costs", () => {
  it("cannot do both at once: perfect foresight exports the sun and charges in the night, and no rule is cheaper", async () => {
    file("sun.csv", "start_utc,pv_kw\n2025-10-26T11:00:00Z,4\n2025-10-26T12:00:00Z,0\n");
    file("stays.csv", [SESSION_COLUMNS, "s1,x,a,2025-10-26T10:55:00Z,2025-10-26T16:00:00Z,4,,,,3.68,1,"].join("\n"));
    const tariff = "tariff: { import: { kind: fixed, eurPerKwh: 0.1 }, export: { kind: fixed, eurPerKwh: 0.3 } }";
    const site = SITE.replace("NL", "NL, unbalanceLimitA: 63");
    const { scenario } = scenarioOf([DAY, site, tariff, "data: { pv: sun.csv, sessions: stays.csv }"]);
    const optimum = perfectForesight(scenario, { linear: await createLinearSolver(), endValueEurPerKwh: 0 });
    // Of the hour's 4 kWh all are sold for 0.30 EUR, of the car's 4 kWh all are bought for 0.10.
    expect(optimum?.costEur).toBeCloseTo(-0.8, 3);
    expect(uncontrolled(scenario).costEur).toBeGreaterThan(-0.8);
    expect(optimum?.method).not.toContain("relaxed");
  });

  it("is found out exactly for a week with a car that may give back: no energy is sold that nobody has", async () => {
    const hours = (value: (hour: number) => number) =>
      Array.from(
        { length: 168 },
        (_, hour) =>
          `2025-09-${15 + Math.floor(hour / 24)}T${String(hour % 24).padStart(2, "0")}:00:00Z,${value(hour % 24)}`,
      ).join("\n");
    file("sun.csv", `start_utc,pv_kw\n${hours((hour) => Math.max(0, 6 - Math.abs(hour - 11)))}\n`);
    file("load.csv", `start_utc,load_kw\n${hours((hour) => 0.3 + (hour % 7) / 20)}\n`);
    file(
      "prices.csv",
      `start_utc,eur_per_kwh\n${hours((hour) => 0.3 - 0.25 * Math.cos(((hour - 1) * Math.PI) / 6) ** 2 - hour / 1000)}\n`,
    );
    const stay = (day: number) =>
      `s${day},x,a,2025-09-${day}T10:10:00Z,2025-09-${day + 1}T06:40:00Z,${4 + day / 10},,,,11,3,`;
    file("stays.csv", [SESSION_COLUMNS, ...[15, 16, 17, 18, 19, 20].map(stay)].join("\n"));
    const { scenario } = scenarioOf([
      "period: { from: 2025-09-15, days: 7 }",
      "site: { timeZone: UTC, country: NL, mainFuseA: 32, exportLimitW: 8000, pv: { peakKw: 6, control: true }, evses: [{ id: a, discharge: { by: negative-limit, maxPowerW: 10000, capacityWh: 60000, minSocPercent: 30, efficiencyPercent: 85, wearEurPerKwh: 0.04 } }] }",
      "tariff: { import: { kind: day-ahead }, export: { kind: fixed, eurPerKwh: 0.08 } }",
      "data: { pv: sun.csv, load: load.csv, prices: prices.csv, sessions: stays.csv }",
    ]);
    const linear = await createLinearSolver();
    const optimum = perfectForesight(scenario, { linear, endValueEurPerKwh: 0, limitMs: 10_000 })!;
    expect(optimum.method).not.toContain("relaxed");
    const billed = optimum.gridW.reduce((sum, powerW, slot) => {
      const eurPerKwh = powerW > 0 ? scenario.billedImportEurPerKwh[slot]! : scenario.exportEurPerKwh[slot]!;
      return sum + (powerW / 4000) * eurPerKwh;
    }, 0);
    expect(optimum.costEur).toBeCloseTo(billed, 2);
  });
});

describe("a car with more phases than its EVSE", () => {
  it("charges on those that are wired: what it got has been imported", () => {
    file("stays.csv", [SESSION_COLUMNS, "s1,x,a,2025-10-26T10:00:00Z,2025-10-26T11:00:00Z,9,,,,11,3,"].join("\n"));
    const site = "site: { timeZone: Europe/Berlin, country: NL, mainFuseA: 32, evses: [{ id: a, phases: [L2] }] }";
    const { scenario } = scenarioOf([DAY, site, "data: { sessions: stays.csv }"]);
    const free = uncontrolled(scenario);
    expect(free.importWh).toBeGreaterThan(3000);
    expect(free.importWh).toBeLessThan(3680);
    expect(free.energyDeliveredWh).toBeCloseTo(free.importWh, -1);
  });
});

describe("a contract for less than the fuse", () => {
  it("is kept by the simple rules, too: by all but those who charge without control", () => {
    const stays = ["a", "b"].map((id) => `s-${id},x,${id},2025-10-26T10:00:00Z,2025-10-26T14:00:00Z,20,,,,11,3,`);
    file("stays.csv", [SESSION_COLUMNS, ...stays].join("\n"));
    const site = SITE.replace("mainFuseA: 32", "mainFuseA: 32, importLimitW: 9000");
    const { scenario } = scenarioOf([DAY, site, "data: { sessions: stays.csv }"]);
    expect(uncontrolled(scenario).peakW).toBeGreaterThan(15_000);
    for (const rule of [equalShares, leastLaxity]) {
      expect(rule(scenario).peakW).toBeLessThanOrEqual(9000);
      expect(rule(scenario).peakW).toBeGreaterThan(8000);
    }
  });
});

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { verifyPlan } from "../planner/verify/verify.ts";
import type { Scenario } from "../sim/scenario.ts";
import { createLinearSolver } from "../solver/glpk.ts";
import { perfectForesight } from "./perfect-foresight.ts";
import { rampKept } from "./ramp-kept.ts";
import { parseScenario } from "./scenario-file.ts";
import { simulate } from "./simulate.ts";
import { compareScenario } from "./simulate-report.ts";

const directory = mkdtempSync(join(tmpdir(), "limited-ramp-"));
afterAll(() => rmSync(directory, { recursive: true }));

const file = (name: string, lines: readonly string[]) => writeFileSync(join(directory, name), lines.join("\n"));

/** A night with one cheap hour and three cars that leave at seven. */
function nightOf(ramp: string): Scenario {
  file("sessions.csv", [
    "session_id,arrival_utc,departure_utc,energy_kwh,requested_kwh,est_departure_utc,max_kw,phases",
    ...["a", "b", "c"].map(
      (id) => `${id},2024-06-02T23:20:00Z,2024-06-03T05:00:00Z,10,10,2024-06-03T05:00:00Z,11.04,3`,
    ),
  ]);
  const hours = (value: (hour: number) => number) =>
    Array.from(
      { length: 48 },
      (_, hour) => `${new Date(Date.UTC(2024, 5, 2, 22 + hour)).toISOString()},${value(hour)}`,
    );
  file("prices.csv", ["start_utc,eur_per_kwh", ...hours((hour) => (hour === 3 ? 0.1 : 0.3))]);
  file("load.csv", ["start_utc,load_kw", ...hours(() => 1)]);
  const read = parseScenario(
    [
      "name: a night",
      "period: { from: 2024-06-03, days: 1 }",
      `site: { timeZone: Europe/Berlin, country: NL, mainFuseA: 80, ${ramp} evses: [{ id: place, count: 3 }] }`,
      "charging: { statements: reliable }",
      "tariff: { import: { kind: day-ahead } }",
      "data: { sessions: sessions.csv, prices: prices.csv, load: load.csv }",
    ].join("\n"),
    join(directory, "night.yaml"),
  );
  if (!read.ok) throw new Error(JSON.stringify(read.problems));
  return { ...read.scenario, endMs: read.scenario.startMs + 8 * 3_600_000 };
}

/** Rises from one metered quarter-hour to the next, and what the plans knew and broke. */
async function night(ramp: string) {
  const broken: string[] = [];
  let [measured, drawn] = [0, 0];
  const powersW: number[] = [];
  const { energyDeliveredWh } = await simulate(nightOf(ramp), {
    onFacts: (facts) => {
      for (const fact of facts) {
        if (fact.type === "quarter-hour-metered") powersW.push((fact.data.importWh ?? Number.NaN) * 4);
        if (fact.type !== "plan-made") continue;
        broken.push(...verifyPlan(fact.data.input, fact.data.result));
        if (fact.data.input.ramp?.before) measured++;
        if (fact.data.input.ramp?.drawnWh !== undefined) drawn++;
      }
    },
  });
  const risesW = powersW.slice(1).map((powerW, slot) => powerW - powersW[slot]!);
  return { energyDeliveredWh, largestW: Math.max(...risesW), broken, measured, drawn };
}

describe("a limited ramp, lived through by the whole controller", () => {
  it("is kept from one measured quarter-hour to the next, but for a step of current of each car, and all have what they need", async () => {
    const free = await night("");
    expect(free.largestW).toBeGreaterThan(15_000);
    expect(free.measured).toBe(0);
    // A car that is full sooner than expected ends by itself: what falls is not looked at.
    const limited = await night("rampLimitW: 9000,");
    expect(limited.energyDeliveredWh).toBeGreaterThan(29_700);
    expect(limited.broken).toEqual([]);
    expect(limited.measured).toBeGreaterThan(25);
    // The plan that was made when the cars came, in the middle of a quarter-hour.
    expect(limited.drawn).toBeGreaterThan(0);
    expect(limited.largestW).toBeLessThanOrEqual(9_000 + 3 * 690);
  });

  it("is kept by perfect foresight, up and down", async () => {
    const linear = await createLinearSolver();
    const largestW = (ramp: string) => {
      const scenario = nightOf(ramp);
      const { gridW, energyDeliveredWh } = perfectForesight(scenario, { linear, endValueEurPerKwh: 0 })!;
      expect(energyDeliveredWh).toBeCloseTo(30_000, -1);
      return Math.max(...gridW.slice(1).map((powerW, slot) => Math.abs(powerW - gridW[slot]!)));
    };
    expect(largestW("")).toBeGreaterThan(30_000);
    expect(largestW("rampLimitW: 9000,")).toBeLessThanOrEqual(9_002);
  });

  it("is counted for every way to run the site: quarter-hours that changed by more, and by how much at worst", async () => {
    const { report } = await compareScenario(nightOf("rampLimitW: 9000,"), []);
    const column = (wanted: string) => report.columns.find(({ name }) => name === wanted)!;
    // Three cars of 11 kW begin at 23:20 and end within the same quarter-hour.
    expect(column("uncontrolled").quarterHoursAboveRamp).toBeGreaterThan(1);
    expect(column("cheapest slots").quarterHoursAboveRamp).toBeGreaterThan(1);
    expect(column("perfect foresight")).toMatchObject({ quarterHoursAboveRamp: 0, worstAboveRampW: 0 });
    const own = column("wattledger");
    expect(own.quarterHoursAboveRamp).toBeLessThan(column("uncontrolled").quarterHoursAboveRamp!);
    // A car that is full sooner than expected ends by itself.
    expect(own.worstAboveRampW).toBeLessThan(6_000);
    expect(column("uncontrolled").worstAboveRampW).toBeGreaterThan(12_000);
    const { report: free } = await compareScenario(nightOf(""), []);
    for (const { quarterHoursAboveRamp, worstAboveRampW } of free.columns)
      expect([quarterHoursAboveRamp, worstAboveRampW]).toEqual([undefined, undefined]);
  });

  it("is not broken by what building and sun do alone, nor by the last digits of a meter", () => {
    const of = (gridW: readonly number[], more: Partial<Scenario> = {}) =>
      rampKept({ ...nightOf("rampLimitW: 1000,"), loadW: [500, 500, 3_500, 500], pvW: [0, 0, 0, 0], ...more }, gridW);
    expect(of([500, 500, 3_500, 500])).toEqual({ quarterHours: 0, worstW: 0 });
    expect(of([500, 1_505, 3_500, 500])).toEqual({ quarterHours: 0, worstW: 0 });
    // A car beside it: 1 kW more than the building's own step up, and then 1.2 kW more than its step down.
    expect(of([500, 500, 4_500, 300])).toEqual({ quarterHours: 2, worstW: 1_200 });
    expect(of([500, 3_000, 3_500, 500])).toEqual({ quarterHours: 1, worstW: 1_500 });
    // A cloud over a roof of which 1 kW may be exported.
    const sun = { exportLimitW: 1_000, pvW: [0, 6_000, 0, 0], loadW: [500, 500, 500, 500] };
    expect(of([500, -1_000, 500, 500], sun)).toEqual({ quarterHours: 0, worstW: 0 });
    expect(of([500, -1_000, 3_000, 500], sun)).toEqual({ quarterHours: 2, worstW: 4_000 - 1_500 });
  });
});

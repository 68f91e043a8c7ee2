/**
 * A published benchmark (github.com/pierre-haessig/solarhome-control-bench): thirty days of a house in Sydney with 4 kWp, a
 * lossless battery of 8 kWh, 0.10 EUR/kWh from midnight to six and 0.20 else, nothing for export. EUR a day there: 0.5633
 * by rule (the battery follows the meter), 0.5086 with model predictive control, 0.5223 with open-loop feedback, 0.5234
 * with stochastic dynamic programming, 0.35373 with perfect foresight.
 *
 * Its data has no licence and is not here. With its table (`start_utc`, `load_kw`, `pv_kw_4kwp`, half-hours) named by
 * SOLAR_HOME_CSV this runs the whole controller on it, second by second, with the 31 days of training as its history:
 * some minutes. What always runs is a house of our own data, for some days (test/battery-house.test.ts).
 */
import { beforeAll, describe, expect, it } from "vitest";
import { uncontrolled } from "../../src/sim/baselines.ts";
import type { Scenario } from "../../src/sim/scenario.ts";
import { createLinearSolver, type LinearSolver } from "../../src/solver/glpk.ts";
import { TRUTHS } from "../../src/study/informed.ts";
import { perfectForesight } from "../../src/study/perfect-foresight.ts";
import { simulate } from "../../src/study/simulate.ts";
import { batteryHouse, eurPerDay, metered } from "../battery-house.ts";

const FILE = process.env.SOLAR_HOME_CSV;
const PUBLISHED = { byRule: 0.56331, perfect: 0.35373 };
const DAYS = 30;

/** The house from a day on, its battery half full as it is there. */
const house = (from: string, days: number) =>
  batteryHouse(
    {
      timeZone: "Australia/Sydney",
      importLimitW: 3000,
      load: `{ file: ${FILE}, column: load_kw }`,
      pv: `{ file: ${FILE}, column: pv_kw_4kwp }`,
    },
    from,
    days,
  );

/** The days of training, as the site's own ledger would hold them. */
const training = () => metered(house("2011-10-29", 31));

describe.skipIf(FILE === undefined)("thirty days of a published house", () => {
  let linear: LinearSolver;
  let scenario: Scenario;

  beforeAll(async () => {
    linear = await createLinearSolver();
    scenario = house("2011-11-29", DAYS);
  });

  it("cost what was published with the battery by itself, and with perfect foresight", () => {
    expect(eurPerDay(scenario, uncontrolled(scenario).gridW)).toBeCloseTo(PUBLISHED.byRule, 2);
    const best = perfectForesight(scenario, { linear, endValueEurPerKwh: 0 })!;
    expect(eurPerDay(scenario, best.gridW)).toBeCloseTo(PUBLISHED.perfect, 4);
  });

  it("cost with the truth told hardly more than with perfect foresight: the controller itself loses nearly nothing", async () => {
    const { gridW } = await simulate(scenario, { told: TRUTHS, before: training() });
    const eur = eurPerDay(scenario, gridW);
    console.info(`solar home, told the truth: ${eur.toFixed(4)} EUR a day`);
    // 0.3564 was measured.
    expect(eur - PUBLISHED.perfect).toBeLessThan(0.02 * (PUBLISHED.byRule - PUBLISHED.perfect));
  }, 1_800_000);

  it("cost with its own forecasts less than by rule and by stochastic programming, more than by predictive control", async () => {
    const { gridW, batteryEndWh } = await simulate(scenario, { before: training() });
    const eur = eurPerDay(scenario, gridW);
    console.info(`solar home, own forecasts: ${eur.toFixed(4)} EUR a day, ${batteryEndWh} Wh left`);
    // 0.5170 was measured. Its 0.7 kWh more than at the beginning are left out, as they are there.
    expect(eur).toBeLessThan(0.52);
    expect(batteryEndWh).toBeGreaterThan(4000);
  }, 1_800_000);
});

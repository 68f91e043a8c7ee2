/**
 * A published benchmark (github.com/pierre-haessig/solarhome-control-bench): thirty days of a house in Sydney with 4 kWp, a
 * lossless battery of 8 kWh, 0.10 EUR/kWh from midnight to six and 0.20 else, nothing for export. EUR a day there: 0.5633
 * by rule (the battery follows the meter), 0.5086 with model predictive control, 0.5223 with open-loop feedback, 0.5234
 * with stochastic dynamic programming, 0.35373 with perfect foresight.
 *
 * Its data has no licence and is not here. With its table (`start_utc`, `load_kw`, `pv_kw_4kwp`, half-hours) named by
 * SOLAR_HOME_CSV this runs the whole controller on it, second by second, with the 31 days of training as its history:
 * some minutes.
 */
import { beforeAll, describe, expect, it } from "vitest";
import type { SiteDraft } from "../../src/core/facts/index.ts";
import { SLOT_MS } from "../../src/core/time/slots.ts";
import { uncontrolled } from "../../src/sim/baselines.ts";
import { type Scenario, slotsOf } from "../../src/sim/scenario.ts";
import { createLinearSolver, type LinearSolver } from "../../src/solver/glpk.ts";
import { TRUTHS } from "../../src/study/informed.ts";
import { perfectForesight } from "../../src/study/perfect-foresight.ts";
import { parseScenario } from "../../src/study/scenario-file.ts";
import { simulate } from "../../src/study/simulate.ts";

const FILE = process.env.SOLAR_HOME_CSV;
const PUBLISHED = { byRule: 0.56331, perfect: 0.35373 };
const DAYS = 30;

/** The house from a day on, its battery half full as it is there. */
function house(from: string, days: number): Scenario {
  const result = parseScenario(
    `name: solar home
period: { from: ${from}, days: ${days} }
site:
  timeZone: Australia/Sydney
  country: NL
  phases: 1
  mainFuseA: 35
  importLimitW: 3000
  pv: { peakKw: 4 }
  battery: { capacityWh: 8000, maxChargeW: 8000, maxDischargeW: 8000, minSocPercent: 0, efficiencyPercent: 100, wearEurPerKwh: 0 }
tariff:
  import: { kind: time-of-use, otherwiseEurPerKwh: 0.2, periods: [{ from: "00:00", to: "06:00", eurPerKwh: 0.1 }] }
data:
  load: { file: ${FILE}, column: load_kw }
  pv: { file: ${FILE}, column: pv_kw_4kwp }
`,
    "/solar-home.yaml",
  );
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return result.scenario;
}

/** The quarter-hours of the days of training, as the site's own ledger would hold them. */
function training(): SiteDraft[] {
  const { startMs, loadW, pvW, ...rest } = house("2011-10-29", 31);
  return Array.from({ length: slotsOf({ startMs, ...rest }) }, (_, slot) => ({
    type: "quarter-hour-metered",
    source: "test",
    data: {
      slotStartMs: startMs + slot * SLOT_MS,
      complete: true,
      buildingWh: loadW[slot]! / 4,
      pvWh: pvW[slot]! / 4,
    },
  }));
}

function eurPerDay({ billedImportEurPerKwh }: Scenario, gridW: readonly number[]): number {
  const eur = gridW.reduce((sum, powerW, slot) => sum + (Math.max(0, powerW) / 4000) * billedImportEurPerKwh[slot]!, 0);
  return eur / DAYS;
}

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
    expect(eur - PUBLISHED.perfect).toBeLessThan(0.05 * (PUBLISHED.byRule - PUBLISHED.perfect));
  }, 1_800_000);

  it("cost with its own forecasts less than by rule and by stochastic programming, more than by predictive control", async () => {
    const { gridW, batteryEndWh } = await simulate(scenario, { before: training() });
    const eur = eurPerDay(scenario, gridW);
    console.info(`solar home, own forecasts: ${eur.toFixed(4)} EUR a day, ${batteryEndWh} Wh left`);
    // 0.5175 was measured. Its 0.7 kWh more than at the beginning are left out, as they are there.
    expect(eur).toBeLessThan(0.52);
    expect(batteryEndWh).toBeGreaterThan(4000);
  }, 1_800_000);
});

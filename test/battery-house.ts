/** A house with a battery and cheap nights, and without a car: measured load and sun, and what its days cost. */
import type { SiteDraft } from "../src/core/facts/index.ts";
import { SLOT_MS } from "../src/core/time/slots.ts";
import { type Scenario, slotsOf } from "../src/sim/scenario.ts";
import { parseScenario } from "../src/study/scenario-file.ts";

/** Its data, paths absolute, as in a scenario file; the most that it imports, W. */
export interface BatteryHouse {
  readonly timeZone: string;
  readonly importLimitW: number;
  readonly load: string;
  readonly pv: string;
}

/**
 * So many days of a house with 4 kWp and a lossless battery of 8 kWh, half full; 0.10 EUR/kWh from midnight to six and 0.20 else,
 * nothing for export.
 */
export function batteryHouse(of: BatteryHouse, from: string, days: number): Scenario {
  const result = parseScenario(
    `name: battery house
period: { from: ${from}, days: ${days} }
site:
  timeZone: ${of.timeZone}
  country: NL
  phases: 1
  mainFuseA: 35
  importLimitW: ${of.importLimitW}
  pv: { peakKw: 4 }
  battery: { capacityWh: 8000, maxChargeW: 8000, maxDischargeW: 8000, minSocPercent: 0, efficiencyPercent: 100, wearEurPerKwh: 0 }
tariff:
  import: { kind: time-of-use, otherwiseEurPerKwh: 0.2, periods: [{ from: "00:00", to: "06:00", eurPerKwh: 0.1 }] }
data:
  load: ${of.load}
  pv: ${of.pv}
`,
    "/battery-house.yaml",
  );
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return result.scenario;
}

/** The quarter-hours of the days before, as the site's own ledger would hold them. */
export function metered({ startMs, loadW, pvW, ...rest }: Scenario): SiteDraft[] {
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

/** What is imported costs, EUR a day, by the mean power of each quarter-hour, W. */
export function eurPerDay({ billedImportEurPerKwh }: Scenario, gridW: readonly number[]): number {
  const eur = gridW.reduce((sum, powerW, slot) => sum + (Math.max(0, powerW) / 4000) * billedImportEurPerKwh[slot]!, 0);
  return (eur * 96) / gridW.length;
}

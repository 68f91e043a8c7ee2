/** What flows over the grid connection, and what it costs, once the powers of cars and batteries are decided. */
import type { PlanInput, PlanResult } from "../../core/facts/plan-facts.ts";
import { chargedWh, energyOfWh, exportCapW, presence, slotHours } from "../input/limits.ts";
import { rampOverW } from "../input/ramp.ts";
import { peakEur, plannedValueKw } from "./peaks.ts";

interface Decided {
  readonly evses: readonly { readonly powerW: readonly number[]; readonly dischargeW?: readonly number[] }[];
  readonly batteries: readonly { readonly powerW: readonly number[] }[];
  /** PV that is used, W by slot; missing means all that may be used. */
  readonly pvUsedW?: readonly number[];
}

export type Flows = Pick<PlanResult, "importW" | "exportW" | "pvUsedW" | "rampOverW" | "costEur" | "peaks">;

/** A millionth of an EUR is exact enough. */
const round = (eur: number) => Math.round(eur * 1e6) / 1e6;

/** Whole watts of two slots make so much of a change that is none, W. */
const ROUNDING_W = 5;

/** What of the plan's changes is above the input's ramp, in whole W. */
function rampOf(input: PlanInput, { importW, exportW }: Pick<Flows, "importW" | "exportW">): Pick<Flows, "rampOverW"> {
  if (!input.ramp) return {};
  const netW = importW.map((powerW, slot) => powerW - (exportW[slot] ?? 0));
  return { rampOverW: rampOverW(input, netW).map((overW) => (overW < ROUNDING_W ? 0 : Math.round(overW))) };
}

/** Import, export and used PV in whole W by slot, and the cost in EUR (import, export, wear of the batteries). */
export function flowsOf(input: PlanInput, decided: Decided): Flows {
  const flows = { importW: [] as number[], exportW: [] as number[], pvUsedW: [] as number[], costEur: 0 };
  for (let slot = 0; slot < input.slots; slot++) {
    const carsW = decided.evses.reduce((sum, { powerW, dischargeW }, index) => {
      const planned = (powerW[slot] ?? 0) - (dischargeW?.[slot] ?? 0);
      return planned === 0 ? sum : sum + planned * presence(input.evses[index]!, slot, input);
    }, 0);
    const batteriesW = decided.batteries.reduce((sum, { powerW }) => sum + (powerW[slot] ?? 0), 0);
    const loadW = Math.round((input.buildingW[slot] ?? 0) + carsW + batteriesW);
    const availableW = Math.floor(input.pvW[slot] ?? 0);
    const exportableW = Math.floor(loadW + exportCapW(input, slot));
    const wantedW = Math.round(decided.pvUsedW?.[slot] ?? availableW);
    const pvUsedW = Math.max(0, Math.min(availableW, wantedW, exportableW));
    const netW = loadW - pvUsedW;
    const importW = Math.max(0, netW);
    const exportW = Math.max(0, -netW);
    flows.importW.push(importW);
    flows.exportW.push(exportW);
    flows.pvUsedW.push(pvUsedW);
    flows.costEur +=
      ((importW * (input.importEurPerKwh[slot] ?? 0) - exportW * (input.exportEurPerKwh[slot] ?? 0)) / 1000) *
      slotHours(input, slot);
  }
  for (const [index, battery] of input.batteries.entries()) {
    const throughWh = energyOfWh((decided.batteries[index]?.powerW ?? []).map(Math.abs), input);
    // In and out again is one kWh through the battery.
    flows.costEur += (throughWh * battery.wearEurPerKwh) / 2000;
  }
  for (const [index, { discharge, ...evse }] of input.evses.entries()) {
    const given = decided.evses[index]?.dischargeW;
    if (discharge && given) flows.costEur += (chargedWh(evse, given, input) * discharge.wearEurPerKwh) / 1000;
  }
  const peaks = (input.peaks ?? []).map((peak) => {
    const valueKw = plannedValueKw(peak, input, flows.importW);
    return { name: peak.name, valueKw: Math.round(valueKw * 1000) / 1000, eur: round(peakEur(peak, valueKw)) };
  });
  return { ...flows, ...rampOf(input, flows), costEur: round(flows.costEur), ...(input.peaks ? { peaks } : {}) };
}

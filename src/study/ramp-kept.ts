/** How far a run kept the limited ramp of its site: quarter-hours in which import less export changed by more than allowed. */
import type { Scenario } from "../sim/scenario.ts";

/** Meters are not exact: a step that is above the limit by less than this part of it is not. */
const EXACT_PART = 0.01;

export interface RampKept {
  /** Quarter-hours whose change from the one before is too large. */
  readonly quarterHours: number;
  /** By how much the worst of them is, W; 0 without one. */
  readonly worstW: number;
}

/** Import less export of a slot in which cars and battery do nothing, W. */
function restingW(scenario: Scenario, slot: number): number {
  const { loadW, pvW, exportLimitW = Number.POSITIVE_INFINITY, mayHoldSun, exportEurPerKwh } = scenario;
  const mostW = mayHoldSun && exportEurPerKwh[slot]! < 0 ? 0 : exportLimitW;
  return Math.max(loadW[slot]! - pvW[slot]!, -mostW);
}

/** The most that a slot may rise and fall from the one before, W: by what the site allows, or by what building and sun do alone. */
export function allowedChangeW(scenario: Scenario, slot: number, limitW: number): { upW: number; downW: number } {
  const jumpW = slot === 0 ? 0 : restingW(scenario, slot) - restingW(scenario, slot - 1);
  return { upW: Math.max(limitW, jumpW), downW: Math.max(limitW, -jumpW) };
}

/** Of import less export by slot, W; `undefined` where the site has no limited ramp. What flowed before the first slot nobody knows. */
export function rampKept(scenario: Scenario, gridW: readonly number[]): RampKept | undefined {
  const limitW = scenario.configuration.gridConnection.rampLimitW;
  if (limitW === undefined) return undefined;
  const oversW = gridW.slice(1).map((powerW, before) => {
    const { upW, downW } = allowedChangeW(scenario, before + 1, limitW);
    const byW = powerW - gridW[before]!;
    return Math.max(byW - upW, -byW - downW);
  });
  const tooLarge = oversW.filter((overW) => overW > EXACT_PART * limitW);
  return { quarterHours: tooLarge.length, worstW: Math.round(Math.max(0, ...tooLarge)) };
}

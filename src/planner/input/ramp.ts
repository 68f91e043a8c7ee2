/**
 * How much the import less the export may change from one quarter-hour's mean to the next. What building and sun do alone is
 * never refused: where they jump by more, a plan may go with them, and no further.
 */
import type { PlanInput } from "../../core/facts/plan-facts.ts";
import { SLOT_HOURS } from "../../core/time/slots.ts";
import { exportCapW, leastSunW } from "./limits.ts";

/** The change into a slot from the one before it. */
export interface RampStep {
  readonly slot: number;
  /** What flowed in the quarter-hour before the plan, W, for the change into its first slot; missing for the others. */
  readonly fromW?: number;
  /** The most that it may rise and fall, W. */
  readonly mostUpW: number;
  readonly mostDownW: number;
}

/** Import less export of a slot in which cars and batteries do nothing, W. */
function restingW(input: PlanInput, slot: number): number {
  const netW = (input.buildingW[slot] ?? 0) - (input.pvW[slot] ?? 0);
  if (netW >= 0) return netW;
  // Who must pay for exporting leaves the sun unused, where somebody can hold it back.
  const forcedW = Math.max(0, leastSunW(input, slot) - (input.buildingW[slot] ?? 0));
  return -Math.min(-netW, (input.exportEurPerKwh[slot] ?? 0) < 0 ? forcedW : exportCapW(input, slot));
}

/** What cars and batteries can take and give at most together, W. */
export function mostSwingW({ evses, batteries }: PlanInput): number {
  const carsW = evses.reduce((sum, { maxPowerW, discharge }) => sum + maxPowerW + (discharge?.maxPowerW ?? 0), 0);
  return batteries.reduce((sum, { maxChargeW, maxDischargeW }) => sum + maxChargeW + maxDischargeW, carsW);
}

/** The mean of a whole quarter-hour, as what was drawn of it and so much of what is planned for the rest of it. */
export interface SlotMean {
  readonly drawnW: number;
  readonly share: number;
}

/** Of the running slot what was drawn counts, where it was measured; else all of it as if it had been planned. */
export function slotMean({ ramp, elapsed = 0 }: PlanInput, slot: number): SlotMean {
  if (slot > 0 || ramp?.drawnWh === undefined) return { drawnW: 0, share: 1 };
  return { drawnW: ramp.drawnWh / SLOT_HOURS, share: 1 - elapsed };
}

/** Half a minute of a quarter-hour: so much of it may be missing from what was measured, too. */
const JUST_BEGUN = 1 / 30;

/** Whether it is known how the running quarter-hour began, or it has only begun. */
function isFirstKnown({ ramp, elapsed = 0 }: PlanInput): boolean {
  return ramp?.before !== undefined && (elapsed <= JUST_BEGUN || ramp.drawnWh !== undefined);
}

/** The changes that are limited, in their order; none without such a limit. */
export function rampSteps(input: PlanInput): RampStep[] {
  const { ramp, slots } = input;
  if (!ramp) return [];
  const step = (slot: number, beforeW: number): RampStep => {
    const jumpW = restingW(input, slot) - beforeW;
    return { slot, mostUpW: Math.max(ramp.limitW, jumpW), mostDownW: Math.max(ramp.limitW, -jumpW) };
  };
  const first =
    ramp.before && isFirstKnown(input) ? [{ ...step(0, ramp.before.restingW), fromW: ramp.before.netW }] : [];
  const others = Array.from({ length: slots - 1 }, (_, at) => step(at + 1, restingW(input, at)));
  return [...first, ...others];
}

/** By how much a planned import less export by slot rises and falls in a step, W: falling is below zero. */
export function changeW(input: PlanInput, { slot, fromW }: RampStep, netW: readonly number[]): number {
  const meanW = (at: number) => {
    const { drawnW, share } = slotMean(input, at);
    return drawnW + share * (netW[at] ?? 0);
  };
  return meanW(slot) - (fromW ?? meanW(slot - 1));
}

/** By how much each slot's change is above what is allowed, W; nothing where that is not known. */
export function rampOverW(input: PlanInput, netW: readonly number[]): number[] {
  const overW = new Array<number>(input.slots).fill(0);
  for (const step of rampSteps(input)) {
    const byW = changeW(input, step, netW);
    overW[step.slot] = Math.max(0, byW - step.mostUpW, -byW - step.mostDownW);
  }
  return overW;
}

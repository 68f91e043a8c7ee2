/** What a kWh into a car weighs in a slot, beyond what the energy costs: hurry, risk, an occupied EVSE, gentleness. */
import type { PlanEvse, PlanInput } from "../../core/facts/plan-facts.ts";
import { SLOT_HOURS } from "../../core/time/slots.ts";
import type { PlanWeights } from "./weights.ts";

/** Of equal plans the earlier; a hundredth of a cent over a day, never more than a price. */
export const EARLY_EUR_PER_KWH_SLOT = 1e-6;
/** A driver who wants the sun: a kWh from the grid weighs so much more. */
const GREEN_EUR_PER_KWH = 0.3;
/** One that emits far more than usual weighs no more than this many. */
const MOST_GREEN_FACTOR = 3;
const KEEP_ON_EUR_PER_KWH = 2e-5;
const MOST_OPPORTUNITY_EUR_PER_KWH = 2;

export interface CarCostContext {
  readonly input: PlanInput;
  readonly weights: PlanWeights;
}

/** EUR/kWh on the power of a car in a slot, beyond what the energy costs. */
export function carCost(evse: PlanEvse, slot: number, { input, weights }: CarCostContext): number {
  const early = evse.preference === "fast" ? weights.hurryEurPerKwh(slot) : slot * EARLY_EUR_PER_KWH_SLOT;
  const neededKwh = Math.max(1, evse.energyNeededWh / 1000);
  const opportunity = (input.opportunityEurPerHour * slot * SLOT_HOURS) / neededKwh;
  const keepOn = slot === 0 && evse.chargingNow ? -KEEP_ON_EUR_PER_KWH : 0;
  return early + weights.riskEurPerKwh(evse, slot) + Math.min(MOST_OPPORTUNITY_EUR_PER_KWH, opportunity) + keepOn;
}

/**
 * What a kWh from the grid weighs more for a driver who wants green energy, EUR: where it is known what the grid emits, in
 * proportion to that.
 */
export function greenEurPerKwh({ co2GramsPerKwh }: PlanInput, slot: number): number {
  const grams = co2GramsPerKwh?.[slot];
  if (!co2GramsPerKwh || grams === undefined) return GREEN_EUR_PER_KWH;
  const mean = co2GramsPerKwh.reduce((sum, value) => sum + value, 0) / co2GramsPerKwh.length;
  return mean > 0 ? GREEN_EUR_PER_KWH * Math.min(MOST_GREEN_FACTOR, grams / mean) : GREEN_EUR_PER_KWH;
}

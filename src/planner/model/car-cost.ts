/** What a kWh into a car weighs in a slot, beyond what the energy costs: hurry, risk, an occupied EVSE, gentleness. */
import type { PlanEvse, PlanInput } from "../../core/facts/plan-facts.ts";
import { SLOT_HOURS } from "../../core/time/slots.ts";
import type { PlanWeights } from "./weights.ts";

/** Of equal plans the earlier; a hundredth of a cent over a day, never more than a price. */
export const EARLY_EUR_PER_KWH_SLOT = 1e-6;
/** A driver who wants the sun: a kWh from the grid weighs so much more. */
export const GREEN_EUR_PER_KWH = 0.3;
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

/** What energy is worth that a plan leaves in a battery. */
import type { PlanBattery } from "../facts/plan-facts.ts";

/** So much of what is left has this worth. */
export interface StoredPart {
  readonly energyWh: number;
  readonly eurPerKwh: number;
}

/** Parts from the least energy up, the dearest first; a plan of before knew one worth for all. */
export function endParts(battery: PlanBattery): readonly StoredPart[] {
  const { endValues, endValueEurPerKwh = 0, capacityWh, minEnergyWh } = battery;
  return endValues ?? [{ energyWh: capacityWh - minEnergyWh, eurPerKwh: endValueEurPerKwh }];
}

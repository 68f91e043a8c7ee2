/**
 * What energy is worth that a battery still holds when the plan ends: what it saves until the sun would have filled it
 * anyway. The day after is taken to be like the planned one.
 */

import type { PlanBattery } from "../../core/facts/plan-facts.ts";
import type { StoredPart } from "../../core/money/end-values.ts";
import { SLOT_HOURS } from "../../core/time/slots.ts";

export interface StoredValueInput {
  readonly importEurPerKwh: readonly number[];
  readonly buildingW: readonly number[];
  readonly pvW: readonly number[];
}

/** Enough to tell the evening from the night. */
const PARTS = 4;

type Store = Pick<PlanBattery, "capacityWh" | "minEnergyWh" | "efficiency" | "wearEurPerKwh">;

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

/** Energy that the battery could deliver before it is full of sun again, with what each kWh of it in store saves. */
function savings(input: StoredValueInput, { capacityWh, minEnergyWh, efficiency, wearEurPerKwh }: Store): StoredPart[] {
  const roomWh = capacityWh - minEnergyWh;
  const found: StoredPart[] = [];
  let sunWh = 0;
  let cheapest = Number.POSITIVE_INFINITY;
  for (let slot = 0; slot < input.importEurPerKwh.length && sunWh < roomWh; slot++) {
    const netWh = (input.buildingW[slot]! - input.pvW[slot]!) * SLOT_HOURS;
    const price = input.importEurPerKwh[slot]!;
    cheapest = Math.min(cheapest, price);
    if (netWh < 0) sunWh -= netWh * efficiency;
    if (netWh <= 0) continue;
    // Instead of being kept it could be bought when that is cheapest on the way.
    const worth = Math.min(price * efficiency - wearEurPerKwh / 2, cheapest / efficiency + wearEurPerKwh / 2);
    found.push({ energyWh: netWh / efficiency, eurPerKwh: Math.max(0, worth) });
  }
  return found.sort((a, b) => b.eurPerKwh - a.eurPerKwh);
}

/**
 * Parts of equal energy, each with its mean value, and the rest: what nobody needs by the forecast is worth what a usual kWh
 * saves. A car may come and the sun may not.
 */
export function storedValue(input: StoredValueInput, battery: Store): StoredPart[] {
  const all = savings(input, battery);
  const roomWh = battery.capacityWh - battery.minEnergyWh;
  const usefulWh = Math.min(
    roomWh,
    all.reduce((sum, { energyWh }) => sum + energyWh, 0),
  );
  const partWh = usefulWh / PARTS;
  const parts: StoredPart[] = [];
  let [filledWh, eur] = [0, 0];
  for (const { energyWh, eurPerKwh } of all) {
    for (let leftWh = energyWh; leftWh > 1e-6 && parts.length < PARTS; ) {
      const takenWh = Math.min(leftWh, partWh - filledWh);
      filledWh += takenWh;
      eur += takenWh * eurPerKwh;
      leftWh -= takenWh;
      if (filledWh < partWh - 1e-6) continue;
      parts.push({ energyWh: Math.round(partWh), eurPerKwh: eur / filledWh });
      [filledWh, eur] = [0, 0];
    }
  }
  const lowest = parts.at(-1)?.eurPerKwh ?? Number.POSITIVE_INFINITY;
  const spare = Math.max(0, median(input.importEurPerKwh) * battery.efficiency - battery.wearEurPerKwh / 2);
  return [...parts, { energyWh: Math.round(roomWh - usefulWh), eurPerKwh: Math.min(lowest, spare) }];
}

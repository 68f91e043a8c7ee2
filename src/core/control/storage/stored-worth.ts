/**
 * What a kWh in store is worth by the plan, beyond the running slot: where it would be used, or how it would come back. The
 * order in which a plan does what costs the same is free; these prices are not, and they hold when the slot turns out
 * other than planned.
 */

import type { PlanBattery } from "../../facts/plan-facts.ts";
import { endParts } from "../../money/end-values.ts";
import { SLOT_HOURS } from "../../time/slots.ts";
import type { Plan } from "../wishes/plan-current.ts";

export interface StoredWorth {
  /** What another kWh in store brings, EUR; nothing where it could not be kept. */
  readonly moreEurPerKwh: number;
  /** What a kWh less in store costs, EUR; infinite where the plan cannot do without. */
  readonly lessEurPerKwh: number;
}

/** Below these nothing flows, W, and there is neither room nor anything left, Wh. */
const FLOW_W = 50;
const STORE_WH = 20;

/** A slot as the plan sees it, with what a kWh is worth there that is left over, and what one costs more, EUR. */
interface Slot {
  readonly powerW: number;
  readonly spareEurPerKwh: number;
  readonly extraEurPerKwh: number;
}

function slotOf({ input, result }: Plan, powerW: number, slot: number): Slot {
  const importW = result.importW[slot] ?? 0;
  const sunLeftW = (input.pvW[slot] ?? 0) - (result.pvUsedW[slot] ?? 0);
  const importEurPerKwh = input.importEurPerKwh[slot] ?? 0;
  const exportEurPerKwh = sunLeftW > FLOW_W ? 0 : (input.exportEurPerKwh[slot] ?? 0);
  const gives = sunLeftW > FLOW_W || (result.exportW[slot] ?? 0) > FLOW_W;
  const isFull = importW > (input.importLimitW ?? Number.POSITIVE_INFINITY) - FLOW_W;
  return {
    powerW,
    spareEurPerKwh: importW > FLOW_W ? importEurPerKwh : exportEurPerKwh,
    extraEurPerKwh: gives ? exportEurPerKwh : isFull ? Number.POSITIVE_INFINITY : importEurPerKwh,
  };
}

/** What a kWh brings that leaves the store, at a price outside; and what one costs that comes into it. */
const given = (eurPerKwh: number, { efficiency, wearEurPerKwh }: PlanBattery) =>
  eurPerKwh * efficiency - wearEurPerKwh / 2;
const taken = (eurPerKwh: number, { efficiency, wearEurPerKwh }: PlanBattery) =>
  (eurPerKwh + wearEurPerKwh / 2) / efficiency;

/** The best use of another kWh in a later slot. */
function bestUse({ powerW, spareEurPerKwh }: Slot, battery: PlanBattery): number {
  const canGive = powerW > -battery.maxDischargeW + FLOW_W;
  return Math.max(canGive ? given(spareEurPerKwh, battery) : 0, powerW > FLOW_W ? taken(spareEurPerKwh, battery) : 0);
}

/** The cheapest way to do without a kWh in a later slot, or to have it again. */
function cheapestReturn({ powerW, extraEurPerKwh }: Slot, battery: PlanBattery): number {
  const canTake = powerW < battery.maxChargeW - FLOW_W;
  return Math.min(
    canTake ? taken(extraEurPerKwh, battery) : Number.POSITIVE_INFINITY,
    powerW < -FLOW_W ? given(extraEurPerKwh, battery) : Number.POSITIVE_INFINITY,
  );
}

/** Value of what lies above (`up`) or below what is left at the end. */
function endWorth(battery: PlanBattery, energyWh: number, up: boolean): number {
  let fromWh = Math.min(battery.minEnergyWh, battery.energyWh);
  for (const part of endParts(battery)) {
    const untilWh = fromWh + part.energyWh;
    if (part.energyWh > 0 && (up ? energyWh < untilWh - STORE_WH : energyWh <= untilWh + STORE_WH))
      return part.eurPerKwh;
    fromWh = untilWh;
  }
  return 0;
}

/** What more and less in store after the running slot is worth; missing where the plan does not know the battery. */
export function storedWorth(plan: Plan, deviceId: string, now: number): StoredWorth | undefined {
  const battery = plan.input.batteries.find((known) => known.deviceId === deviceId);
  const powersW = plan.result.batteries.find((planned) => planned.deviceId === deviceId)?.powerW;
  if (!battery || !powersW) return undefined;
  const { efficiency, capacityWh, minEnergyWh } = battery;
  let energyWh = battery.energyWh;
  let more = 0;
  let less = Number.POSITIVE_INFINITY;
  let [fits, lasts] = [true, true];
  for (const [slot, powerW] of powersW.entries()) {
    if (slot > now && fits) more = Math.max(more, bestUse(slotOf(plan, powerW, slot), battery));
    if (slot > now && lasts) less = Math.min(less, cheapestReturn(slotOf(plan, powerW, slot), battery));
    const hours = slot === 0 ? SLOT_HOURS * (1 - (plan.input.elapsed ?? 0)) : SLOT_HOURS;
    energyWh += hours * (powerW > 0 ? powerW * efficiency : powerW / efficiency);
    if (slot <= now) continue;
    fits &&= energyWh < capacityWh - STORE_WH;
    lasts &&= energyWh > minEnergyWh + STORE_WH;
  }
  return {
    moreEurPerKwh: fits ? Math.max(more, endWorth(battery, energyWh, true)) : more,
    lessEurPerKwh: lasts ? Math.min(less, endWorth(battery, energyWh, false)) : less,
  };
}

/** Whether covering the site from the store pays at a price of import, and taking up sun at a price of export. */
export function coverPays(worth: StoredWorth, importEurPerKwh: number, battery: PlanBattery): boolean {
  return given(importEurPerKwh, battery) >= worth.lessEurPerKwh - 1e-6;
}
export function absorbPays(worth: StoredWorth, exportEurPerKwh: number, battery: PlanBattery): boolean {
  return taken(exportEurPerKwh, battery) <= worth.moreEurPerKwh + 1e-6;
}

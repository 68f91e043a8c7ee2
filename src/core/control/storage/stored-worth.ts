/**
 * What a kWh in store is worth by the plan, beyond the running slot: where it would be used, or how it would come back. The
 * order in which a plan does what costs the same is free; these prices are not, and they hold when the slot turns out
 * other than planned: for as much energy as can be used, or comes back, at such a price.
 */

import type { PlanBattery } from "../../facts/plan-facts.ts";
import { endParts } from "../../money/end-values.ts";
import { SLOT_HOURS } from "../../time/slots.ts";
import type { Plan } from "../wishes/plan-current.ts";

export interface StoredWorth {
  /** What the plan has in store when the running slot ends, Wh. */
  readonly plannedWh: number;
  /** How much more than planned may be in store, each kWh of it bringing at least a price, EUR; Wh. */
  readonly moreWh: (eurPerKwh: number) => number;
  /** How much less than planned may be in store, each kWh of it costing no more than a price, EUR; Wh. */
  readonly lessWh: (eurPerKwh: number) => number;
}

/** Below this nothing flows, W. */
const FLOW_W = 50;
/** Prices that differ by less are the same, EUR. */
const SAME_EUR = 1e-6;

/** So much power flows at a price outside, EUR/kWh. */
interface Tier {
  readonly eurPerKwh: number;
  readonly powerW: number;
}

/** What is given beyond the plan replaces what is bought, then it is sold. */
function sales({ input, result }: Plan, slot: number): Tier[] {
  const importW = result.importW[slot] ?? 0;
  const sunLeftW = (input.pvW[slot] ?? 0) - (result.pvUsedW[slot] ?? 0);
  const exportEurPerKwh = sunLeftW > FLOW_W ? 0 : (input.exportEurPerKwh[slot] ?? 0);
  return [
    { eurPerKwh: input.importEurPerKwh[slot] ?? 0, powerW: importW },
    { eurPerKwh: exportEurPerKwh, powerW: Number.POSITIVE_INFINITY },
  ];
}

/** What is taken beyond the plan comes of what is left unused or sold, then it is bought. */
function purchases({ input, result }: Plan, slot: number): Tier[] {
  const sunLeftW = (input.pvW[slot] ?? 0) - (result.pvUsedW[slot] ?? 0);
  const roomW = (input.importLimitW ?? Number.POSITIVE_INFINITY) - (result.importW[slot] ?? 0);
  return [
    { eurPerKwh: 0, powerW: sunLeftW > FLOW_W ? sunLeftW : 0 },
    { eurPerKwh: input.exportEurPerKwh[slot] ?? 0, powerW: result.exportW[slot] ?? 0 },
    { eurPerKwh: input.importEurPerKwh[slot] ?? 0, powerW: roomW },
  ];
}

/** What a kWh brings that leaves the store, at a price outside; and what one costs that comes into it. */
const given = (eurPerKwh: number, { efficiency, wearEurPerKwh }: PlanBattery) =>
  eurPerKwh * efficiency - wearEurPerKwh / 2;
const taken = (eurPerKwh: number, { efficiency, wearEurPerKwh }: PlanBattery) =>
  (eurPerKwh + wearEurPerKwh / 2) / efficiency;

/** What could be done otherwise: so much energy of the store at this price. */
interface Offer {
  readonly eurPerKwh: number;
  readonly energyWh: number;
}

/** A change of the battery's power: up to so much, what it does to the store, and its price by the price outside. */
interface Change {
  readonly powerW: number;
  readonly storedPart: number;
  readonly priced: typeof given;
}

/** Changes one after the other, at the price of the tiers one after the other. */
function offersOf(changes: readonly Change[], tiers: readonly Tier[], battery: PlanBattery): Offer[] {
  const offers: Offer[] = [];
  const leftW = tiers.map(({ powerW }) => powerW);
  for (const { powerW, storedPart, priced } of changes) {
    let openW = powerW;
    for (const [index, { eurPerKwh }] of tiers.entries()) {
      const flowW = Math.min(openW, leftW[index]!);
      if (flowW <= FLOW_W) continue;
      openW -= flowW;
      leftW[index]! -= flowW;
      offers.push({ eurPerKwh: priced(eurPerKwh, battery), energyWh: SLOT_HOURS * flowW * storedPart });
    }
  }
  return offers;
}

/** Uses of another kWh in a later slot: less is taken, or more is given. */
function uses(plan: Plan, battery: PlanBattery, { slot, powerW }: { slot: number; powerW: number }): Offer[] {
  const { efficiency, maxDischargeW } = battery;
  const changes = [
    { powerW: Math.max(0, powerW), storedPart: efficiency, priced: taken },
    { powerW: maxDischargeW - Math.max(0, -powerW), storedPart: 1 / efficiency, priced: given },
  ];
  return offersOf(changes, sales(plan, slot), battery);
}

/** Ways to do without a kWh in a later slot, or to have it again: less is given, or more is taken. */
function returns(plan: Plan, battery: PlanBattery, { slot, powerW }: { slot: number; powerW: number }): Offer[] {
  const { efficiency, maxChargeW } = battery;
  const changes = [
    { powerW: Math.max(0, -powerW), storedPart: 1 / efficiency, priced: given },
    { powerW: maxChargeW - Math.max(0, powerW), storedPart: efficiency, priced: taken },
  ];
  return offersOf(changes, purchases(plan, slot), battery);
}

/** What is left at the end, above (`up`) or below `energyWh`, by its worth. */
function atTheEnd(battery: PlanBattery, energyWh: number, up: boolean): Offer[] {
  let fromWh = Math.min(battery.minEnergyWh, battery.energyWh);
  return endParts(battery).map((part) => {
    const untilWh = fromWh + part.energyWh;
    const offeredWh = up ? untilWh - Math.max(fromWh, energyWh) : Math.min(untilWh, energyWh) - fromWh;
    fromWh = untilWh;
    return { eurPerKwh: part.eurPerKwh, energyWh: Math.max(0, offeredWh) };
  });
}

/** What could be done otherwise in a slot, and how far from the plan the store can be after it. */
interface Step {
  readonly offers: readonly Offer[];
  readonly roomWh: number;
}

/** How far from the plan the store may be before these steps, made up for by what pays alone, Wh. */
function reachWh(steps: readonly Step[], pays: (eurPerKwh: number) => boolean): number {
  let madeUpWh = 0;
  let mostWh = Number.POSITIVE_INFINITY;
  for (const { offers, roomWh } of steps) {
    for (const { eurPerKwh, energyWh } of offers) if (pays(eurPerKwh)) madeUpWh += energyWh;
    mostWh = Math.min(mostWh, madeUpWh + Math.max(0, roomWh));
  }
  return mostWh;
}

/** What more and less in store after the running slot is worth; missing where the plan does not know the battery. */
export function storedWorth(plan: Plan, deviceId: string, now: number): StoredWorth | undefined {
  const battery = plan.input.batteries.find((known) => known.deviceId === deviceId);
  const powersW = plan.result.batteries.find((planned) => planned.deviceId === deviceId)?.powerW;
  if (!battery || !powersW) return undefined;
  const { capacityWh, minEnergyWh } = battery;
  let { energyWh } = battery;
  let plannedWh = energyWh;
  const more: Step[] = [];
  const less: Step[] = [];
  for (const [slot, powerW] of powersW.entries()) {
    const hours = slot === 0 ? SLOT_HOURS * (1 - (plan.input.elapsed ?? 0)) : SLOT_HOURS;
    energyWh += hours * storedW(powerW, battery);
    if (slot === now) plannedWh = energyWh;
    if (slot <= now) continue;
    more.push({ offers: uses(plan, battery, { slot, powerW }), roomWh: capacityWh - energyWh });
    less.push({ offers: returns(plan, battery, { slot, powerW }), roomWh: energyWh - minEnergyWh });
  }
  more.push({ offers: atTheEnd(battery, energyWh, true), roomWh: 0 });
  less.push({ offers: atTheEnd(battery, energyWh, false), roomWh: 0 });
  return {
    plannedWh,
    moreWh: (eurPerKwh) => reachWh(more, (offered) => offered >= eurPerKwh - SAME_EUR),
    lessWh: (eurPerKwh) => reachWh(less, (offered) => offered <= eurPerKwh + SAME_EUR),
  };
}

/** What a power does to the store, W. */
export function storedW(powerW: number, { efficiency }: PlanBattery): number {
  return powerW > 0 ? powerW * efficiency : powerW / efficiency;
}

/** How far below the plan covering the site from the store pays at a price of import, Wh. */
export function coverableWh(worth: StoredWorth, importEurPerKwh: number, battery: PlanBattery): number {
  return worth.lessWh(given(importEurPerKwh, battery));
}
/** How far above the plan taking up sun pays at a price of export, Wh. */
export function absorbableWh(worth: StoredWorth, exportEurPerKwh: number, battery: PlanBattery): number {
  return worth.moreWh(taken(exportEurPerKwh, battery));
}

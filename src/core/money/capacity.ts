/** What tariffs for power make of a month: its peaks so far, its value, and what that costs. */

import type { CapacityTariff } from "../site/site-capacity.ts";
import { type ImportsState, importAt } from "../state/imports.ts";
import { isWithin, localMoment } from "../time/calendar.ts";
import { SLOT_HOURS, SLOT_MS } from "../time/slots.ts";

/** How a kW counts at a time: `weight` x what is above `contractedKw`. */
export interface CapacityRule {
  readonly weight: number;
  readonly contractedKw: number;
}

/** The rule of a tariff for an interval that begins at `atMs`. */
export function capacityRule(tariff: CapacityTariff, atMs: number, timeZone: string): CapacityRule {
  if (tariff.windows.length === 0) return tariff.otherwise;
  const moment = localMoment(atMs, timeZone);
  return tariff.windows.find((window) => isWithin(moment, window)) ?? tariff.otherwise;
}

/** What an interval of this mean power counts, kW. */
export function countedKw(rule: CapacityRule, powerKw: number): number {
  return rule.weight * Math.max(0, powerKw - rule.contractedKw);
}

export interface DayPeak {
  /** As in `localMoment`. */
  readonly day: number;
  readonly kw: number;
}

/** Slots in an interval of the tariff. */
export function slotsInInterval(tariff: CapacityTariff): number {
  return (tariff.intervalMinutes * 60_000) / SLOT_MS;
}

/**
 * The highest counted interval of each day of the local month of `atMs`, as far as it is over and was measured. An
 * interval with an unmeasured part counts by what was measured of it: that is the least that it was.
 */
export function monthPeaks(tariff: CapacityTariff, imports: ImportsState, atMs: number, timeZone: string): DayPeak[] {
  const slots = slotsInInterval(tariff);
  const lengthMs = slots * SLOT_MS;
  const { month } = localMoment(atMs, timeZone);
  const days = new Map<number, number>();
  const first = Math.floor(imports.firstMs / lengthMs) * lengthMs;
  for (let startMs = first; startMs + lengthMs <= atMs; startMs += lengthMs) {
    let energyWh = 0;
    for (let slot = 0; slot < slots; slot++) energyWh += importAt(imports, startMs + slot * SLOT_MS) ?? 0;
    if (energyWh <= 0) continue;
    const moment = localMoment(startMs, timeZone);
    if (moment.month !== month) continue;
    const kw = countedKw(capacityRule(tariff, startMs, timeZone), energyWh / 1000 / (slots * SLOT_HOURS));
    if (kw > (days.get(moment.day) ?? 0)) days.set(moment.day, kw);
  }
  return [...days].map(([day, kw]) => ({ day, kw }));
}

/** The month's value of day peaks, kW: the mean of the highest, at least the floor. */
export function capacityValueKw(tariff: CapacityTariff, peaks: readonly DayPeak[]): number {
  const highest = peaks.map(({ kw }) => kw).sort((a, b) => b - a);
  const counted = highest.slice(0, tariff.peaks);
  return Math.max(tariff.floorKw, counted.reduce((sum, kw) => sum + kw, 0) / tariff.peaks);
}

/** What a month of this value costs, EUR; above the last step it costs what that does. */
export function capacityEur(tariff: CapacityTariff, valueKw: number): number {
  const step = tariff.steps.find(({ upToKw }) => valueKw <= upToKw + 1e-9) ?? tariff.steps.at(-1);
  return valueKw * tariff.eurPerKwMonth + (step?.eurPerMonth ?? 0);
}

export interface CapacityCharge {
  readonly name: string;
  readonly valueKw: number;
  readonly eur: number;
}

/** What the local month of `atMs` has come to so far by each tariff. */
export function capacityCharges(
  tariffs: readonly CapacityTariff[],
  imports: ImportsState,
  at: { readonly atMs: number; readonly timeZone: string },
): CapacityCharge[] {
  return tariffs.map((tariff) => {
    const valueKw = capacityValueKw(tariff, monthPeaks(tariff, imports, at.atMs, at.timeZone));
    return { name: tariff.name, valueKw, eur: capacityEur(tariff, valueKw) };
  });
}

/** What the months of a period cost by their peaks: each month that the period touches, for its part of the month. */

import {
  capacityEur,
  capacityRule,
  capacityValueKw,
  countedKw,
  type DayPeak,
  slotsInInterval,
} from "../core/money/capacity.ts";
import type { CapacityTariff } from "../core/site/site-capacity.ts";
import { dateOf, localMoment } from "../core/time/calendar.ts";
import { SLOT_MS } from "../core/time/slots.ts";
import { type Scenario, slotsOf } from "../sim/scenario.ts";

/** An interval that a tariff averages: its slots, its local day, and how a kW counts in it. */
export interface CapacityInterval {
  readonly slots: readonly number[];
  readonly day: number;
  readonly weight: number;
  readonly contractedKw: number;
}

/** A month of a tariff, as far as it lies in the period. */
export interface CapacityMonth {
  readonly tariff: CapacityTariff;
  /** Part of the month that the period covers, 0..1. */
  readonly part: number;
  readonly intervals: readonly CapacityInterval[];
}

/** Days in the local month of `atMs`. */
function daysInMonth(atMs: number, timeZone: string): number {
  const { day, daysLeft } = localMoment(atMs, timeZone);
  return Number(dateOf(day).slice(8)) + daysLeft - 1;
}

/** A tariff in a month of which the period has these days: the mean of three days is that of two where there are no more. */
function overDays(tariff: CapacityTariff, days: number): CapacityTariff {
  return days < tariff.peaks ? { ...tariff, peaks: days } : tariff;
}

/** All months of all tariffs of a scenario; empty where power costs nothing. */
export function capacityMonths(scenario: Scenario): CapacityMonth[] {
  const { configuration, timeZone, startMs } = scenario;
  const slots = slotsOf(scenario);
  return (configuration.tariff.capacity ?? []).flatMap((tariff) => {
    const size = slotsInInterval(tariff);
    const months = new Map<number, CapacityInterval[]>();
    for (let first = 0; first + size <= slots; first += size) {
      const atMs = startMs + first * SLOT_MS;
      const { month, day } = localMoment(atMs, timeZone);
      const rule = capacityRule(tariff, atMs, timeZone);
      const interval = { slots: Array.from({ length: size }, (_, index) => first + index), day, ...rule };
      const known = months.get(month);
      if (known) known.push(interval);
      else months.set(month, [interval]);
    }
    return [...months.values()].map((intervals) => {
      const days = new Set(intervals.map(({ day }) => day)).size;
      const firstMs = startMs + intervals[0]!.slots[0]! * SLOT_MS;
      return { tariff: overDays(tariff, days), part: days / daysInMonth(firstMs, timeZone), intervals };
    });
  });
}

/** The cost of a run's peaks, EUR; `gridW` is its mean import (+) of each slot. */
export function capacityBillEur(months: readonly CapacityMonth[], gridW: readonly number[]): number {
  return months.reduce((sum, { tariff, part, intervals }) => {
    const days = new Map<number, number>();
    for (const { slots, day, weight, contractedKw } of intervals) {
      const meanW = slots.reduce((total, slot) => total + Math.max(0, gridW[slot] ?? 0), 0) / slots.length;
      const kw = countedKw({ weight, contractedKw }, meanW / 1000);
      days.set(day, Math.max(days.get(day) ?? 0, kw));
    }
    const peaks = [...days].map(([day, kw]): DayPeak => ({ day, kw }));
    return sum + part * capacityEur(tariff, capacityValueKw(tariff, peaks));
  }, 0);
}

/** The peaks of the months that a plan touches: what is reached, and what a plan makes of them. */

import type { PlanInput, PlanPeak } from "../../core/facts/plan-facts.ts";
import { capacityRule, capacityValueKw, type DayPeak, monthPeaks, slotsInInterval } from "../../core/money/capacity.ts";
import type { CapacityTariff } from "../../core/site/site-capacity.ts";
import { type ImportsState, importAt } from "../../core/state/imports.ts";
import { localMoment } from "../../core/time/calendar.ts";
import { SLOT_HOURS, SLOT_MS } from "../../core/time/slots.ts";
import { slotHours } from "../input/limits.ts";

/**
 * A peak of today serves the rest of the month, too, but nobody knows which days will need it: its price is spread over
 * the days left, ten at most, so that the first days of a month do not pay for all of it, nor almost nothing.
 */
const MOST_DAYS_SPREAD = 10;

export interface PeaksQuestion {
  readonly tariffs: readonly CapacityTariff[];
  readonly imports: ImportsState;
  readonly timeZone: string;
  /** Begin of the running slot, and now. */
  readonly startMs: number;
  readonly nowMs: number;
  readonly slots: number;
  /** Imported since the running slot began, Wh; undefined where it was not measured. */
  readonly importedWh: number | undefined;
}

interface Stretch {
  readonly month: number;
  readonly daysLeft: number;
  readonly days: { day: number; fromSlot: number; toSlot: number }[];
}

/** The horizon by local months and days. */
function stretches({ startMs, slots, timeZone }: PeaksQuestion): Stretch[] {
  const found: Stretch[] = [];
  for (let slot = 0; slot < slots; slot++) {
    const { month, day, daysLeft } = localMoment(startMs + slot * SLOT_MS, timeZone);
    if (found.at(-1)?.month !== month) found.push({ month, daysLeft, days: [] });
    const stretch = found.at(-1)!;
    const last = stretch.days.at(-1);
    if (last?.day === day) last.toSlot = slot + 1;
    else stretch.days.push({ day, fromSlot: slot, toSlot: slot + 1 });
  }
  return found;
}

/** What a quarter-hour of the running interval would draw without raising what the month has reached, Wh. */
function reachedWh(tariff: CapacityTariff, question: PeaksQuestion, reached: readonly DayPeak[]): number {
  const { startMs, timeZone } = question;
  const lengthMs = slotsInInterval(tariff) * SLOT_MS;
  const { weight, contractedKw } = capacityRule(tariff, Math.floor(startMs / lengthMs) * lengthMs, timeZone);
  const powerKw = weight > 0 ? contractedKw + capacityValueKw(tariff, reached) / weight : 0;
  return powerKw * 1000 * SLOT_HOURS;
}

/** Energy of the running interval before the horizon, Wh; what nobody measured of it is as much as was reached before. */
function beforeWh(tariff: CapacityTariff, question: PeaksQuestion, reached: readonly DayPeak[]): number {
  const { imports, startMs, nowMs, importedWh } = question;
  const lengthMs = slotsInInterval(tariff) * SLOT_MS;
  const unseenWh = reachedWh(tariff, question, reached);
  let energyWh = importedWh ?? unseenWh * Math.min(1, (nowMs - startMs) / SLOT_MS);
  for (let atMs = Math.floor(startMs / lengthMs) * lengthMs; atMs < startMs; atMs += SLOT_MS)
    energyWh += importAt(imports, atMs) ?? unseenWh;
  return Math.round(energyWh);
}

function seriesOf(tariff: CapacityTariff, question: PeaksQuestion) {
  if (tariff.windows.length === 0 && tariff.otherwise.weight === 1 && tariff.otherwise.contractedKw === 0) return {};
  const lengthMs = slotsInInterval(tariff) * SLOT_MS;
  const rules = Array.from({ length: question.slots }, (_, slot) => {
    const atMs = question.startMs + slot * SLOT_MS;
    return capacityRule(tariff, Math.floor(atMs / lengthMs) * lengthMs, question.timeZone);
  });
  return { weight: rules.map((rule) => rule.weight), contractedKw: rules.map((rule) => rule.contractedKw) };
}

function peakOf(
  tariff: CapacityTariff,
  stretch: Stretch,
  question: PeaksQuestion,
  reached: readonly DayPeak[],
): PlanPeak {
  const ours = new Set(stretch.days.map(({ day }) => day));
  const earlierKw = reached.flatMap(({ day, kw }) => (ours.has(day) ? [] : [kw])).sort((a, b) => b - a);
  return {
    name: tariff.name,
    eurPerKw: tariff.eurPerKwMonth,
    ...(tariff.steps.length === 0 ? {} : { steps: tariff.steps }),
    spreadDays: Math.max(1, Math.min(MOST_DAYS_SPREAD, stretch.daysLeft)),
    count: tariff.peaks,
    floorKw: tariff.floorKw,
    intervalSlots: slotsInInterval(tariff),
    earlierKw: earlierKw.slice(0, tariff.peaks).map(round),
    days: stretch.days.map(({ day, fromSlot, toSlot }) => ({
      fromSlot,
      toSlot,
      reachedKw: round(reached.find((peak) => peak.day === day)?.kw ?? 0),
    })),
    beforeWh: stretch.days[0]?.fromSlot === 0 ? beforeWh(tariff, question, reached) : 0,
    ...seriesOf(tariff, question),
  };
}

function round(kw: number): number {
  return Math.round(kw * 1000) / 1000;
}

/** The peaks that a plan from `startMs` on may raise, one for each tariff and local month. */
export function planPeaks(question: PeaksQuestion): PlanPeak[] {
  const { tariffs, imports, startMs, timeZone } = question;
  return tariffs.flatMap((tariff) => {
    const reached = monthPeaks(tariff, imports, startMs, timeZone);
    return stretches(question).map((stretch, index) => peakOf(tariff, stretch, question, index === 0 ? reached : []));
  });
}

/** An interval of a peak's day: its slots, and what a kW of its mean counts. */
export interface PeakInterval {
  readonly slots: readonly number[];
  readonly beforeWh: number;
  readonly weight: number;
  readonly contractedKw: number;
}

/** The intervals of a day of a peak that can count, the running one with what came before. */
export function peakIntervals(peak: PlanPeak, day: PlanPeak["days"][number], startMs: number): PeakInterval[] {
  const offset = Math.round(startMs / SLOT_MS) % peak.intervalSlots;
  const intervals = new Map<number, number[]>();
  for (let slot = day.fromSlot; slot < day.toSlot; slot++) {
    const interval = Math.floor((slot + offset) / peak.intervalSlots);
    intervals.set(interval, [...(intervals.get(interval) ?? []), slot]);
  }
  return [...intervals.values()].flatMap((slots): PeakInterval[] => {
    const first = slots[0]!;
    const weight = peak.weight?.[first] ?? 1;
    const contractedKw = peak.contractedKw?.[first] ?? 0;
    return weight === 0 ? [] : [{ slots, beforeWh: first === 0 ? peak.beforeWh : 0, weight, contractedKw }];
  });
}

function meanOfHighest(values: readonly number[], count: number): number {
  const highest = values.toSorted((a, b) => b - a).slice(0, count);
  return highest.reduce((sum, kw) => sum + kw, 0) / count;
}

/** The value that a month has already, kW: no plan lowers it. */
export function reachedValueKw(peak: PlanPeak): number {
  return Math.max(
    peak.floorKw,
    meanOfHighest([...peak.earlierKw, ...peak.days.map((day) => day.reachedKw)], peak.count),
  );
}

/** What a month of this value costs, EUR. */
export function peakEur(peak: PlanPeak, valueKw: number): number {
  const step = peak.steps?.find(({ upToKw }) => valueKw <= upToKw + 0.005) ?? peak.steps?.at(-1);
  return valueKw * peak.eurPerKw + (step?.eurPerMonth ?? 0);
}

/** What a planned day's highest makes of the value: at least `baseKw` and `share` of it. */
export interface DayWeight {
  readonly baseKw: number;
  readonly share: number;
}

/**
 * What the highest of a planned day makes of a value that is the mean of several days, where as many days as are left may be like
 * it. Counted as one of three, the peaks of a month's first days would look cheap, and use up what all that follow need as well.
 */
export function dayWeights(peak: PlanPeak, day: PlanPeak["days"][number]): DayWeight[] {
  const { count, days, earlierKw, spreadDays } = peak;
  const others = [...earlierKw, ...days.flatMap((other) => (other === day ? [] : [other.reachedKw]))];
  const highest = others.sort((a, b) => b - a);
  const alike = Math.min(count, Math.max(days.length, Math.floor(spreadDays)));
  return Array.from({ length: alike }, (_, index) => {
    const sumKw = highest.slice(0, count - index - 1).reduce((sum, kw) => sum + kw, 0);
    return { baseKw: sumKw / count, share: (index + 1) / count };
  });
}

/** The value that a month comes to where as many days as are left may be like one of these, kW: the highest of each of the plan's. */
export function alikeValueKw(peak: PlanPeak, daysKw: readonly number[]): number {
  const alike = peak.days.flatMap((day, index) =>
    dayWeights(peak, day).map(({ baseKw, share }) => baseKw + share * daysKw[index]!),
  );
  return Math.max(reachedValueKw(peak), ...alike);
}

/** Whether only days like the planned ones are reckoned with; by steps also what is billed without them. */
export function isLevel({ count, steps = [] }: PlanPeak): boolean {
  return count === 1 || steps.length === 0;
}

/** The highest of each of the plan's days with an import by slot, kW. */
export function plannedDaysKw(peak: PlanPeak, input: PlanInput, importW: readonly number[]): number[] {
  return peak.days.map((day) => {
    const counted = peakIntervals(peak, day, input.startMs).map(({ slots, beforeWh, weight, contractedKw }) => {
      const energyWh = slots.reduce((sum, slot) => sum + (importW[slot] ?? 0) * slotHours(input, slot), beforeWh);
      return weight * Math.max(0, energyWh / 1000 / (peak.intervalSlots * SLOT_HOURS) - contractedKw);
    });
    return Math.max(day.reachedKw, ...counted);
  });
}

/** The value that a month comes to with an import by slot, kW, where the days that follow are no higher than those of the plan. */
export function plannedValueKw(peak: PlanPeak, input: PlanInput, importW: readonly number[]): number {
  const daysKw = plannedDaysKw(peak, input, importW);
  if (isLevel(peak)) return alikeValueKw(peak, daysKw);
  return Math.max(peak.floorKw, meanOfHighest([...peak.earlierKw, ...daysKw], peak.count));
}

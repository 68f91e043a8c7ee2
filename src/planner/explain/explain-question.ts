/** A plan that is asked for its reasons, and what all of them are reckoned from. */
import type { PlanInput, PlanResult } from "../../core/facts/plan-facts.ts";
import { presence } from "../input/limits.ts";
import { alikeValueKw, peakEur, peakIntervals, plannedDaysKw, plannedValueKw, reachedValueKw } from "../model/peaks.ts";
import { type PlanWeights, planWeights } from "../model/weights.ts";
import { type Drawn, drawnOf } from "./explain-drawn.ts";

/** Rounding, W. */
export const NEAR_W = 60;
/** Mean power of an interval that matters to a peak. */
const LITTLE_W = 500;
/** A peak that costs less more costs nothing, EUR a month. */
const LEAST_EUR = 1e-3;

export interface Plan {
  readonly input: PlanInput;
  readonly result: PlanResult;
}

/** More power of a car, W, and the part of a slot in which it is there. */
export interface SlotStep {
  readonly moreW: number;
  readonly part: number;
}

export interface UsedSlot {
  readonly eur: number;
  readonly besideEur: number;
}

/** A plan that is asked, and what is reckoned once for all its slots. */
export interface Question extends Plan {
  readonly weights: PlanWeights;
  /** The lowest price of all, at most 0. */
  readonly leastEurPerKwh: number;
  readonly drawn: readonly Drawn[];
  /** The month's peak that such a step of a car in a slot, or a little, would make dearer. */
  readonly peakAt: (slot: number, car: SlotStep) => string | undefined;
  /** Slots that cars use, by car, as far as they were asked for. */
  readonly usedBy: Map<number, readonly UsedSlot[]>;
  /** By car and slot, as far as it was asked for: what a kWh more costs, what it weighs besides, and what limits leave. */
  readonly known: { readonly moreEur: number[][]; readonly besideEur: number[][]; readonly roomW: number[][] };
}

/** A number by car and slot that is reckoned once. */
export function once(rows: number[][], index: number, slot: number, reckon: () => number): number {
  rows[index] ??= [];
  rows[index][slot] ??= reckon();
  return rows[index][slot];
}

/** A plan as a question; nothing where it says nothing of its input's cars. */
export function questionOf(input: PlanInput, result: PlanResult): Question | undefined {
  if (result.evses.length !== input.evses.length) return undefined;
  // Cars with the same least power ask the same.
  const known = new Map<string, string | undefined>();
  const peakAt = (slot: number, step: SlotStep) => {
    const key = `${slot} ${step.moreW} ${step.part}`;
    if (!known.has(key)) known.set(key, raisedPeak(slot, step, { input, result }));
    return known.get(key);
  };
  return {
    ...{ input, result, weights: planWeights(input), drawn: drawnOf(input, result), peakAt },
    leastEurPerKwh: Math.min(0, ...input.importEurPerKwh, ...input.exportEurPerKwh),
    usedBy: new Map(),
    known: { moreEur: [], besideEur: [], roomW: [] },
  };
}

/** Planned power, W. */
export function plannedW(index: number, slot: number, { result }: Question): number {
  return result.evses[index]?.powerW[slot] ?? 0;
}

/** A car that is off needs room for its least power. */
export function stepW(index: number, slot: number, question: Question): number {
  return plannedW(index, slot, question) > 0 ? NEAR_W : question.input.evses[index]!.minPowerW;
}

/** Part of a slot, above 0 to 1, in which a car adds to its mean: less than 1 in that of its departure; of one that it misses all. */
export function partOf(index: number, slot: number, { input }: Plan): number {
  return presence(input.evses[index]!, slot, input) || 1;
}

/** A car's step in the mean of a slot, W. */
export function stepMeanW(index: number, slot: number, question: Question): number {
  return stepW(index, slot, question) * partOf(index, slot, question);
}

/** Sun that the plan leaves unused, W. */
export function unusedSunW(slot: number, { input, result }: Plan): number {
  return Math.max(0, Math.floor(input.pvW[slot] ?? 0) - (result.pvUsedW[slot] ?? 0));
}

function raisedPeak(slot: number, step: SlotStep, { input, result }: Plan): string | undefined {
  const spareW = (result.exportW[slot] ?? 0) + unusedSunW(slot, { input, result });
  for (const peak of input.peaks ?? []) {
    const day = peak.days.find(({ fromSlot, toSlot }) => slot >= fromSlot && slot < toSlot);
    const interval = day && peakIntervals(peak, day, input.startMs).find(({ slots }) => slots.includes(slot));
    if (!interval) continue;
    const moreW = Math.max(step.moreW, LITTLE_W * peak.intervalSlots) * step.part - spareW;
    if (moreW <= 0) continue;
    // More import here would make the month dearer than what is reached or planned: a step that is paid is free to its end.
    const more = result.importW.map((powerW, at) => (at === slot ? powerW + moreW : powerW));
    const billedKw = (importW: readonly number[]) =>
      Math.max(reachedValueKw(peak), plannedValueKw(peak, input, importW));
    const alikeKw = (importW: readonly number[]) => alikeValueKw(peak, plannedDaysKw(peak, input, importW));
    for (const valueKw of [billedKw, alikeKw])
      if (peakEur(peak, valueKw(more)) > peakEur(peak, valueKw(result.importW)) + LEAST_EUR) return peak.name;
  }
  return undefined;
}

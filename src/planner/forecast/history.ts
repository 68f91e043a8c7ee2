/** What the site's own quarter-hours of the last three weeks say of a time of the day. Days are UTC days: a change of clocks fades. */

import type { QuarterHour } from "../../core/state/site-slice.ts";
import { SLOT_HOURS, SLOT_MS } from "../../core/time/slots.ts";

export const DAY_MS = 86_400_000;
const DAYS = 21;
export const DAY_SLOTS = 96;
/** Quarter-hours that a forecast learns from: older ones say nothing of now. */
export const LEARNED_SLOTS = DAYS * DAY_SLOTS;

/** Mean powers by the start of their quarter-hour, W. */
export type Known = ReadonlyMap<number, number>;
export type EnergyField = "buildingWh" | "pvWh";

/** The quarter-hours that were measured from their begin to their end. */
export function powerBySlot(quarterHours: readonly QuarterHour[], field: EnergyField): Known {
  const known = new Map<number, number>();
  for (const quarterHour of quarterHours) {
    const energyWh = quarterHour[field];
    if (energyWh === undefined || !Number.isFinite(energyWh) || !quarterHour.complete) continue;
    // What the sun gave while it was held back says nothing of what it could give.
    if (field === "pvWh" && quarterHour.pvHeld) continue;
    known.set(quarterHour.slotStartMs, Math.max(0, energyWh) / SLOT_HOURS);
  }
  return known;
}

/** Thursday was day 0 of the epoch. */
export function isWeekend(atMs: number): boolean {
  const day = (Math.floor(atMs / DAY_MS) + 4) % 7;
  return day === 0 || day === 6;
}

/** Powers at the same time of the days before, youngest first. */
function daysBefore(known: Known, slotMs: number): { readonly atMs: number; readonly powerW: number }[] {
  const found: { atMs: number; powerW: number }[] = [];
  for (let day = 1; day <= DAYS; day++) {
    const atMs = slotMs - day * DAY_MS;
    const powerW = known.get(atMs);
    if (powerW !== undefined) found.push({ atMs, powerW });
  }
  return found;
}

/** Mean power at this time of the days before, each day with its weight; missing where none is known. */
export function usualW(known: Known, slotMs: number, weight: (dayMs: number) => number): number | undefined {
  let weights = 0;
  let sumW = 0;
  for (const { atMs, powerW } of daysBefore(known, slotMs)) {
    weights += weight(atMs);
    sumW += weight(atMs) * powerW;
  }
  return weights > 0 ? sumW / weights : undefined;
}

/** Nearly the most that this time of the day brought, a quarter-hour earlier or later included; missing where none is known. */
export function highestW(known: Known, slotMs: number): number | undefined {
  const powersW = [-SLOT_MS, 0, SLOT_MS]
    .flatMap((byMs) => daysBefore(known, slotMs + byMs))
    .map(({ powerW }) => powerW)
    .sort((a, b) => a - b);
  return powersW[Math.floor(powersW.length * 0.95)];
}

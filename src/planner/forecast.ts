/**
 * What the building will take and the sun will give, slot by slot, from the site's own quarter-hours of the last three
 * weeks, or from what somebody else expects; the sun of a site without a past is reckoned from its height. Days are UTC days: the shift of an hour at a change of clocks fades within the three weeks.
 */
import type { Place } from "../core/place.ts";
import { clamp } from "../core/quantity.ts";
import { SLOT_HOURS, SLOT_MS } from "../core/slots.ts";
import type { QuarterHour } from "../core/state/site-slice.ts";
import { clearSky } from "./sun.ts";

const DAY_MS = 86_400_000;
const BUILDING_DAYS = 21;
const PV_DAYS = 14;
/** Yesterday says more than last week: each day before counts this much less. */
const PV_DAY_WEIGHT = 0.9;
/** What is different now stays different for about two hours. */
const BUILDING_FADE_SLOTS = 8;
/** A cloudy hour says something of the next hours, nothing of tomorrow. */
const PV_FADE_SLOTS = 24;
/** Where the place is not known either, the sun is believed in for three hours, less and less. */
const PV_UNKNOWN_FADE_SLOTS = 12;
/** Part of a clear sky that is counted on without history: what European roofs give over a year, rather less. */
const USUAL_SKY = 0.45;
/** The sky of now fades into the usual one by this time constant. */
const SKY_FADE_SLOTS = 16;
/** Below this part of the full sun its height says nothing of the output. */
const LEAST_SKY = 0.05;
/** Below this a ratio of productions says nothing. */
const PV_LEAST_W = 50;
const RECENT_SLOTS = 4;

export interface ForecastInput {
  readonly quarterHours: readonly QuarterHour[];
  readonly startMs: number;
  readonly slots: number;
  /** Measured now, W; missing where no device says. */
  readonly nowW?: number;
  /** What somebody else expects at a time, W: it counts more than the site's own past. */
  readonly expectedW?: (slotMs: number) => number | undefined;
}

type Known = ReadonlyMap<number, number>;
type EnergyField = "buildingWh" | "pvWh";

function powerBySlot(quarterHours: readonly QuarterHour[], field: EnergyField): Known {
  const known = new Map<number, number>();
  for (const quarterHour of quarterHours) {
    const energyWh = quarterHour[field];
    if (energyWh === undefined || !Number.isFinite(energyWh) || !quarterHour.complete) continue;
    known.set(quarterHour.slotStartMs, Math.max(0, energyWh) / SLOT_HOURS);
  }
  return known;
}

/** Thursday was day 0 of the epoch. */
function isWeekend(atMs: number): boolean {
  const day = (Math.floor(atMs / DAY_MS) + 4) % 7;
  return day === 0 || day === 6;
}

function mean(values: readonly number[]): number | undefined {
  return values.length === 0 ? undefined : values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Powers at the same time of the days before, youngest first. */
function daysBefore(known: Known, slotMs: number, days: number): { readonly atMs: number; readonly powerW: number }[] {
  const found: { atMs: number; powerW: number }[] = [];
  for (let day = 1; day <= days; day++) {
    const atMs = slotMs - day * DAY_MS;
    const powerW = known.get(atMs);
    if (powerW !== undefined) found.push({ atMs, powerW });
  }
  return found;
}

function usualBuildingW(known: Known, slotMs: number): number | undefined {
  const days = daysBefore(known, slotMs, BUILDING_DAYS);
  const alike = days.filter((day) => isWeekend(day.atMs) === isWeekend(slotMs));
  return mean((alike.length > 0 ? alike : days).map((day) => day.powerW));
}

function usualPvW(known: Known, slotMs: number): number | undefined {
  let weights = 0;
  let sumW = 0;
  for (const { atMs, powerW } of daysBefore(known, slotMs, PV_DAYS)) {
    const weight = PV_DAY_WEIGHT ** ((slotMs - atMs) / DAY_MS);
    weights += weight;
    sumW += weight * powerW;
  }
  return weights === 0 ? undefined : sumW / weights;
}

function lastKnown(known: Known): number | undefined {
  let last: number | undefined;
  for (const powerW of known.values()) last = powerW;
  return last;
}

function series(input: ForecastInput, f: (slot: number, slotMs: number) => number): number[] {
  return Array.from({ length: input.slots }, (_, slot) => {
    const powerW = f(slot, input.startMs + slot * SLOT_MS);
    return Number.isFinite(powerW) ? Math.max(0, Math.round(powerW)) : 0;
  });
}

/**
 * Power of the building without EVSEs, battery and PV, W by slot: the mean of the same slot on days alike (weekdays,
 * weekends), plus what is different now, fading. Without history the present value goes on.
 */
export function forecastBuildingW(input: ForecastInput): number[] {
  const known = powerBySlot(input.quarterHours, "buildingWh");
  const nowW = input.nowW ?? lastKnown(known) ?? 0;
  const usual = (slotMs: number) => input.expectedW?.(slotMs) ?? usualBuildingW(known, slotMs);
  const usualNowW = usual(input.startMs);
  const differenceW = input.nowW === undefined || usualNowW === undefined ? 0 : input.nowW - usualNowW;
  return series(input, (slot, slotMs) => {
    const usualW = usual(slotMs);
    if (usualW === undefined) return nowW;
    return usualW + differenceW * Math.max(0, 1 - slot / BUILDING_FADE_SLOTS);
  });
}

/** How today compares with the days before, by the last hour and the present output; 1 where nothing can be said. */
function pvToday(known: Known, input: ForecastInput, usualAt: (slotMs: number) => number | undefined): number {
  let actualW = 0;
  let usualW = 0;
  for (let slot = 0; slot <= RECENT_SLOTS; slot++) {
    const atMs = input.startMs - slot * SLOT_MS;
    const actual = slot === 0 ? input.nowW : known.get(atMs);
    const usual = usualAt(atMs);
    if (actual === undefined || usual === undefined) continue;
    actualW += actual;
    usualW += usual;
  }
  return usualW < PV_LEAST_W ? 1 : clamp(actualW / usualW, 0, 2);
}

export interface PvForecastInput extends ForecastInput {
  readonly peakW?: number;
  readonly place?: Place | undefined;
}

/** Without history: the height of the sun, under the sky of now, which fades into the usual one; W by slot. */
function skyW({ place, peakW, nowW, startMs }: PvForecastInput): (slot: number, slotMs: number) => number {
  const skyAt = (slotMs: number) => (place ? clearSky(slotMs + SLOT_MS / 2, place) : 0);
  const skyNow = skyAt(startMs);
  const isDay = skyNow > LEAST_SKY && nowW !== undefined;
  const seenW = isDay ? nowW / skyNow : undefined;
  const usualW = peakW === undefined ? seenW : peakW * USUAL_SKY;
  return (slot, slotMs) => {
    if (!place) return (nowW ?? 0) * Math.max(0, 1 - slot / PV_UNKNOWN_FADE_SLOTS);
    const trust = Math.exp(-slot / SKY_FADE_SLOTS);
    const usual = usualW ?? 0;
    return slot === 0 && nowW !== undefined ? nowW : skyAt(slotMs) * (usual + trust * ((seenW ?? usual) - usual));
  };
}

/** PV production, W by slot, never above `peakW` where that is known. */
export function forecastPvW(input: PvForecastInput): number[] {
  const sky = skyW(input);
  const known = powerBySlot(input.quarterHours, "pvWh");
  const peakW = input.peakW ?? Number.POSITIVE_INFINITY;
  const usual = (slotMs: number) => input.expectedW?.(slotMs) ?? usualPvW(known, slotMs);
  const today = pvToday(known, input, usual);
  return series(input, (slot, slotMs) => {
    const usualW = usual(slotMs);
    if (usualW === undefined) return Math.min(peakW, sky(slot, slotMs));
    const trust = Math.max(0, 1 - slot / PV_FADE_SLOTS);
    return Math.min(peakW, usualW * (1 + (today - 1) * trust));
  });
}

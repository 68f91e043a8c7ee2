/**
 * What the building will take and the sun will give, slot by slot: what is usual at this time of the day by the site's own
 * quarter-hours of three weeks, more or less as the last day was, and as it is now; or what somebody else expects. The sun
 * of a site without a past is reckoned from its height. How good that is: `npm run bench -- forecast`.
 */
import type { Place } from "../../core/place.ts";
import { clamp } from "../../core/quantity.ts";
import type { QuarterHour } from "../../core/state/site-slice.ts";
import { SLOT_MS } from "../../core/time/slots.ts";
import { DAY_MS, DAY_SLOTS, highestW, isWeekend, type Known, powerBySlot, usualW } from "./history.ts";
import { clearSky } from "./sun.ts";

/** Each day before counts so much less: habits change sooner than the height of the sun. */
const BUILDING_DAY_WEIGHT = 0.9;
const PV_DAY_WEIGHT = 0.97;
/** A weekday says little of a weekend. */
const OTHER_DAY_WEIGHT = 0.1;
/** So much of the difference of the last day to usual days goes on in the building; the sky has no such memory. */
const LEVEL_PART = 0.3;
/** What is different now is gone a while later: this part goes on to the next slot, fading by this time constant. */
const BUILDING_NOW_PART = 0.8;
const BUILDING_FADE_SLOTS = 6;
const PV_FADE_SLOTS = 24;
/** The sky of now is judged by so many quarter-hours, each older one counting less. */
const SKY_SLOTS = 8;
const SKY_SLOT_WEIGHT = 0.8;
/** A sky clears to so many times what is usual, never above the best of the days before. */
const MOST_OF_USUAL = 4;
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

/** A building that draws so differently from what was expected makes other plans necessary. */
const FAR_OFF_W = 2_000;
const FAR_OFF_PART = 0.25;

/** A kettle is over before it matters to a plan of quarter-hours: what is measured is a mean of so long, older values counting less. */
export const BUILDING_MEAN_MS = 300_000;

/** Whether what the building draws is far from what was expected of it, W. */
export function isFarOff(measuredW: number, expectedW: number): boolean {
  return Math.abs(measuredW - expectedW) > Math.max(FAR_OFF_W, FAR_OFF_PART * expectedW);
}

export interface ForecastInput {
  readonly quarterHours: readonly QuarterHour[];
  readonly startMs: number;
  readonly slots: number;
  /** Measured in the last minutes, W; missing where no device says. */
  readonly nowW?: number;
  /** When that was, epoch ms; missing: within the first slot all of it. */
  readonly nowMs?: number;
  /** What somebody else expects at a time, W: it counts more than the site's own past. */
  readonly expectedW?: (slotMs: number) => number | undefined;
}

type Usual = (slotMs: number) => number | undefined;

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

/** What was measured in the `slots` quarter-hours before, and what would have been usual, with a weight by age; W. */
function lately(known: Known, usual: Usual, { startMs, slots }: { startMs: number; slots: number }, slotWeight = 1) {
  const sums = { actualW: 0, usualW: 0, weights: 0 };
  for (let back = 1; back <= slots; back++) {
    const atMs = startMs - back * SLOT_MS;
    const actualW = known.get(atMs);
    const ordinaryW = usual(atMs);
    if (actualW === undefined || ordinaryW === undefined) continue;
    const weight = slotWeight ** back;
    sums.actualW += weight * actualW;
    sums.usualW += weight * ordinaryW;
    sums.weights += weight;
  }
  return sums;
}

const weightBy = (slotMs: number, dayWeight: number) => (atMs: number) => dayWeight ** ((slotMs - atMs) / DAY_MS);

function usualBuilding(known: Known): Usual {
  return (slotMs) => {
    const byAge = weightBy(slotMs, BUILDING_DAY_WEIGHT);
    return usualW(known, slotMs, (dayMs) =>
      isWeekend(dayMs) === isWeekend(slotMs) ? byAge(dayMs) : OTHER_DAY_WEIGHT * byAge(dayMs),
    );
  };
}

/**
 * How far what is expected is off at present, W. What others expect is compared with the last whole quarter-hour, where they
 * had said something of it: a minute says less of the next hours than they do.
 */
function offNowW({ startMs, nowW, expectedW }: ForecastInput, known: Known, expectation: Usual): number {
  const expectW = expectation(startMs);
  if (expectedW?.(startMs) === undefined) return nowW === undefined || expectW === undefined ? 0 : nowW - expectW;
  const [saidW, measuredW] = [expectedW(startMs - SLOT_MS), known.get(startMs - SLOT_MS)];
  return saidW === undefined || measuredW === undefined ? 0 : measuredW - saidW;
}

/**
 * Whether what was measured says that the word on the running slot is wrong. When a slot begins, most of what was measured
 * was in the one before, of which something else may have been said.
 */
function isOtherThanSaid({ startMs, nowW, nowMs, expectedW }: ForecastInput): boolean {
  const saidW = expectedW?.(startMs);
  if (nowW === undefined || saidW === undefined) return nowW !== undefined;
  const before = nowMs === undefined ? 0 : Math.exp((startMs - nowMs) / BUILDING_MEAN_MS);
  const saidBeforeW = expectedW?.(startMs - SLOT_MS) ?? nowW;
  return isFarOff(nowW, saidW + (saidBeforeW - saidW) * before);
}

/**
 * Power of the building without EVSEs, battery and PV, W by slot: what is usual at this time of such a day, plus part of
 * what was different in the last day, plus what is different now, fading. Without history the present value goes on.
 */
export function forecastBuildingW(input: ForecastInput): number[] {
  const known = powerBySlot(input.quarterHours, "buildingWh");
  const nowW = input.nowW ?? lastKnown(known) ?? 0;
  const usual = usualBuilding(known);
  const day = lately(known, usual, { startMs: input.startMs, slots: DAY_SLOTS });
  const levelW = day.weights === 0 ? 0 : (LEVEL_PART * (day.actualW - day.usualW)) / day.weights;
  const expectation: Usual = (slotMs) => {
    const ordinaryW = usual(slotMs);
    return input.expectedW?.(slotMs) ?? (ordinaryW === undefined ? undefined : Math.max(0, ordinaryW + levelW));
  };
  const offW = offNowW(input, known, expectation);
  const isNow = isOtherThanSaid(input);
  return series(input, (slot, slotMs) => {
    const expectW = expectation(slotMs);
    if (expectW === undefined || (slot === 0 && isNow)) return nowW;
    return expectW + BUILDING_NOW_PART * offW * Math.exp(-slot / BUILDING_FADE_SLOTS);
  });
}

/** Missing where too little was to be expected. */
function ratio(actualW: number, ordinaryW: number): number | undefined {
  return ordinaryW < PV_LEAST_W ? undefined : clamp(actualW / ordinaryW, 0, MOST_OF_USUAL);
}

/**
 * How the sky of the last hours compares with what was expected of them, or else that of now; missing where nothing can be
 * said. Others are judged by what they said.
 */
function skyNow(known: Known, input: ForecastInput, usual: Usual): number | undefined {
  const { startMs, nowW, expectedW } = input;
  const isSaid = expectedW?.(startMs) !== undefined;
  const before = lately(known, isSaid ? expectedW : usual, { startMs, slots: SKY_SLOTS }, SKY_SLOT_WEIGHT);
  if (before.weights > 0 || isSaid) return ratio(before.actualW, before.usualW);
  const usualW = usual(startMs);
  return nowW === undefined || usualW === undefined ? undefined : ratio(nowW, usualW);
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

/** PV production, W by slot, never above `peakW` where that is known, nor far above the best of the days before. */
export function forecastPvW(input: PvForecastInput): number[] {
  const sky = skyW(input);
  const known = powerBySlot(input.quarterHours, "pvWh");
  const peakW = input.peakW ?? Number.POSITIVE_INFINITY;
  const usual: Usual = (slotMs) => usualW(known, slotMs, weightBy(slotMs, PV_DAY_WEIGHT));
  const today = skyNow(known, input, usual) ?? 1;
  return series(input, (slot, slotMs) => {
    const fade = Math.exp(-slot / PV_FADE_SLOTS);
    const saidW = input.expectedW?.(slotMs);
    if (saidW !== undefined) return Math.min(peakW, saidW * (1 + (today - 1) * fade));
    const ordinaryW = usual(slotMs);
    if (ordinaryW === undefined) return Math.min(peakW, sky(slot, slotMs));
    const mostW = Math.min(peakW, highestW(known, slotMs) ?? peakW);
    return Math.min(mostW, ordinaryW * (1 + (today - 1) * fade));
  });
}

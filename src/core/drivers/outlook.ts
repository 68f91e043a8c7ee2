/**
 * How likely a car has left by some time, and what one takes that says nothing: from the stays of this site, those of the
 * same driver, EVSE and time of the week counting more, and from what is known of drivers in general while there are few.
 */

import type { Stay } from "../state/stays.ts";
import { wallClockMs } from "../time/calendar.ts";
import {
  acquaintance,
  type Curve,
  HOUR_MS,
  isOwn,
  likeness,
  partAt,
  quantile,
  type Sample,
  shareUpTo,
  timeLikeness,
  timeOfDayApartMs,
  type Visit,
  type WideSample,
  weightBelow,
  weightOf,
  wideWeightBelow,
  wordLikeness,
} from "./likeness.ts";
import { wakingMs } from "./waking.ts";

/** For who says nothing, what others did who spoke counts so much less. */
const SPOKE = 0.25;
/** Who stayed so long leaves by the clock as much as after a time. */
const LONG_MS = 4 * HOUR_MS;

/**
 * Stays as a part of what was said, as measured at 54 workplace EVSEs over eight months (ACN-Data): one of twenty is over
 * at 0.35 of it, three of ten before its end. Weighs as much as so many stays of strangers: a site soon shows how much
 * its drivers' words are worth.
 */
const SAID_STAY: Curve = [
  [0, 0],
  [0.35, 0.05],
  [0.55, 0.1],
  [0.82, 0.2],
  [1, 0.3],
  [1.3, 0.75],
  [2.5, 1],
];
const SAID_WEIGHT = 1;
/** A stay that was other than said by so much could have been so by this part of it less or more. */
const BROKEN_SPREAD = 0.5;
/** Where the owner vouches for what is said, that it holds weighs as much as so many stays. */
const VOUCHED_WEIGHT = 12;
/**
 * Stays as a part of what the site assumes, where nothing was said, as measured in garages of apartments and at public
 * EVSEs: three of ten are over after a third of it.
 */
const SILENT_STAY: Curve = [
  [0, 0],
  [0.08, 0.05],
  [0.12, 0.1],
  [0.22, 0.2],
  [0.35, 0.3],
  [0.5, 0.4],
  [0.8, 0.5],
  [1, 0.6],
  [1.2, 0.7],
  [1.5, 0.8],
  [1.9, 0.9],
  [2.5, 1],
];
const SILENT_WEIGHT = 6;
/** All that is known of others weighs as much as so many stays of the driver's own, however many others there were. */
const OTHERS_WEIGHT = 2;
/** Where hardly anybody else has come, at a home, what is usual in garages and at public sites says less. */
const ALONE_WEIGHT = 0.5;
const FEW_OTHERS = 3;

/** A shorter stay is no scale. */
const LEAST_USUAL_MS = HOUR_MS / 4;

export interface DepartureQuestion {
  readonly stays: readonly Stay[];
  readonly visit: Visit;
  readonly nowMs: number;
  /** What the driver said, and since when; else what the site assumes of a stay from its beginning. */
  readonly said?: { readonly departureMs: number; readonly statedMs: number };
  readonly assumedStayMs: number;
  /** The owner vouches for what drivers say: a fleet with a timetable. */
  readonly vouched?: boolean;
  /** Who stays over night leaves in the morning. */
  readonly timeZone: string;
}

/**
 * How long those stayed who spoke, had they said as much as this driver. Who is late by an hour after a day is so after an
 * hour, too, or by a part of it: each stands for half. Who is off is not off by as much each time: a word that was kept says when
 * the car leaves, one that was broken by hours only about when.
 */
function keptWords(stays: readonly Stay[], visit: Visit, saidMs: number): WideSample[] {
  return stays.flatMap((stay): WideSample[] => {
    if (stay.saidMs === undefined || stay.keptMs === undefined) return [];
    const weight = (acquaintance(stay, visit) * wordLikeness(stay.saidMs, saidMs)) / 2;
    const values = [(stay.keptMs / stay.saidMs) * saidMs, Math.max(0, saidMs + stay.keptMs - stay.saidMs)];
    return values.map((value) => ({ value, weight, apart: BROKEN_SPREAD * Math.abs(value - saidMs) }));
  });
}

/** How long cars stayed; long ones half by the clock: in the morning those leave who came at different times. */
function silentStays(stays: readonly Stay[], visit: Visit): Sample[] {
  return stays.flatMap((stay): Sample[] => {
    const { stayMs, startedMs, saidMs } = stay;
    const weight = timeLikeness(stay, visit) * (saidMs === undefined ? 1 : SPOKE);
    const byClockMs = stayMs + timeOfDayApartMs(visit.startedMs, startedMs);
    if (stayMs < LONG_MS || byClockMs <= 0) return [{ value: stayMs, weight }];
    return [
      { value: stayMs, weight: weight / 2 },
      { value: byClockMs, weight: weight / 2 },
    ];
  });
}

/** Share of stays that are over after a time, ms. */
type Over = (afterMs: number) => number;

/** What was seen, and what was thought before, which weighs as much as so many samples; `below` gives their weight below a time. */
function learned(
  samples: readonly Sample[],
  before: Over,
  beforeWeight: number,
  below: (afterMs: number) => number = weightBelow(samples),
): Over {
  const total = weightOf(samples) + beforeWeight;
  return (afterMs) => (below(afterMs) + beforeWeight * before(afterMs)) / total;
}

/** Where nothing was said: the driver's own stays before those of others, theirs before what is usual elsewhere. */
function silentOver({ stays, visit, assumedStayMs }: DepartureQuestion): Over {
  const usualMs = Math.max(LEAST_USUAL_MS, assumedStayMs);
  const usual: Over = (afterMs) => shareUpTo(SILENT_STAY, afterMs / usualMs);
  const site = learned(silentStays(stays, visit), usual, SILENT_WEIGHT);
  const own = stays.filter((stay) => isOwn(stay, visit));
  const isAlone = stays.length - own.length < FEW_OTHERS;
  return learned(silentStays(own, visit), site, isAlone ? ALONE_WEIGHT : OTHERS_WEIGHT);
}

/** Where something was said at `sinceMs`: of the night hardly anything counts, for who is there at midnight leaves in the morning. */
function saidOver({ stays, visit, timeZone, vouched }: DepartureQuestion, sinceMs: number, saidMs: number): Over {
  const usualMs = Math.max(LEAST_USUAL_MS, saidMs);
  const kept = keptWords(stays, visit, usualMs);
  const below = wideWeightBelow(kept);
  if (vouched) return learned(kept, (afterMs) => (afterMs < usualMs ? 0 : 1), VOUCHED_WEIGHT, below);
  const wallMs = wallClockMs(sinceMs, timeZone);
  const countedMs = (afterMs: number) => wakingMs(wallMs, wallMs + afterMs);
  const wholeMs = countedMs(usualMs);
  // Of two clocks the slower: in the evening that of the hours, in the night the one on the wall.
  const usual: Over = (afterMs) => shareUpTo(SAID_STAY, Math.min(afterMs / usualMs, countedMs(afterMs) / wholeMs));
  return learned(kept, usual, SAID_WEIGHT, below);
}

/** The probability, 0..1, that a car that is still here at `nowMs` has left before a time (epoch ms); never falling. */
export function leftByChance(question: DepartureQuestion): (atMs: number) => number {
  const { visit, nowMs, said } = question;
  const sinceMs = said ? Math.max(said.statedMs, visit.startedMs) : visit.startedMs;
  const over = said ? saidOver(question, sinceMs, said.departureMs - sinceMs) : silentOver(question);
  const now = over(Math.max(0, nowMs - sinceMs));
  return (atMs) => (now >= 1 ? 1 : Math.min(1, Math.max(0, (over(atMs - sinceMs) - now) / (1 - now))));
}

/** What is taken as a part of what was asked for, measured at the same workplace: every second takes half of it. */
const USUAL_TAKEN: Curve = [
  [0, 0],
  [0.13, 0.05],
  [0.3, 0.2],
  [0.47, 0.4],
  [0.64, 0.6],
  [0.83, 0.8],
  [0.99, 0.9],
  [1, 1],
];
const USUAL_WEIGHT = 12;
/** Of five drivers who ask, and have taken as much as this one, four are served by what is planned; the fifth a little later. */
const TAKEN_QUANTILE = 0.8;

export interface EnergyQuestion {
  readonly stays: readonly Stay[];
  readonly visit: Visit;
  readonly askedWh: number;
  readonly deliveredWh: number;
  /** As of a departure. */
  readonly vouched?: boolean;
}

/** Where drivers were seen to ask for too little, no more than this is planned for what one asks for: half as much again. */
const MOST_TAKEN = 1.5;

/** Who left while charging might have taken all of it. */
function takenPart({ askedWh, energyWh, cutShort }: Stay): number | undefined {
  if (askedWh === undefined || askedWh <= 0) return undefined;
  return Math.min(MOST_TAKEN, Math.max(cutShort ? 1 : 0, energyWh / askedWh));
}

/**
 * What a car that asked for `askedWh` and has `deliveredWh` will probably have taken when it is full, Wh; more than it asked for
 * only where such drivers took more. Moves on as the car goes on taking.
 */
export function likelyEnergyWh({ stays, visit, askedWh, deliveredWh, vouched }: EnergyQuestion): number {
  const usual = Array.from({ length: USUAL_WEIGHT }, (_, index): Sample => {
    return { value: vouched ? 1 : partAt(USUAL_TAKEN, (index + 0.5) / USUAL_WEIGHT), weight: 1 };
  });
  const taken = stays.flatMap((stay): Sample[] => {
    const value = takenPart(stay);
    return value === undefined ? [] : [{ value, weight: acquaintance(stay, visit) }];
  });
  const more = [...taken, ...usual].filter(({ value }) => value * askedWh > deliveredWh);
  return (quantile(more, TAKEN_QUANTILE) ?? 1) * askedWh;
}

/**
 * What silent drivers take as a part of what the site assumes, as measured in eighteen garages of apartments, at twenty
 * public sites and at a workplace: one of ten takes more than twice as much.
 */
const SILENT_TAKEN: Curve = [
  [0, 0],
  [0.1, 0.05],
  [0.16, 0.1],
  [0.3, 0.2],
  [0.4, 0.3],
  [0.5, 0.4],
  [0.65, 0.5],
  [0.85, 0.6],
  [1.1, 0.7],
  [1.4, 0.8],
  [2, 0.9],
  [2.7, 0.95],
  [4.5, 1],
];
const SILENT_TAKEN_SAMPLES = 25;
/** Who left while charging would have taken so much more. */
const CUT_SHORT = 1.3;
/**
 * Part of such drivers who take no more than is planned. Whose departure is known waits for the cheapest hours, after which
 * nothing can be made up; who may leave at any time charges early anyhow, and more takes room from others.
 */
const SILENT_QUANTILE = { departureUnknown: 0.8, departureKnown: 0.95 } as const;

export interface SilentEnergyQuestion {
  readonly stays: readonly Stay[];
  readonly visit: Visit;
  /** What the site assumes, Wh. */
  readonly assumedWh: number;
  readonly deliveredWh: number;
  /** The driver said when. */
  readonly departureKnown: boolean;
}

/** Nobody takes the same twice: of such stays a quarter takes so many times as much as this one did, and a quarter that part of it. */
const TAKEN_SPREAD = 1.3;

function spread({ value, weight }: Sample): Sample[] {
  return [
    { value: value / TAKEN_SPREAD, weight: weight / 4 },
    { value, weight: weight / 2 },
    { value: value * TAKEN_SPREAD, weight: weight / 4 },
  ];
}

/** What was taken before; all that is known of others weighs as much as some stays of the driver's own. */
function silentTaken({ stays, visit, assumedWh }: SilentEnergyQuestion): Sample[] {
  const usual = Array.from({ length: SILENT_TAKEN_SAMPLES }, (_, index): Sample => {
    const part = partAt(SILENT_TAKEN, (index + 0.5) / SILENT_TAKEN_SAMPLES);
    return { value: part * assumedWh, weight: ASSUMED_WEIGHT / SILENT_TAKEN_SAMPLES };
  });
  const sample = (stay: Stay, weight: number): Sample => {
    const spoke = stay.askedWh === undefined ? 1 : SPOKE;
    return { value: stay.energyWh * (stay.cutShort ? CUT_SHORT : 1), weight: weight * spoke };
  };
  const others = [...stays.map((stay) => sample(stay, timeLikeness(stay, visit))), ...usual];
  const factor = OTHERS_WEIGHT / weightOf(others);
  return [
    ...stays.filter((stay) => isOwn(stay, visit)).map((stay) => sample(stay, 1)),
    ...others.map(({ value, weight }) => ({ value, weight: weight * factor })),
  ];
}

/**
 * What a car whose driver asked for nothing will have taken when it is full, Wh, in four of five cases or more of those that
 * had taken as much as this one; in a `part` of them, where one is named. Moves on as the car goes on taking; missing where none
 * took as much.
 */
export function silentEnergyWh(question: SilentEnergyQuestion, part = silentPart(question)): number | undefined {
  const { deliveredWh, departureKnown } = question;
  const taken = silentTaken(question);
  return quantile(
    (departureKnown ? taken.flatMap(spread) : taken).filter(({ value }) => value > deliveredWh),
    part,
  );
}

function silentPart({ departureKnown }: SilentEnergyQuestion): number {
  return departureKnown ? SILENT_QUANTILE.departureKnown : SILENT_QUANTILE.departureUnknown;
}

/** What is assumed weighs as much as so many stays. */
const ASSUMED_WEIGHT = 4;
/** Who says nothing is expected to leave rather early, and to take rather much. */
const STAY_QUANTILE = 0.4;
const ENERGY_QUANTILE = 0.8;

export interface Habit {
  readonly stayMs: number;
  readonly energyWh: number;
}

const known = new WeakMap<readonly Stay[], Map<string, Habit>>();

/**
 * Stay and energy that are expected of a driver who said nothing; `assumed` is what the site's configuration says. Asked
 * at every tick: the answer is kept until another session ends.
 */
export function expectedHabit(stays: readonly Stay[], visit: Visit, assumed: Habit): Habit {
  if (stays.length === 0) return assumed;
  const key = `${visit.evseId} ${visit.token ?? ""} ${visit.startedMs} ${assumed.stayMs} ${assumed.energyWh}`;
  const kept = known.get(stays) ?? new Map<string, Habit>();
  known.set(stays, kept);
  const before = kept.get(key);
  if (before) return before;
  const expected = (part: number, otherwise: number, of: (stay: Stay) => { value: number; spoke: boolean }) => {
    const samples = stays.map((stay): Sample => {
      const { value, spoke } = of(stay);
      return { value, weight: likeness(stay, visit) * (spoke ? SPOKE : 1) };
    });
    return quantile([...samples, { value: otherwise, weight: ASSUMED_WEIGHT }], part) ?? otherwise;
  };
  const habit = {
    stayMs: expected(STAY_QUANTILE, assumed.stayMs, ({ stayMs, saidMs }) => {
      return { value: stayMs, spoke: saidMs !== undefined };
    }),
    // Who left while charging might have taken more.
    energyWh: expected(ENERGY_QUANTILE, assumed.energyWh, ({ energyWh, askedWh, cutShort }) => {
      return { value: cutShort ? Math.max(energyWh, assumed.energyWh) : energyWh, spoke: askedWh !== undefined };
    }),
  };
  kept.set(key, habit);
  return habit;
}

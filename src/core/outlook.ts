/**
 * How likely a car has left by some time, and what one takes that says nothing: from the stays of this site, those of the
 * same driver, EVSE and time of the week counting more, and from what is known of drivers in general while there are few.
 */
import type { Session } from "./state/sessions.ts";
import type { Stay } from "./state/stays.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const WEEK_MS = 7 * DAY_MS;

/** A stay weighs one; so many times as much when it is alike. */
const SAME_TOKEN = 8;
const SAME_EVSE = 2;
const SAME_TIME = 3;
/** Who says nothing does as others do who said nothing: mostly short visits. */
const SAME_SILENCE = 4;
const ALIKE_MS = 3 * HOUR_MS;

/**
 * Stays as a part of what was said, as measured at 54 workplace EVSEs over eight months (ACN-Data): one of twenty is over
 * at 0.35 of it, three of ten before its end. It weighs as much as so many stays of the site.
 */
const USUAL_STAY: Curve = [
  [0, 0],
  [0.35, 0.05],
  [0.55, 0.1],
  [0.82, 0.2],
  [1, 0.3],
  [1.3, 0.75],
  [2.5, 1],
];
const USUAL_WEIGHT = 20;

interface Sample {
  readonly value: number;
  readonly weight: number;
}

/** Who and where and when: what a stay is compared by. */
export type Visit = Pick<Session, "evseId" | "token" | "startedMs">;

function apart(aMs: number, bMs: number, periodMs: number): number {
  const rest = Math.abs(aMs - bMs) % periodMs;
  return Math.min(rest, periodMs - rest);
}

function likeness(stay: Stay, visit: Visit): number {
  const token = visit.token !== undefined && stay.token === visit.token ? SAME_TOKEN : 1;
  const evse = stay.evseId === visit.evseId ? SAME_EVSE : 1;
  // Both the hour of the day and the day of the week; a change of clocks moves it by an hour only.
  const hour = apart(stay.startedMs, visit.startedMs, DAY_MS) <= ALIKE_MS ? SAME_TIME : 1;
  const weekday = apart(stay.startedMs, visit.startedMs, WEEK_MS) <= DAY_MS / 2 ? SAME_TIME : 1;
  return token * evse * hour * weekday;
}

type Curve = readonly (readonly [part: number, share: number])[];

/** Share of the usual that is at most `part`. */
function shareUpTo(curve: Curve, part: number): number {
  for (let index = 1; index < curve.length; index++) {
    const [from, below] = curve[index - 1]!;
    const [to, upTo] = curve[index]!;
    if (part <= to) return below + ((upTo - below) * Math.max(0, part - from)) / (to - from);
  }
  return 1;
}

/** The part below which a share of the usual lies. */
function partAt(curve: Curve, share: number): number {
  for (let index = 1; index < curve.length; index++) {
    const [from, below] = curve[index - 1]!;
    const [to, upTo] = curve[index]!;
    if (share <= upTo) return from + ((to - from) * Math.max(0, share - below)) / (upTo - below);
  }
  return curve.at(-1)![0];
}

/** An unlike stay weighs less than one: many strangers do not drown the one who is known. */
function samples(
  stays: readonly Stay[],
  visit: Visit,
  value: (stay: Stay) => number | undefined,
  isSilent: (stay: Stay) => boolean = () => false,
): { readonly list: Sample[]; readonly weight: number } {
  const list = stays.flatMap((stay): Sample[] => {
    const found = value(stay);
    if (found === undefined) return [];
    return [{ value: found, weight: (likeness(stay, visit) * (isSilent(stay) ? SAME_SILENCE : 1)) / SAME_TIME }];
  });
  return { list, weight: list.reduce((sum, sample) => sum + sample.weight, 0) };
}

const saidNothing = ({ saidMs }: Stay) => saidMs === undefined;
const askedNothing = ({ askedWh }: Stay) => askedWh === undefined;

export interface DepartureQuestion {
  readonly stays: readonly Stay[];
  readonly visit: Visit;
  readonly nowMs: number;
  /** What the driver said, and since when; else what the site assumes of a stay from its beginning. */
  readonly said?: { readonly departureMs: number; readonly statedMs: number };
  readonly assumedStayMs: number;
}

/** The probability, 0..1, that a car that is still here at `nowMs` has left by a time (epoch ms); never falling. */
export function leftByChance(question: DepartureQuestion): (atMs: number) => number {
  const { stays, visit, nowMs, said, assumedStayMs } = question;
  const sinceMs = said ? Math.max(said.statedMs, visit.startedMs) : visit.startedMs;
  const usualMs = Math.max(HOUR_MS / 4, said ? said.departureMs - sinceMs : assumedStayMs);
  const kept = ({ saidMs, keptMs }: Stay) =>
    saidMs === undefined || keptMs === undefined ? undefined : (keptMs / saidMs) * usualMs;
  const own = said ? samples(stays, visit, kept) : samples(stays, visit, (stay) => stay.stayMs, saidNothing);
  const total = own.weight + USUAL_WEIGHT;
  const over = (afterMs: number) => {
    const seen = own.list.reduce((sum, { value, weight }) => (value <= afterMs ? sum + weight : sum), 0);
    return (seen + USUAL_WEIGHT * shareUpTo(USUAL_STAY, afterMs / usualMs)) / total;
  };
  const now = over(Math.max(0, nowMs - sinceMs));
  return (atMs) => (now >= 1 ? 1 : Math.min(1, Math.max(0, (over(atMs - sinceMs) - now) / (1 - now))));
}

function quantile({ list, weight }: { list: readonly Sample[]; weight: number }, part: number): number | undefined {
  const sorted = [...list].sort((a, b) => a.value - b.value);
  let below = 0;
  for (const sample of sorted) {
    below += sample.weight;
    if (below >= part * weight) return sample.value;
  }
  return undefined;
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
/** Of five drivers who ask, and have taken as much as this one, four are served by what is planned; the fifth a little later. */
const TAKEN_QUANTILE = 0.8;

export interface EnergyQuestion {
  readonly stays: readonly Stay[];
  readonly visit: Visit;
  readonly askedWh: number;
  readonly deliveredWh: number;
}

/** Who left while charging might have taken all of it. */
function takenPart({ askedWh, energyWh, cutShort }: Stay): number | undefined {
  if (askedWh === undefined || askedWh <= 0) return undefined;
  return cutShort ? 1 : Math.min(1, energyWh / askedWh);
}

/**
 * What a car that asked for `askedWh` and has `deliveredWh` will probably have taken when it is full, Wh; never more than
 * it asked for. Moves on as the car goes on taking.
 */
export function likelyEnergyWh({ stays, visit, askedWh, deliveredWh }: EnergyQuestion): number {
  const usual = Array.from({ length: USUAL_WEIGHT }, (_, index): Sample => {
    return { value: partAt(USUAL_TAKEN, (index + 0.5) / USUAL_WEIGHT), weight: 1 };
  });
  const list = [...samples(stays, visit, takenPart).list, ...usual].filter(
    ({ value }) => value * askedWh > deliveredWh,
  );
  const weight = list.reduce((sum, sample) => sum + sample.weight, 0);
  return (quantile({ list, weight }, TAKEN_QUANTILE) ?? 1) * askedWh;
}

/** What is assumed weighs as much as so many stays. */
const ASSUMED_WEIGHT = 12;
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
  type Learned = readonly [value: (stay: Stay) => number, isSilent: (stay: Stay) => boolean];
  const expected = (part: number, otherwise: number, learned: Learned) => {
    const { list, weight } = samples(stays, visit, ...learned);
    const all = [...list, { value: otherwise, weight: ASSUMED_WEIGHT }];
    return quantile({ list: all, weight: weight + ASSUMED_WEIGHT }, part) ?? otherwise;
  };
  const habit = {
    stayMs: expected(STAY_QUANTILE, assumed.stayMs, [(stay) => stay.stayMs, saidNothing]),
    // Who left while charging might have taken more.
    energyWh: expected(ENERGY_QUANTILE, assumed.energyWh, [
      (stay) => (stay.cutShort ? Math.max(stay.energyWh, assumed.energyWh) : stay.energyWh),
      askedNothing,
    ]),
  };
  kept.set(key, habit);
  return habit;
}

/** How much the stay of one car says about that of another, and shares of what is usual: what outlooks are made of. */
import type { Session } from "../state/sessions.ts";
import type { Stay } from "../state/stays.ts";
import { isSameToken } from "../token.ts";

export const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** The stay of a stranger elsewhere weighs one; so many times as much when it is of somebody known, or at the same EVSE. */
const SAME_TOKEN = 12;
const SAME_EVSE = 3;
/** Who came at another time of the day counts less and less; who came on a workday counts half for a weekend. */
const ALIKE_HOURS = 2;
const UNLIKE_HOUR = 0.05;
const UNLIKE_DAY = 0.5;

/** Who said twice as much, or half, is alike by three fifths. */
const ALIKE_WORDS = 0.7;
const UNLIKE_WORD = 0.1;

/** Who and where and when: what a stay is compared by. */
export type Visit = Pick<Session, "evseId" | "token" | "startedMs">;

export interface Sample {
  readonly value: number;
  readonly weight: number;
}

/** From one time of the day to another the shorter way, -12 to 12 hours in ms; a change of clocks moves it by an hour only. */
export function timeOfDayApartMs(fromMs: number, toMs: number): number {
  const rest = (((toMs - fromMs) % DAY_MS) + DAY_MS) % DAY_MS;
  return rest > DAY_MS / 2 ? rest - DAY_MS : rest;
}

/** Thursday was day 0 of the epoch. */
function isWeekend(atMs: number): boolean {
  const day = (Math.floor(atMs / DAY_MS) + 4) % 7;
  return day === 0 || day === 6;
}

/** Whether a stay is of the same driver; of the same EVSE, where neither showed a token. */
export function isOwn(stay: Stay, visit: Visit): boolean {
  if (visit.token === undefined) return stay.token === undefined && stay.evseId === visit.evseId;
  return isSameToken(stay.token, visit.token);
}

/** By who it is and where. */
export function acquaintance(stay: Stay, visit: Visit): number {
  const token = isSameToken(stay.token, visit.token) ? SAME_TOKEN : 1;
  return token * (stay.evseId === visit.evseId ? SAME_EVSE : 1);
}

/** By when: the time of the day, and whether it is a weekend. */
export function timeLikeness(stay: Stay, visit: Visit): number {
  const hours = timeOfDayApartMs(stay.startedMs, visit.startedMs) / HOUR_MS;
  const hour = UNLIKE_HOUR + (1 - UNLIKE_HOUR) * Math.exp(-0.5 * (hours / ALIKE_HOURS) ** 2);
  return hour * (isWeekend(stay.startedMs) === isWeekend(visit.startedMs) ? 1 : UNLIKE_DAY);
}

/** By what was said: words for a much shorter or longer stay count less and less. */
export function wordLikeness(saidMs: number, otherMs: number): number {
  const apart = Math.log(saidMs / otherMs) / ALIKE_WORDS;
  return UNLIKE_WORD + (1 - UNLIKE_WORD) * Math.exp(-0.5 * apart ** 2);
}

/** By who it is, where and when. */
export function likeness(stay: Stay, visit: Visit): number {
  return acquaintance(stay, visit) * timeLikeness(stay, visit);
}

/** What is usual: up to which part of something lies which share of all. */
export type Curve = readonly (readonly [part: number, share: number])[];

/** Share of the usual that is at most `part`. */
export function shareUpTo(curve: Curve, part: number): number {
  for (let index = 1; index < curve.length; index++) {
    const [from, below] = curve[index - 1]!;
    const [to, upTo] = curve[index]!;
    if (part <= to) return below + ((upTo - below) * Math.max(0, part - from)) / (to - from);
  }
  return 1;
}

/** The part below which a share of the usual lies. */
export function partAt(curve: Curve, share: number): number {
  for (let index = 1; index < curve.length; index++) {
    const [from, below] = curve[index - 1]!;
    const [to, upTo] = curve[index]!;
    if (share <= upTo) return from + ((to - from) * Math.max(0, share - below)) / (upTo - below);
  }
  return curve.at(-1)![0];
}

export function weightOf(samples: readonly Sample[]): number {
  return samples.reduce((sum, { weight }) => sum + weight, 0);
}

/** The value up to which a part of all weight lies; missing without samples. */
export function quantile(samples: readonly Sample[], part: number): number | undefined {
  const mostWeight = part * weightOf(samples);
  let below = 0;
  for (const { value, weight } of samples.toSorted((a, b) => a.value - b.value)) {
    below += weight;
    if (below >= mostWeight) return value;
  }
  return undefined;
}

/** The weight of all samples below a value, as a function that is asked often. */
export function weightBelow(samples: readonly Sample[]): (value: number) => number {
  const sorted = samples.toSorted((a, b) => a.value - b.value);
  const sums: number[] = [];
  for (const { weight } of sorted) sums.push((sums.at(-1) ?? 0) + weight);
  return (value) => {
    let [from, to] = [0, sorted.length];
    while (from < to) {
      const middle = (from + to) >> 1;
      if (sorted[middle]!.value < value) from = middle + 1;
      else to = middle;
    }
    return from === 0 ? 0 : sums[from - 1]!;
  };
}

/** A sample that stands for all values up to `apart` below and above its own. */
export interface WideSample extends Sample {
  readonly apart: number;
}

/** The same of samples that are each as wide as they say: nothing leaps at any value. */
export function wideWeightBelow(samples: readonly WideSample[]): (value: number) => number {
  return (atValue) => {
    let sum = 0;
    for (const { value, weight, apart } of samples) {
      if (atValue >= value + apart) sum += atValue > value ? weight : 0;
      else if (atValue > value - apart) sum += (weight * (atValue - value + apart)) / (2 * apart);
    }
    return sum;
  };
}

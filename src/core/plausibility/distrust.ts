/**
 * When a meter that showed less than its cars draw is believed again: not as soon as nothing contradicts it (with the
 * cars at rest, or the sun making up for them, nothing can), but when it has shown what they draw.
 */
import { type PerPhase, PHASE_INDEXES, sumPhases } from "../quantity.ts";
import { type EvseTrack, REPORT_VALID_MS, untoldBackA } from "./evses.ts";

/** On a phase where cars draw so much, ... */
const LEAST_A = 6;
/** ... or in all, where charge points tell power alone, ... */
const LEAST_W = 1_400;
/** ... or in all, beyond what sun and batteries give, and with most where they draw most, ... */
const LEAST_BEYOND_W = 4_000;
/** ... a meter that shows this part of it, whatever else feeds in, is not turned and not of another scale. */
const SHOWN_PART = 0.8;
/** So long in all it has to show that, ... */
const SHOWN_MS = 60_000;
/** ... and so long nothing may have contradicted it: twice as long each further time, as it was believed too soon. */
const UNCONTRADICTED_MS = 300_000;
const MOST_DOUBLINGS = 8;
/** Where the worst load leaves no car anything, nothing is ever shown: then it is tried again after this. */
const STARVED_MS = 3_600_000;
const IDLE_W = 230;

export interface Distrust {
  /** When it showed too little last. */
  readonly shortMonoMs: number;
  /** So long it has shown since then what cars draw, ms. */
  readonly shownMs: number;
  readonly lookedMonoMs: number;
  /** How often it was believed again before, and should not have been. */
  readonly relapses: number;
  /** Since when cars are there and none draws anything. */
  readonly starvedMonoMs?: number;
}

export interface Look {
  readonly isShort: boolean;
  /** Missing where it tells none. */
  readonly currentA?: PerPhase;
  readonly powerW: number;
  readonly tracks: readonly EvseTrack[];
  /** What sun and batteries may feed into a phase at most, A, and in all, W. */
  readonly producedA: number;
  readonly producedW: number;
  /** What anything but cars may draw on a phase at most, A. */
  readonly loadA: number;
  readonly voltageV: number;
  readonly monoMs: number;
}

/** A meter that shows too little just now, or did before the restart. */
export function distrusted(monoMs: number, relapses = 0): Distrust {
  return { shortMonoMs: monoMs, shownMs: 0, lookedMonoMs: monoMs, relapses };
}

/** What cars draw by the reports since it showed too little, and what may feed them beside the meter. */
interface Drawn {
  readonly currentA: PerPhase;
  readonly powerW: number;
  /** Some tell power alone: what they draw is in no current. */
  readonly isPowerAlone: boolean;
  /** Sun, batteries, and cars that may give without having told so: at most, on each phase and in all. */
  readonly fedA: PerPhase;
  readonly fedW: number;
}

/** Of a sun that may be of any size nothing could be said for ever: it counts as none. */
const bounded = (value: number) => (Number.isFinite(value) ? value : 0);

function drawn({ tracks, monoMs, producedA, producedW, voltageV }: Look, { shortMonoMs }: Distrust): Drawn {
  const currentA: [number, number, number] = [0, 0, 0];
  const fedA: [number, number, number] = [bounded(producedA), bounded(producedA), bounded(producedA)];
  let [powerW, fedW] = [0, bounded(producedW)];
  let isPowerAlone = false;
  for (const track of tracks) {
    const { transactionId, last } = track;
    const isOf = transactionId !== undefined && last !== undefined && last.atMonoMs > shortMonoMs;
    const report = isOf && monoMs - last.atMonoMs <= REPORT_VALID_MS ? last : undefined;
    const backA = untoldBackA(track, report);
    isPowerAlone ||= report !== undefined && report.currentA === undefined;
    powerW += report?.powerW ?? 0;
    fedW += sumPhases(backA) * voltageV;
    for (const phase of PHASE_INDEXES) {
      currentA[phase] += report?.currentA?.[phase] ?? 0;
      fedA[phase] += backA[phase];
    }
  }
  return { currentA, powerW, isPowerAlone, fedA, fedW };
}

/** Where cars draw enough to be seen: on a phase, or in all. */
interface Place {
  readonly drawnW: number;
  readonly shownW: number;
  readonly fedW: number;
}

function places({ currentA, powerW, voltageV }: Look, cars: Drawn): Place[] {
  const phases = PHASE_INDEXES.filter((phase) => currentA !== undefined && cars.currentA[phase] >= LEAST_A);
  const isInAll = (cars.isPowerAlone || currentA === undefined) && cars.powerW >= LEAST_W;
  return [
    ...phases.map((phase) => ({
      drawnW: cars.currentA[phase] * voltageV,
      shownW: currentA![phase] * voltageV,
      fedW: cars.fedA[phase] * voltageV,
    })),
    ...(isInAll ? [{ drawnW: cars.powerW, shownW: powerW, fedW: cars.fedW }] : []),
  ];
}

/** Where cars give back enough to be seen on a phase: all of it the other way round, and what may hide it is what others draw. */
function givenBack({ currentA, loadA, voltageV }: Look, cars: Drawn): Place[] {
  const phases = PHASE_INDEXES.filter((phase) => currentA !== undefined && cars.currentA[phase] <= -LEAST_A);
  return phases.map((phase) => ({
    drawnW: -cars.currentA[phase] * voltageV,
    shownW: -currentA![phase] * voltageV,
    fedW: loadA * voltageV,
  }));
}

/** Whether it shows more on each phase on which cars draw more than on another: one whose phases are exchanged does not. */
function showsPhases({ currentA: shownA }: Look, { currentA }: Drawn): boolean {
  if (!shownA) return false;
  const pairs = PHASE_INDEXES.flatMap((more) =>
    PHASE_INDEXES.map((less) => ({
      drawnA: currentA[more] - currentA[less],
      byMeterA: shownA[more] - shownA[less],
    })),
  ).filter(({ drawnA }) => drawnA >= LEAST_A);
  return pairs.length > 0 && pairs.every(({ drawnA, byMeterA }) => byMeterA >= SHOWN_PART * drawnA);
}

/**
 * Whether it shows what cars draw, or what they draw beyond what else feeds them. Nothing is said where they draw little, and
 * where as much may be fed back as a turned meter would show.
 */
function shows(look: Look, cars: Drawn): boolean | undefined {
  const beyondW = cars.powerW - cars.fedW;
  const isShownInAll = beyondW >= LEAST_BEYOND_W && look.powerW >= SHOWN_PART * beyondW;
  if (isShownInAll && showsPhases(look, cars)) return true;
  const seen = places(look, cars);
  if (seen.some(({ drawnW, shownW }) => shownW < SHOWN_PART * drawnW)) return false;
  const isSure = ({ drawnW, shownW, fedW }: Place) => shownW + drawnW > fedW;
  if (seen.length > 0) return seen.every(isSure) ? true : undefined;
  // What others draw hides what is given back: that it does not show says nothing.
  const back = givenBack(look, cars);
  const showsBack = back.every((place) => place.shownW >= SHOWN_PART * place.drawnW && isSure(place));
  return back.length > 0 && showsBack ? true : undefined;
}

/** How long it has shown what cars draw; begins anew where it does not. */
function shownMs(before: Distrust, look: Look, cars: Drawn): number {
  const isShown = shows(look, cars);
  if (isShown === undefined) return before.shownMs;
  return isShown ? before.shownMs + (look.monoMs - before.lookedMonoMs) : 0;
}

/** Brings the distrust of a meter to this reading; `undefined` when it is believed again. */
export function stillDistrusted(before: Distrust, look: Look): Distrust | undefined {
  const { isShort, tracks, monoMs } = look;
  if (isShort) return distrusted(monoMs, before.relapses);
  const cars = drawn(look, before);
  const isIdle = Math.max(...cars.currentA.map(Math.abs)) < 1 && Math.abs(cars.powerW) < IDLE_W;
  const starves = isIdle && tracks.some(({ transactionId }) => transactionId !== undefined);
  const starvedMonoMs = starves ? (before.starvedMonoMs ?? monoMs) : undefined;
  const shown = shownMs(before, look, cars);
  const { shortMonoMs, relapses } = before;
  const forMs = UNCONTRADICTED_MS * 2 ** Math.min(relapses, MOST_DOUBLINGS);
  const isShown = shown >= SHOWN_MS && monoMs - shortMonoMs >= forMs;
  const isTriedAgain = starvedMonoMs !== undefined && monoMs - starvedMonoMs >= STARVED_MS;
  if (isShown || isTriedAgain) return undefined;
  return {
    shortMonoMs,
    relapses,
    shownMs: shown,
    lookedMonoMs: monoMs,
    ...(starvedMonoMs === undefined ? {} : { starvedMonoMs }),
  };
}

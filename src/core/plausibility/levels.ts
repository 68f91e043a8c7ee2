/** What a meter shows against what the cars below it draw, over minutes. */
import { type PerPhase, PHASE_INDEXES, type PhaseIndex } from "../quantity.ts";
import { type EvseTrack, REPORT_VALID_MS, untoldBackA } from "./evses.ts";
import { mayShowElsewhere, type Sample } from "./steps.ts";

const NOTHING_A = 0.3;
const CHANGE_A = 4;
/** A report that arrives so long after the phase went silent was measured after it. */
const REPORT_DELAY_MS = 60_000;

/** A phase that shows nothing: since when, and whether a car changed on it meanwhile. */
export interface Silence {
  readonly sinceMonoMs: number;
  readonly dead: boolean;
}

/** By phase; missing where it shows something. */
export type Silences = readonly [Silence | undefined, Silence | undefined, Silence | undefined];

function changedOn(phase: PhaseIndex, { last, before }: EvseTrack, sinceMonoMs: number): boolean {
  if (!last?.currentA || !before?.currentA || before.atMonoMs - sinceMonoMs < REPORT_DELAY_MS) return false;
  return Math.abs(last.currentA[phase] - before.currentA[phase]) >= CHANGE_A;
}

/** It gives back on this phase, or may, as it was told to. */
function mayGiveOn(phase: PhaseIndex, track: EvseTrack): boolean {
  return (track.last?.currentA?.[phase] ?? 0) < -NOTHING_A || untoldBackA(track, track.last)[phase] > 0;
}

/**
 * Follows the phases that show nothing. The sun may make up for a car to the ampere, but not for one that comes or goes; one that
 * gives back may, and begin and end with it. A car that shows on another phase says of this one only that the two are exchanged.
 */
export function silences(
  before: Silences,
  currentA: PerPhase,
  { tracks, samples, monoMs }: { tracks: readonly EvseTrack[]; samples: readonly Sample[]; monoMs: number },
): Silences {
  const changed = (track: EvseTrack, phase: PhaseIndex, sinceMonoMs: number) =>
    changedOn(phase, track, sinceMonoMs) && !mayShowElsewhere(track, samples, monoMs);
  const of = (phase: PhaseIndex): Silence | undefined => {
    if (Math.abs(currentA[phase]) > NOTHING_A) return undefined;
    const known = before[phase] ?? { sinceMonoMs: monoMs, dead: false };
    const isMadeUp = !known.dead && tracks.some((track) => mayGiveOn(phase, track));
    const silence = isMadeUp ? { sinceMonoMs: monoMs, dead: false } : known;
    const dead = silence.dead || tracks.some((track) => changed(track, phase, silence.sinceMonoMs));
    return dead === silence.dead ? silence : { ...silence, dead };
  };
  return [of(0), of(1), of(2)];
}

/** Phases on which a meter shows nothing whatever cars do. */
export function deadPhases(silent: Silences): PhaseIndex[] {
  return PHASE_INDEXES.filter((phase) => silent[phase]?.dead);
}

/** Cars above what grid, sun and battery deliver: so much, for so long, with two reports of each car in that time. */
const MISSING_W = 1_500;
const MISSING_PART = 0.1;
const MISSING_MS = 180_000;
/** What a car reports so long after the meter's reading is of the same moment, or later. */
const REPORT_AFTER_MS = 3_000;

export interface Missing {
  readonly sinceMonoMs: number;
  /** Every car that counts has reported since it began, and it still does not fit. */
  readonly again: boolean;
  readonly found: boolean;
}

export interface Balance {
  /** Grid, sun and battery less the cars, W; NaN where a part is unknown. */
  readonly restW: number;
  readonly carsW: number;
}

/** Follows a balance that does not fit; it stays found until it fits with room to spare. */
export function missing(
  before: Missing | undefined,
  { restW, carsW }: Balance,
  tracks: readonly EvseTrack[],
  monoMs: number,
): Missing | undefined {
  if (Number.isNaN(restW)) return before?.found ? before : undefined;
  const allowedW = MISSING_W + MISSING_PART * carsW;
  if (restW > -allowedW / (before?.found ? 2 : 1)) return undefined;
  if (before?.found) return before;
  const sinceMonoMs = before?.sinceMonoMs ?? monoMs;
  const cars = tracks.flatMap(({ transactionId, last, before: earlier }) =>
    transactionId !== undefined && last && monoMs - last.atMonoMs < REPORT_VALID_MS ? [{ last, before: earlier }] : [],
  );
  const again = cars.every(({ last }) => last.atMonoMs > sinceMonoMs + REPORT_AFTER_MS);
  const twice = cars.every(({ before: earlier }) => (earlier?.atMonoMs ?? 0) > sinceMonoMs);
  return { sinceMonoMs, again, found: twice && monoMs - sinceMonoMs >= MISSING_MS };
}

/** What a meter shows against what the cars below it draw, over minutes. */
import { type PerPhase, PHASE_INDEXES, type PhaseIndex } from "../quantity.ts";
import type { EvseTrack } from "./evses.ts";

const NOTHING_A = 0.3;
const CAR_A = 5;
/** So long a phase showed nothing when a car's report says it draws: it was measured in that time. */
const DEAD_MS = 90_000;

/** Since when each phase shows nothing. */
export type ZeroSince = readonly [number | undefined, number | undefined, number | undefined];

export function zeroSince(before: ZeroSince, currentA: PerPhase, monoMs: number): ZeroSince {
  const of = (phase: PhaseIndex) => (Math.abs(currentA[phase]) <= NOTHING_A ? (before[phase] ?? monoMs) : undefined);
  return [of(0), of(1), of(2)];
}

/** Phases on which a meter shows nothing while cars load them. */
export function deadPhases(zero: ZeroSince, tracks: readonly EvseTrack[]): PhaseIndex[] {
  return PHASE_INDEXES.filter((phase) => {
    const since = zero[phase];
    return (
      since !== undefined &&
      tracks.some(({ last }) => last && last.atMonoMs - since >= DEAD_MS && (last.currentA?.[phase] ?? 0) >= CAR_A)
    );
  });
}

/** Cars above what grid, sun and battery deliver: so much, for so long, with two reports of each car in that time. */
const MISSING_W = 1_500;
const MISSING_PART = 0.1;
const MISSING_MS = 180_000;

export interface Missing {
  readonly sinceMonoMs: number;
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
  const twice = tracks.every(
    ({ transactionId, before: earlier }) => transactionId === undefined || (earlier?.atMonoMs ?? 0) > sinceMonoMs,
  );
  return { sinceMonoMs, found: twice && monoMs - sinceMonoMs >= MISSING_MS };
}

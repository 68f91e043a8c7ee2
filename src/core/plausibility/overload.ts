/**
 * A phase that is above its rating although no car on it draws enough to be the cause, while cars draw on others: without
 * its cars the site fits its fuse by configuration, so these show where they are not. Nothing that is shed on that
 * phase helps then.
 */
import { type PerPhase, PHASE_INDEXES, type PhaseIndex } from "../quantity.ts";
import type { EvseTrack } from "./evses.ts";

/** Cars obey within this, and report what they drew when it began: what is above for longer is not theirs. */
const LASTS_MS = 15_000;
/** Cars elsewhere that could be the cause. */
const LEAST_A = 6;

export interface Overload {
  readonly sinceMonoMs: number;
  readonly found: boolean;
  /** Those that are above. */
  readonly phases: readonly PhaseIndex[];
}

export interface OverloadInput {
  readonly currentA: PerPhase;
  readonly limitA: number;
  readonly tracks: readonly EvseTrack[];
  readonly monoMs: number;
}

function reportedA(tracks: readonly EvseTrack[], phase: PhaseIndex): number {
  return tracks.reduce((sumA, { transactionId, last }) => {
    return transactionId === undefined ? sumA : sumA + Math.max(0, last?.currentA?.[phase] ?? 0);
  }, 0);
}

/** Follows an overload that the cars on its phase do not explain, as long as it lasts. */
export function unexplainedOverload(
  before: Overload | undefined,
  { currentA, limitA, tracks, monoMs }: OverloadInput,
): Overload | undefined {
  const carsA = PHASE_INDEXES.map((phase) => reportedA(tracks, phase));
  const phases = PHASE_INDEXES.filter((phase) => {
    const elsewhereA = Math.max(...carsA.filter((_, other) => other !== phase));
    return currentA[phase] - carsA[phase]! > limitA && elsewhereA >= LEAST_A;
  });
  if (phases.length === 0) return undefined;
  const sinceMonoMs = before?.sinceMonoMs ?? monoMs;
  return { sinceMonoMs, found: monoMs - sinceMonoMs >= LASTS_MS, phases };
}

/**
 * When a meter that showed less than its cars draw is believed again: not as soon as nothing contradicts it (with the
 * cars at rest, or the sun making up for them, nothing can), but when it has shown what they draw.
 */
import { type PerPhase, PHASE_INDEXES } from "../quantity.ts";
import type { EvseTrack } from "./evses.ts";

/** On a phase where cars draw so much, ... */
const LEAST_A = 6;
/** ... a meter that shows this part of it, whatever else feeds in, is not turned and not of another scale. */
const SHOWN_PART = 0.8;
/** So long in all it has to show that, ... */
const SHOWN_MS = 60_000;
/** ... and so long nothing may have contradicted it: twice as long each further time, as it was believed too soon. */
const UNCONTRADICTED_MS = 300_000;
const MOST_DOUBLINGS = 8;
/** Where the worst load leaves no car anything, nothing is ever shown: then it is tried again after this. */
const STARVED_MS = 3_600_000;
/** The report of a car shows what it draws now for so long. */
const REPORT_VALID_MS = 120_000;

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
  readonly currentA: PerPhase;
  readonly tracks: readonly EvseTrack[];
  readonly monoMs: number;
}

/** A meter that shows too little just now, or did before the restart. */
export function distrusted(monoMs: number, relapses = 0): Distrust {
  return { shortMonoMs: monoMs, shownMs: 0, lookedMonoMs: monoMs, relapses };
}

function drawnA(tracks: readonly EvseTrack[], { shortMonoMs }: Distrust, monoMs: number): PerPhase {
  const sumA: [number, number, number] = [0, 0, 0];
  for (const { transactionId, last } of tracks) {
    if (transactionId === undefined || !last?.currentA) continue;
    if (last.atMonoMs <= shortMonoMs || monoMs - last.atMonoMs > REPORT_VALID_MS) continue;
    for (const phase of PHASE_INDEXES) sumA[phase] += last.currentA[phase];
  }
  return sumA;
}

/** How long it has shown what cars draw; begins anew where it does not. */
function shownMs(before: Distrust, { currentA, monoMs }: Look, carsA: PerPhase): number {
  const loaded = PHASE_INDEXES.filter((phase) => carsA[phase] >= LEAST_A);
  if (loaded.length === 0) return before.shownMs;
  if (loaded.some((phase) => currentA[phase] < SHOWN_PART * carsA[phase])) return 0;
  return before.shownMs + (monoMs - before.lookedMonoMs);
}

/** Brings the distrust of a meter to this reading; `undefined` when it is believed again. */
export function stillDistrusted(before: Distrust, look: Look): Distrust | undefined {
  const { isShort, tracks, monoMs } = look;
  if (isShort) return distrusted(monoMs, before.relapses);
  const carsA = drawnA(tracks, before, monoMs);
  const starves = Math.max(...carsA) < 1 && tracks.some(({ transactionId }) => transactionId !== undefined);
  const starvedMonoMs = starves ? (before.starvedMonoMs ?? monoMs) : undefined;
  const shown = shownMs(before, look, carsA);
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

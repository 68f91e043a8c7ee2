/**
 * When a meter that showed less than its cars draw is believed again: not as soon as nothing contradicts it (with the
 * cars at rest, or the sun making up for them, nothing can), but when it has shown what they draw.
 */
import { type PerPhase, PHASE_INDEXES } from "../quantity.ts";
import { type EvseTrack, REPORT_VALID_MS } from "./evses.ts";

/** On a phase where cars draw so much, ... */
const LEAST_A = 6;
/** ... or in all, where charge points tell power alone, ... */
const LEAST_W = 1_400;
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
  readonly currentA: PerPhase;
  readonly powerW: number;
  readonly tracks: readonly EvseTrack[];
  readonly monoMs: number;
}

/** A meter that shows too little just now, or did before the restart. */
export function distrusted(monoMs: number, relapses = 0): Distrust {
  return { shortMonoMs: monoMs, shownMs: 0, lookedMonoMs: monoMs, relapses };
}

/** What cars draw by the reports since it showed too little: by phase, and in all where some tell power alone. */
interface Drawn {
  readonly currentA: PerPhase;
  readonly powerW: number;
}

function drawn(tracks: readonly EvseTrack[], { shortMonoMs }: Distrust, monoMs: number): Drawn {
  const currentA: [number, number, number] = [0, 0, 0];
  let powerW = 0;
  let isPowerAlone = false;
  for (const { transactionId, last } of tracks) {
    if (transactionId === undefined || !last) continue;
    if (last.atMonoMs <= shortMonoMs || monoMs - last.atMonoMs > REPORT_VALID_MS) continue;
    isPowerAlone ||= last.currentA === undefined;
    powerW += last.powerW;
    for (const phase of PHASE_INDEXES) currentA[phase] += last.currentA?.[phase] ?? 0;
  }
  return { currentA, powerW: isPowerAlone ? powerW : 0 };
}

/** How long it has shown what cars draw; begins anew where it does not. */
function shownMs(before: Distrust, { currentA, powerW, monoMs }: Look, cars: Drawn): number {
  const loaded = PHASE_INDEXES.filter((phase) => cars.currentA[phase] >= LEAST_A);
  if (loaded.length === 0 && cars.powerW < LEAST_W) return before.shownMs;
  const lacksA = loaded.some((phase) => currentA[phase] < SHOWN_PART * cars.currentA[phase]);
  return lacksA || powerW < SHOWN_PART * cars.powerW ? 0 : before.shownMs + (monoMs - before.lookedMonoMs);
}

/** Brings the distrust of a meter to this reading; `undefined` when it is believed again. */
export function stillDistrusted(before: Distrust, look: Look): Distrust | undefined {
  const { isShort, tracks, monoMs } = look;
  if (isShort) return distrusted(monoMs, before.relapses);
  const cars = drawn(tracks, before, monoMs);
  const isIdle = Math.max(...cars.currentA) < 1 && cars.powerW < IDLE_W;
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

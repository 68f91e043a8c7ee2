/**
 * What a constraint remembers from tick to tick. Two things make a reading misleading: cars need seconds to obey, so
 * what was shed still flows; and a building flickers, so what is free now may be gone in a moment.
 */
import type { HeadroomHistory } from "../memory.ts";
import { BEARS_MOST_MS, HEADROOM_WINDOW_MS, MOST_DOUBLINGS, OBEY_MS } from "../thresholds.ts";

const BUCKETS = 6;

export interface Headroom {
  /** Expected to go: all of it, and what of it was shed for an overload. */
  readonly credit: number;
  readonly shedCredit: number;
  readonly overload: number;
  /** Above the limit, and let pass for now. */
  readonly bears: boolean;
  /** What the members may draw together: now, and at least in the last half minute. */
  readonly available: number;
  readonly least: number;
  readonly history: HeadroomHistory;
}

export interface Load {
  readonly reading: number;
  readonly limit: number;
  /** What the members surely draw, and what of it (or beyond) is expected to go. */
  readonly surely: number;
  readonly expected: number;
  /**
   * What they draw where they load it at all, at least `surely`: the reading holds it already, or nothing of them comes. So
   * no more comes than their limits less that, though to lower them would surely cure no more than `surely`.
   */
  readonly drawn: number;
  /** Expected to go within seconds by itself: a battery that was told to stop charging. To come, below 0: one is to give less. */
  readonly relief: number;
  /** What the protective device makes of an overload: it may be let pass for now, or it may open before long. */
  readonly strain?: "bears" | "opens";
}

/** Adds this tick's headroom to the history; buckets of the window that passed are forgotten. */
function minimaWith(before: HeadroomHistory | undefined, available: number, bucket: number): readonly number[] {
  if (!before) return [available];
  const gone = bucket - before.bucket;
  const youngest = before.minima[0]!;
  if (gone === 0) return available >= youngest ? before.minima : [available, ...before.minima.slice(1)];
  const minima = [available];
  for (let age = 1; age < BUCKETS; age++) {
    const old = age - gone;
    minima.push(old < 0 ? Number.POSITIVE_INFINITY : (before.minima[old] ?? Number.POSITIVE_INFINITY));
  }
  return minima;
}

/** What was lowered but still flows: each ampere that the reading fell by since is no longer expected to come. */
function creditsOf(before: HeadroomHistory | undefined, lowest: number, expected: number) {
  if (!before) return { credit: 0, shedCredit: 0 };
  const left = (lowered: number) => Math.max(0, Math.min(expected, lowered - (before.refA - lowest)));
  return { credit: left(before.creditA), shedCredit: left(before.shedA) };
}

/**
 * Judges one reading. An overload is what is above the limit after what was shed for it and is expected to go; when it
 * outlasts the time to obey, an estimate was wrong and each further round sheds twice as much. Where the protective
 * device may open before that, all goes. What was lowered to make room for others is no excuse for an overload: a load
 * that rises meanwhile hides whether it has gone already.
 */
export function judge(load: Load, before: HeadroomHistory | undefined, monoMs: number): Headroom {
  const { reading, limit, surely, drawn, expected, relief, strain } = load;
  const lowest = before ? Math.min(before.lowestA, reading) : reading;
  const { credit, shedCredit } = creditsOf(before, lowest, expected);
  const bearsSinceMonoMs = reading > limit && strain === "bears" ? (before?.bearsSinceMonoMs ?? monoMs) : undefined;
  const bears = bearsSinceMonoMs !== undefined && monoMs - bearsSinceMonoMs < BEARS_MOST_MS;
  const isOver = reading > limit && !bears;
  const overSinceMonoMs = isOver ? (before?.overSinceMonoMs ?? monoMs) : undefined;
  const overload = isOver ? Math.max(0, reading - shedCredit - Math.max(0, relief) - limit) : 0;
  const rounds = strain === "opens" ? MOST_DOUBLINGS : Math.floor((monoMs - (overSinceMonoMs ?? monoMs)) / OBEY_MS);
  const extra = overload * (2 ** Math.min(rounds, MOST_DOUBLINGS) - 1);
  const going = overload > 0 ? shedCredit : credit;
  const drawnNow = reading > limit ? surely : drawn;
  const available = limit - reading + drawnNow + going + relief - extra;
  const bucket = Math.floor((monoMs * BUCKETS) / HEADROOM_WINDOW_MS);
  const minima = minimaWith(before, available, bucket);
  const history: HeadroomHistory = {
    bucket,
    minima,
    creditA: before?.creditA ?? 0,
    shedA: before?.shedA ?? 0,
    refA: before?.refA ?? reading,
    lowestA: lowest,
    ...(before?.tightSinceMonoMs === undefined ? {} : { tightSinceMonoMs: before.tightSinceMonoMs }),
    ...(overSinceMonoMs === undefined ? {} : { overSinceMonoMs }),
    ...(bearsSinceMonoMs === undefined ? {} : { bearsSinceMonoMs }),
  };
  return { credit, shedCredit, overload, bears, available, least: Math.min(...minima), history };
}

/** After limits were lowered: all that is expected to go is measured from this reading on. */
export function withLowered(
  history: HeadroomHistory,
  credits: { readonly creditA: number; readonly shedA: number },
  reading: number,
): HeadroomHistory {
  return { ...history, ...credits, refA: reading, lowestA: reading };
}

/** How much one partner may ask: a bucket that fills by itself. */
import type { Clock } from "../core/ports.ts";

const PER_SECOND = 20;
const BURST = 400;
/** A bucket that was not asked for so long is full again anyway. */
const MOST_BUCKETS = 1_000;

export interface Rate {
  allows(name: string): boolean;
}

/** `perSecond` on average, `burst` at once, for each name by itself. */
export function createRate(clock: Clock, { perSecond = PER_SECOND, burst = BURST } = {}): Rate {
  const buckets = new Map<string, { left: number; atMonoMs: number }>();
  return {
    allows(name) {
      const monoMs = clock.monoMs();
      const bucket = buckets.get(name) ?? { left: burst, atMonoMs: monoMs };
      const left = Math.min(burst, bucket.left + ((monoMs - bucket.atMonoMs) / 1000) * perSecond);
      buckets.delete(name);
      buckets.set(name, { left: left >= 1 ? left - 1 : left, atMonoMs: monoMs });
      if (buckets.size > MOST_BUCKETS) buckets.delete(buckets.keys().next().value!);
      return left >= 1;
    },
  };
}

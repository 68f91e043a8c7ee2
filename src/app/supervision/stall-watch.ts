/** Notices that nothing of the process ran for a while: a busy loop, a machine that swaps, a process that was stopped. */
import type { Clock, Log } from "../../core/ports.ts";

const LOOK_MS = 100;
export const STALL_MS = 500;
/** A machine that stalls again and again is one fact a minute, the longest stall of it; one twice as long is news. */
const FACT_EVERY_MS = 60_000;

export interface StallWatch {
  /** Stalls since the start, and the longest, ms. */
  readonly count: number;
  readonly longestMs: number;
  stop(): void;
}

/** Watches from now on. `onStall` is called at once for the first stall, then once a minute with the longest. */
export function watchStalls(options: {
  readonly clock: Clock;
  readonly log: Log;
  readonly onStall: (stalledMs: number) => void;
}): StallWatch {
  const { clock, log, onStall } = options;
  let lookedMonoMs = clock.monoMs();
  let toldMonoMs = Number.NEGATIVE_INFINITY;
  let toldMs = 0;
  let untoldMs = 0;
  let count = 0;
  let longestMs = 0;

  function look(): void {
    const monoMs = clock.monoMs();
    const stalledMs = Math.round(monoMs - lookedMonoMs - LOOK_MS);
    lookedMonoMs = monoMs;
    if (stalledMs > STALL_MS) {
      count++;
      longestMs = Math.max(longestMs, stalledMs);
      untoldMs = Math.max(untoldMs, stalledMs);
      log.warn("The controller stood still; limits went on by themselves", { stalledMs });
    }
    if (untoldMs === 0 || (monoMs - toldMonoMs < FACT_EVERY_MS && untoldMs < 2 * toldMs)) return;
    onStall(untoldMs);
    toldMonoMs = monoMs;
    toldMs = untoldMs;
    untoldMs = 0;
  }

  const stop = clock.every(LOOK_MS, "stall watch", look);
  return {
    get count() {
      return count;
    },
    get longestMs() {
      return longestMs;
    },
    stop,
  };
}

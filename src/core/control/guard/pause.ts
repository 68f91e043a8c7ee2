/** How long a pause for want of current lasts at least: contactors wear and cars fall asleep, but a short peak is short. */
import type { EvseMemory } from "../memory.ts";
import { FIRST_PAUSE_MS, PAUSE_MOST_MS } from "../thresholds.ts";

/** What is left of the least duration of a pause, ms; each further pause of a transaction lasts twice as long. */
export function pauseLeftMs({ pausedMonoMs, pauses }: EvseMemory, monoMs: number): number {
  if (pausedMonoMs === undefined) return 0;
  const leastMs = Math.min(PAUSE_MOST_MS, FIRST_PAUSE_MS * 2 ** Math.max(0, pauses - 1));
  return Math.max(0, pausedMonoMs + leastMs - monoMs);
}

/** Who showed a wrong token or key, by address: five in a minute, and nothing is looked at until the minute is over. */
import type { Clock } from "../core/ports.ts";

const FAILURES_ALLOWED = 5;
const FAILURE_WINDOW_MS = 60_000;
const MOST_REMEMBERED = 1_000;

export interface Failures {
  note(address: string): void;
  /** It has shown the right one. */
  forget(address: string): void;
  isBlocked(address: string): boolean;
}

export function createFailures(clock: Clock): Failures {
  const failures = new Map<string, { count: number; sinceMonoMs: number }>();
  return {
    note(address) {
      const monoMs = clock.monoMs();
      if (failures.size >= MOST_REMEMBERED) failures.clear();
      const known = failures.get(address);
      if (known && monoMs - known.sinceMonoMs < FAILURE_WINDOW_MS) known.count++;
      else failures.set(address, { count: 1, sinceMonoMs: monoMs });
    },
    forget(address) {
      failures.delete(address);
    },
    isBlocked(address) {
      const known = failures.get(address);
      if (known === undefined || known.count < FAILURES_ALLOWED) return false;
      return clock.monoMs() - known.sinceMonoMs < FAILURE_WINDOW_MS;
    },
  };
}

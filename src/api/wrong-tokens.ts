/** Who showed a wrong token or key, by address: five in a minute, and nothing is looked at until the minute is over. */
import type { Clock } from "../core/ports.ts";

const WRONG_ALLOWED = 5;
const WINDOW_MS = 60_000;
const MOST_REMEMBERED = 1_000;

export interface WrongTokens {
  note(address: string): void;
  /** It has shown the right one. */
  forget(address: string): void;
  isBlocked(address: string): boolean;
}

export function createWrongTokens(clock: Clock): WrongTokens {
  const wrong = new Map<string, { count: number; sinceMonoMs: number }>();
  return {
    note(address) {
      const monoMs = clock.monoMs();
      if (wrong.size >= MOST_REMEMBERED) wrong.clear();
      const known = wrong.get(address);
      if (known && monoMs - known.sinceMonoMs < WINDOW_MS) known.count++;
      else wrong.set(address, { count: 1, sinceMonoMs: monoMs });
    },
    forget(address) {
      wrong.delete(address);
    },
    isBlocked(address) {
      const known = wrong.get(address);
      if (known === undefined || known.count < WRONG_ALLOWED) return false;
      return clock.monoMs() - known.sinceMonoMs < WINDOW_MS;
    },
  };
}

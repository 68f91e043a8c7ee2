/**
 * How far the clock of a charge point is off. The time of one message does not tell a wrong clock from a message that
 * waited in a queue. Two that come some time apart and are late by the same do: a queue that empties gets younger, a
 * message that is sent again gets older. And what is younger than a slow clock allows disproves it, as what is of
 * now disproves a fast one: until a limit is written in the right time again, it would begin too late.
 */
import { fieldsOf, listOf } from "./wire.ts";

/** Times that keep step with their arrival this closely, ... */
const STEP_MS = 5_000;
/** ... over at least this long, are of now. */
const STEADY_MS = 20_000;
/** A clock that is off by less needs no help: profiles start in the past, readings live for two minutes. */
const WORTH_MS = 30_000;

export class StationClock {
  #lagMs = 0;
  #candidate: { readonly lagMs: number; readonly sinceMs: number } | undefined;

  /** Our time minus its own, ms, as far as it is proved; to be added to its times. Negative where it is fast. */
  get lagMs(): number {
    return this.#lagMs;
  }

  /** A new connection: what comes now may have waited. What is known of the clock still holds. */
  connected(): void {
    this.#candidate = undefined;
  }

  /** The charge point has restarted, and takes its time from the answer (1.6 section 4.2, 2.0.1 B01). */
  booted(): void {
    this.#lagMs = 0;
    this.#candidate = undefined;
  }

  /** A message written at `writtenMs` by its clock comes at `nowMs` by ours. True when another lag is proved now. */
  heard(writtenMs: number, nowMs: number): boolean {
    const before = this.#lagMs;
    const lagMs = nowMs - writtenMs;
    const isRight = before < 0 && Math.abs(lagMs) <= STEP_MS;
    if (isRight || (lagMs < before - STEP_MS && before > 0)) this.#lagMs = 0;
    if (Math.abs(lagMs - this.#lagMs) <= STEP_MS) {
      this.#candidate = undefined;
      if (this.#lagMs !== 0) this.#lagMs = Math.min(this.#lagMs, lagMs);
    } else {
      this.#consider(lagMs, nowMs);
    }
    return Math.abs(this.#lagMs - before) > STEP_MS;
  }

  #consider(lagMs: number, nowMs: number): void {
    const known = this.#candidate;
    if (!known || Math.abs(lagMs - known.lagMs) > STEP_MS) {
      this.#candidate = { lagMs, sinceMs: nowMs };
      return;
    }
    if (nowMs - known.sinceMs < STEADY_MS) return;
    const provedMs = Math.min(known.lagMs, lagMs);
    this.#lagMs = Math.abs(provedMs) < WORTH_MS ? 0 : provedMs;
    this.#candidate = undefined;
  }
}

/** The youngest time that a message carries, as it stands there; what says that it comes late (2.0.1) has none. */
export function timesIn(payload: unknown): readonly unknown[] {
  const { timestamp, meterValue, offline } = fieldsOf(payload);
  if (offline === true) return [];
  return [timestamp, ...listOf(meterValue, 100).map((entry) => entry.timestamp)].filter((time) => time !== undefined);
}

/**
 * How far the clock of a charge point is off. The time of one message does not tell a wrong clock from a message that
 * waited in a queue. Two messages that come some time apart and are late by the same do: messages of a queue that empties get
 * less late, one that is sent again gets later. A message that is less late than a slow clock allows disproves the slow clock, and
 * one that is of now a fast one. It is disproved at once, as limits in a wrong time would begin too late.
 */
import type { Clock } from "../core/ports.ts";
import { fieldsOf, listOf } from "./wire.ts";

/** Times that keep step with their arrival this closely, ... */
const STEP_MS = 5_000;
/** ... over at least this long, are of now. */
const STEADY_MS = 20_000;
/** A clock that is off by less needs no help: profiles start in the past, readings live for two minutes. */
const WORTH_MS = 30_000;

export class StationClock {
  readonly #clock: Pick<Clock, "wallMs" | "monoMs" | "wallTrusted">;
  /** Our time minus its own, ms, while ours is {@link #aheadMs} above the monotonic one. */
  #lagMs = 0;
  #aheadMs: number;
  /** A message has agreed with it, or our clock was right when it was taken for granted. */
  #isKnown: boolean;
  #candidate: { readonly lagMs: number; readonly sinceMs: number } | undefined;

  constructor(clock: Pick<Clock, "wallMs" | "monoMs" | "wallTrusted">) {
    this.#clock = clock;
    this.#aheadMs = clock.wallMs() - clock.monoMs();
    this.#isKnown = clock.wallTrusted();
  }

  /**
   * Our time minus its own, ms, as far as it is proved; to be added to its times. Negative where it is fast. A step of
   * our own clock moves it at once: its clock has not jumped with ours.
   */
  get lagMs(): number {
    this.#follow();
    return Math.abs(this.#lagMs) < WORTH_MS ? 0 : this.#lagMs;
  }

  /** A new connection: what comes now may have waited. What is known of the clock still holds. */
  connected(): void {
    this.#candidate = undefined;
  }

  /** The charge point has restarted, and takes its time from the answer (1.6 section 4.2, 2.0.1 B01). */
  booted(): void {
    this.#aheadMs = this.#clock.wallMs() - this.#clock.monoMs();
    this.#set(0);
  }

  /** A message comes that was written at `writtenMs` by its clock. True when another lag is proved now. */
  heard(writtenMs: number): boolean {
    const before = this.lagMs;
    const lagMs = this.#clock.wallMs() - writtenMs;
    const isRight = before < 0 && Math.abs(lagMs) <= STEP_MS;
    if (isRight || (lagMs < before - STEP_MS && before > 0)) this.#lagMs = 0;
    if (Math.abs(lagMs - this.#lagMs) <= STEP_MS)
      this.#set(this.lagMs === 0 ? this.#lagMs : Math.min(this.#lagMs, lagMs));
    else this.#consider(lagMs);
    return Math.abs(this.lagMs - before) > STEP_MS;
  }

  /** Where our clock was stepped it is off by that much more; one that was never right has nothing to tell of others. */
  #follow(): void {
    const aheadMs = this.#clock.wallMs() - this.#clock.monoMs();
    const byMs = aheadMs - this.#aheadMs;
    this.#aheadMs = aheadMs;
    if (this.#candidate) this.#candidate = { ...this.#candidate, lagMs: this.#candidate.lagMs + byMs };
    if (this.#isKnown) this.#lagMs += byMs;
    else this.#isKnown = this.#clock.wallTrusted();
  }

  #set(lagMs: number): void {
    this.#lagMs = lagMs;
    this.#isKnown = true;
    this.#candidate = undefined;
  }

  #consider(lagMs: number): void {
    const known = this.#candidate;
    const nowMs = this.#clock.monoMs();
    if (!known || Math.abs(lagMs - known.lagMs) > STEP_MS) this.#candidate = { lagMs, sinceMs: nowMs };
    else if (nowMs - known.sinceMs >= STEADY_MS) this.#set(Math.min(known.lagMs, lagMs));
  }
}

/** The youngest time that a message carries, as it stands there; what says that it comes late (2.0.1) has none. */
export function timesIn(payload: unknown): readonly unknown[] {
  const { timestamp, meterValue, offline } = fieldsOf(payload);
  if (offline === true) return [];
  return [timestamp, ...listOf(meterValue, 100).map((entry) => entry.timestamp)].filter((time) => time !== undefined);
}

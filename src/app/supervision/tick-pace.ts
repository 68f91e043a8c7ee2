/** When the guard looks: with each reading of a meter, at least once a second, and never twice at a time. */
import type { Clock } from "../../core/ports.ts";

const TICK_MS = 1_000;
/** Meters that answer together share a tick; who comes just after one waits no longer than this. */
const LEAST_GAP_MS = 25;

export class TickPace {
  readonly #clock: Clock;
  readonly #tick: () => Promise<void>;
  #lastMonoMs = Number.NEGATIVE_INFINITY;
  #running = false;
  /** Something came while a tick ran, which had looked already. */
  #missed = false;
  #cancelSoon: (() => void) | undefined;
  #stopEvery: (() => void) | undefined;

  constructor(clock: Clock, tick: () => Promise<void>) {
    this.#clock = clock;
    this.#tick = tick;
  }

  start(): void {
    this.#stopEvery = this.#clock.every(TICK_MS / 4, "tick", () => {
      if (this.#clock.monoMs() - this.#lastMonoMs >= TICK_MS) this.#run();
    });
  }

  stop(): void {
    this.#stopEvery?.();
    this.#stopEvery = undefined;
    this.#cancelSoon?.();
    this.#cancelSoon = undefined;
  }

  /** There is something new to look at. What comes in the same turn of the event loop shares a tick. */
  want(): void {
    if (!this.#stopEvery || this.#cancelSoon) return;
    if (this.#running) {
      this.#missed = true;
      return;
    }
    const waitMs = Math.max(0, this.#lastMonoMs + LEAST_GAP_MS - this.#clock.monoMs());
    let cancelled = false;
    const run = () => {
      if (cancelled) return;
      this.#cancelSoon = undefined;
      this.#run();
    };
    const cancelTimer = waitMs > 0 ? this.#clock.after(waitMs, "tick soon", run) : queueMicrotask(run);
    this.#cancelSoon = () => {
      cancelled = true;
      cancelTimer?.();
    };
  }

  #run(): void {
    if (this.#running) return;
    this.#running = true;
    this.#lastMonoMs = this.#clock.monoMs();
    void this.#tick().then(() => {
      this.#running = false;
      const missed = this.#missed;
      this.#missed = false;
      if (missed) this.want();
    });
  }
}

/** Time that moves only when it is told to. Implements the core's clock port. */
import type { Clock } from "../core/ports.ts";

interface Timer {
  dueMonoMs: number;
  readonly everyMs?: number;
  readonly run: () => void;
}

export class VirtualClock implements Clock {
  #monoMs = 0;
  #wallOffsetMs: number;
  #trusted = true;
  readonly #timers = new Set<Timer>();

  /** `startMs` is the wall clock at monotonic 0, epoch ms. */
  constructor(startMs: number) {
    this.#wallOffsetMs = startMs;
  }

  wallMs(): number {
    return this.#wallOffsetMs + this.#monoMs;
  }

  monoMs(): number {
    return this.#monoMs;
  }

  wallTrusted(): boolean {
    return this.#trusted;
  }

  /** A wall clock that jumps, as on a Pi that finds the network. */
  stepWall(byMs: number): void {
    this.#wallOffsetMs += byMs;
  }

  trustWall(trusted: boolean): void {
    this.#trusted = trusted;
  }

  after(delayMs: number, _name: string, run: () => void): () => void {
    return this.#add({ dueMonoMs: this.#monoMs + Math.max(0, delayMs), run });
  }

  every(intervalMs: number, _name: string, run: () => void): () => void {
    return this.#add({ dueMonoMs: this.#monoMs + intervalMs, everyMs: intervalMs, run });
  }

  #add(timer: Timer): () => void {
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /** Moves on, running what becomes due in order, and lets promises settle after each timer. */
  async advance(byMs: number): Promise<void> {
    const untilMs = this.#monoMs + byMs;
    for (let next = this.#next(untilMs); next; next = this.#next(untilMs)) {
      this.#monoMs = Math.max(this.#monoMs, next.dueMonoMs);
      if (next.everyMs === undefined) this.#timers.delete(next);
      else next.dueMonoMs += next.everyMs;
      next.run();
      await settle();
    }
    this.#monoMs = untilMs;
  }

  #next(untilMs: number): Timer | undefined {
    let first: Timer | undefined;
    for (const timer of this.#timers) {
      if (timer.dueMonoMs <= untilMs && (!first || timer.dueMonoMs < first.dueMonoMs)) first = timer;
    }
    return first;
  }
}

/** Lets promises settle that do not wait for I/O. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 8; turn++) await Promise.resolve();
}

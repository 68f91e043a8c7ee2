/** The clocks of one process: monotonic time begins at 0, the wall clock may be wrong, timers wait while it is frozen and die with it. */
import type { Clock } from "../../src/core/ports.ts";
import type { VirtualClock } from "../../src/sim/virtual-clock.ts";

/** The wall clock of the machine: survives a restart of the process. */
export class WallClock {
  trusted = true;
  /** What is wrong with it against the true time, by fault, ms. */
  readonly errors = new Map<unknown, number>();

  get errorMs(): number {
    let sumMs = 0;
    for (const byMs of this.errors.values()) sumMs += byMs;
    return sumMs;
  }
}

export class BootClock implements Clock {
  readonly #time: VirtualClock;
  readonly #wall: WallClock;
  readonly #bootMonoMs: number;
  readonly #cancels = new Set<() => void>();
  /** Due while frozen; each once, however often it was due. */
  readonly #missed = new Set<() => void>();
  #frozen = false;
  #dead = false;

  constructor(time: VirtualClock, wall: WallClock) {
    this.#time = time;
    this.#wall = wall;
    this.#bootMonoMs = time.monoMs();
  }

  wallMs(): number {
    return this.#time.wallMs() + this.#wall.errorMs;
  }

  monoMs(): number {
    return this.#time.monoMs() - this.#bootMonoMs;
  }

  wallTrusted(): boolean {
    return this.#wall.trusted;
  }

  /** Timers that wait. */
  get timers(): number {
    return this.#cancels.size;
  }

  after(delayMs: number, name: string, run: () => void): () => void {
    if (this.#dead) return () => {};
    const fire = () => {
      cancel();
      run();
    };
    const cancel = this.#kept(
      this.#time.after(delayMs, name, () => this.#due(fire)),
      fire,
    );
    return cancel;
  }

  every(intervalMs: number, name: string, run: () => void): () => void {
    if (this.#dead) return () => {};
    return this.#kept(
      this.#time.every(intervalMs, name, () => this.#due(run)),
      run,
    );
  }

  #due(run: () => void): void {
    if (this.#frozen) this.#missed.add(run);
    else run();
  }

  #kept(stop: () => void, run: () => void): () => void {
    const cancel = () => {
      this.#cancels.delete(cancel);
      this.#missed.delete(run);
      stop();
    };
    this.#cancels.add(cancel);
    return cancel;
  }

  /** The event loop stands still, or the process is stopped: time goes on, nothing runs. */
  freeze(): void {
    this.#frozen = true;
  }

  /** Everything that became due runs now. */
  thaw(): void {
    this.#frozen = false;
    const missed = [...this.#missed];
    this.#missed.clear();
    for (const run of missed) run();
  }

  /** The process is gone. */
  die(): void {
    this.#dead = true;
    this.#missed.clear();
    for (const cancel of [...this.#cancels]) cancel();
  }
}

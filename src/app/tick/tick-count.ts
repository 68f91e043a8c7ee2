/** Counts ticks for the health of the controller: how many, how long they took, how far apart they were. */
import type { Clock } from "../../core/ports.ts";

export interface ControllerHealth {
  readonly ticks: number;
  readonly lastTickMonoMs: number;
  readonly lastTickDurationMs: number;
  /** From the start of a tick to the start of the next, since the process began. */
  readonly longestTickGapMs: number;
  readonly interventions: number;
}

export class TickCount {
  readonly #clock: Clock;
  #health: ControllerHealth = {
    ticks: 0,
    lastTickMonoMs: 0,
    lastTickDurationMs: 0,
    longestTickGapMs: 0,
    interventions: 0,
  };

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  health(): ControllerHealth {
    return this.#health;
  }

  /** A tick that began at `startedMonoMs` has gone through, with so many new interventions of the guard. */
  completed(startedMonoMs: number, interventions: number): void {
    const { ticks, lastTickMonoMs, longestTickGapMs } = this.#health;
    this.#health = {
      ticks: ticks + 1,
      lastTickMonoMs: startedMonoMs,
      lastTickDurationMs: this.#clock.monoMs() - startedMonoMs,
      longestTickGapMs: Math.max(longestTickGapMs, ticks === 0 ? 0 : startedMonoMs - lastTickMonoMs),
      interventions: this.#health.interventions + interventions,
    };
  }
}

/** Draws from a seed: every value of a world comes from here, so that a seed is a world. */
import { seededRandom } from "../../src/sim/random.ts";

export class Draw {
  readonly #next: () => number;

  constructor(seed: number) {
    this.#next = seededRandom(Math.imul(seed, 0x9e3779b1) >>> 0);
  }

  /** Between 0 and 1. */
  part(): number {
    return this.#next();
  }

  /** A whole number of the closed range. */
  whole(low: number, high: number): number {
    return low + Math.floor(this.#next() * (high - low + 1));
  }

  one<T>(of: readonly T[]): T {
    return of[Math.floor(this.#next() * of.length)]!;
  }

  chance(probability: number): boolean {
    return this.#next() < probability;
  }
}

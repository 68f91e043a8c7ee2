/** So many at once, then one each so often. Times are monotonic ms. */
export class Budget {
  readonly #most: number;
  readonly #everyMs: number;
  #spentUntilMs = Number.NEGATIVE_INFINITY;

  constructor(most: number, everyMs: number) {
    this.#most = most;
    this.#everyMs = everyMs;
  }

  /** How long the next one has to wait, ms. */
  waitMs(nowMs: number): number {
    return Math.max(0, this.#spentUntilMs - nowMs - (this.#most - 1) * this.#everyMs);
  }

  /** Takes one where there is one. */
  take(nowMs: number): boolean {
    if (this.waitMs(nowMs) > 0) return false;
    this.#spentUntilMs = Math.max(this.#spentUntilMs, nowMs) + this.#everyMs;
    return true;
  }
}

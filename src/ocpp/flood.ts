/** What comes too often is made to wait. Pure but for its memory; times are monotonic ms. */
const FIRST_DELAY_MS = 1_000;
const LONGEST_DELAY_MS = 60_000;
const FORGET_AFTER_MS = 600_000;
const MAX_KEYS = 10_000;

interface Failures {
  readonly count: number;
  readonly lastMs: number;
}

/** Wrong passwords: each makes the next attempt of the same key (an address and an identity) wait longer. */
export class PasswordFlood {
  readonly #byKey = new Map<string, Failures>();

  /** How long `key` has to wait, ms; 0 lets it try. */
  waitMs(key: string, nowMs: number): number {
    const failures = this.#byKey.get(key);
    if (!failures) return 0;
    if (nowMs - failures.lastMs > FORGET_AFTER_MS) {
      this.#byKey.delete(key);
      return 0;
    }
    const delayMs = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** Math.min(10, failures.count - 1));
    return Math.max(0, failures.lastMs + delayMs - nowMs);
  }

  failed(key: string, nowMs: number): void {
    const count = (this.#byKey.get(key)?.count ?? 0) + 1;
    this.#byKey.delete(key);
    this.#byKey.set(key, { count, lastMs: nowMs });
    const oldest = this.#byKey.keys().next().value;
    if (this.#byKey.size > MAX_KEYS && oldest !== undefined) this.#byKey.delete(oldest);
  }

  succeeded(key: string): void {
    this.#byKey.delete(key);
  }
}

/** So many at once, then so many a second. */
export class Pace {
  readonly #burst: number;
  readonly #perSecond: number;
  #left: number;
  #atMs = Number.NEGATIVE_INFINITY;

  constructor(burst: number, perSecond: number) {
    this.#burst = burst;
    this.#perSecond = perSecond;
    this.#left = burst;
  }

  /** 0 lets one through; else how long to wait until it may be asked again, ms. */
  take(nowMs: number): number {
    const passedS = this.#atMs === Number.NEGATIVE_INFINITY ? 0 : (nowMs - this.#atMs) / 1000;
    this.#left = Math.min(this.#burst, this.#left + passedS * this.#perSecond);
    this.#atMs = nowMs;
    if (this.#left < 1) return Math.ceil(((1 - this.#left) / this.#perSecond) * 1000);
    this.#left -= 1;
    return 0;
  }
}

/** Wrong passwords from one address: each makes the next attempt wait longer. Pure but for its memory. */
const FIRST_DELAY_MS = 1_000;
const LONGEST_DELAY_MS = 60_000;
const FORGET_AFTER_MS = 600_000;
const MAX_ADDRESSES = 1_000;

interface Failures {
  readonly count: number;
  readonly lastMs: number;
}

export class PasswordFlood {
  readonly #byAddress = new Map<string, Failures>();

  /** How long `address` has to wait, ms; 0 lets it try. Times are monotonic ms. */
  waitMs(address: string, nowMs: number): number {
    const failures = this.#byAddress.get(address);
    if (!failures) return 0;
    if (nowMs - failures.lastMs > FORGET_AFTER_MS) {
      this.#byAddress.delete(address);
      return 0;
    }
    const delayMs = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** Math.min(10, failures.count - 1));
    return Math.max(0, failures.lastMs + delayMs - nowMs);
  }

  failed(address: string, nowMs: number): void {
    const count = (this.#byAddress.get(address)?.count ?? 0) + 1;
    this.#byAddress.delete(address);
    this.#byAddress.set(address, { count, lastMs: nowMs });
    const oldest = this.#byAddress.keys().next().value;
    if (this.#byAddress.size > MAX_ADDRESSES && oldest !== undefined) this.#byAddress.delete(oldest);
  }

  succeeded(address: string): void {
    this.#byAddress.delete(address);
  }
}

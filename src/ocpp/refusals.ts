/** Refused connections, told once and then at most once a minute for each address, with their count. */
import type { ChargePointInput } from "../core/charge-point-input.ts";
import type { Clock } from "../core/ports.ts";

type Refused = Extract<ChargePointInput, { type: "refused" }>;
const WINDOW_MS = 60_000;
const MAX_ADDRESSES = 1_000;

export class Refusals {
  readonly #clock: Clock;
  readonly #tell: (refused: Refused) => void;
  readonly #open = new Map<string, { count: number; last: Refused; cancel: () => void }>();

  constructor(clock: Clock, tell: (refused: Refused) => void) {
    this.#clock = clock;
    this.#tell = tell;
  }

  add(remote: string, identity: string, reason: string): void {
    const refused: Refused = { type: "refused", identity: identity.slice(0, 48), remote, reason, count: 1 };
    const known = this.#open.get(remote);
    if (known) {
      known.count += 1;
      known.last = refused;
      return;
    }
    if (this.#open.size >= MAX_ADDRESSES) return;
    const cancel = this.#clock.after(WINDOW_MS, "ocpp refusals", () => this.#flush(remote));
    this.#open.set(remote, { count: 0, last: refused, cancel });
    this.#tell(refused);
  }

  #flush(remote: string): void {
    const window = this.#open.get(remote);
    this.#open.delete(remote);
    if (window && window.count > 0) this.#tell({ ...window.last, count: window.count });
  }

  close(): void {
    for (const window of this.#open.values()) window.cancel();
    this.#open.clear();
  }
}

/**
 * Outgoing calls of one charge point: one at a time (OCPP-J 1.6 section 4.1.1), limits first, the newest limit of an
 * EVSE instead of an older one that still waits. A limit does not wait longer than half a second behind a slow call.
 */
import type { CommandResult } from "../core/charge-point-input.ts";
import type { Clock } from "../core/ports.ts";

/** Lower goes first. */
export const PRIORITY = { takeOver: 0, limit: 1, command: 2, setup: 3 } as const;
const MAX_WAITING = 200;
const OVERTAKE_AFTER_MS = 500;

export interface QueuedCall {
  readonly priority: number;
  /** A newer call with the same key replaces one that waits. */
  readonly key?: string;
  readonly run: () => Promise<CommandResult>;
}

interface Waiting extends QueuedCall {
  readonly resolve: (result: CommandResult) => void;
}

export class CallQueue {
  readonly #clock: Clock;
  #waiting: Waiting[] = [];
  #outstanding = 0;
  #open = false;
  #overtaking = false;
  #cancelOvertake: (() => void) | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Lets calls out: after the charge point has booted. */
  open(): void {
    this.#open = true;
    this.#pump();
  }

  /** Ends all that waits; what is under way ends by itself. */
  close(detail: string): void {
    this.#open = false;
    this.#cancelOvertake?.();
    for (const call of this.#waiting.splice(0)) call.resolve({ status: "offline", detail });
  }

  /** Runs at once, in the same tick, when nothing is under way. Never rejects. */
  push(call: QueuedCall): Promise<CommandResult> {
    return new Promise((resolve) => {
      if (call.key !== undefined) this.#supersede(call.key);
      if (this.#waiting.length >= MAX_WAITING) {
        resolve({ status: "rejected", detail: "too many commands wait for this charge point" });
        return;
      }
      const before = this.#waiting.findIndex((other) => other.priority > call.priority);
      this.#waiting.splice(before < 0 ? this.#waiting.length : before, 0, { ...call, resolve });
      this.#pump();
    });
  }

  #supersede(key: string): void {
    const index = this.#waiting.findIndex((other) => other.key === key);
    if (index < 0) return;
    const [older] = this.#waiting.splice(index, 1);
    older?.resolve({ status: "rejected", detail: "superseded" });
  }

  #pump(): void {
    if (!this.#open) return;
    const first = this.#waiting[0];
    if (!first) return;
    if (this.#outstanding === 0 || (this.#overtaking && this.#outstanding === 1 && first.priority <= PRIORITY.limit)) {
      this.#waiting.shift();
      void this.#run(first);
    }
  }

  async #run(call: Waiting): Promise<void> {
    this.#outstanding += 1;
    this.#watchSlow();
    const result = await call
      .run()
      .catch((error): CommandResult => ({ status: "no-answer", detail: String(error).slice(0, 200) }));
    this.#outstanding -= 1;
    if (this.#outstanding === 0) this.#overtaking = false;
    this.#cancelOvertake?.();
    call.resolve(result);
    if (this.#outstanding > 0) this.#watchSlow();
    this.#pump();
  }

  #watchSlow(): void {
    this.#cancelOvertake?.();
    this.#cancelOvertake = this.#clock.after(OVERTAKE_AFTER_MS, "ocpp slow call", () => {
      this.#overtaking = true;
      this.#pump();
    });
  }
}

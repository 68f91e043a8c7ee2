/**
 * What one charge point may write into the books, and how fast: a defect in its firmware must not fill the disk. What
 * is a state (status, boot) is never lost: its last word waits. What is a message of its own is left out, and said so.
 * What is a bill is not taken, so that the charge point sends it again.
 */
import type { ChargePointAnswer, ChargePointInput } from "../core/charge-point-input.ts";
import type { Clock } from "../core/ports.ts";
import { Budget } from "./budget.ts";

export interface IntakeOptions {
  readonly clock: Clock;
  readonly tell: (input: ChargePointInput) => Promise<ChargePointAnswer>;
  /** Something was left out or has to wait: what, and what of it. */
  readonly flooded: (action: string, problem: string, input: ChargePointInput) => void;
}

const MINUTE_MS = 60_000;
const MOST_WAITING = 64;
const LEFT_OUT = "it sends more of these than are kept: the rest is left out for now";
const DELAYED = "it changes its status more often than is kept: only its last word is, later";
const NOT_NOW = "it sends more transactions than can be: it has to repeat them";

type StateInput = Extract<ChargePointInput, { type: "status" | "booted" }>;

/** What a state is about: the newest word on it is all that counts. */
function aboutOf(input: StateInput): string {
  return input.type === "booted" ? "boot" : String(input.connector || (input.remoteId ?? 0));
}

/** The word; each boot is a new one. */
function wordOf(input: StateInput): string | undefined {
  return input.type === "booted" ? undefined : `${input.status} ${input.errorCode}`;
}

export class Intake {
  readonly #options: IntakeOptions;
  readonly #messages = new Budget(500, 20);
  readonly #budgets = {
    state: new Budget(60, MINUTE_MS / 2),
    notified: new Budget(60, 2 * MINUTE_MS),
    "signed-metered": new Budget(200, MINUTE_MS),
    authorize: new Budget(60, MINUTE_MS / 4),
    transactions: new Budget(400, 5_000),
  };
  /** The last word of each connector that was told, and the one that waits. */
  readonly #told = new Map<string, string>();
  readonly #waiting = new Map<string, StateInput>();
  #cancel: (() => void) | undefined;

  constructor(options: IntakeOptions) {
    this.#options = options;
  }

  /** Resolves when the next message may be taken: at once, but in a flood. */
  async pace(): Promise<void> {
    const { clock } = this.#options;
    const waitMs = this.#messages.waitMs(clock.monoMs());
    if (waitMs > 0) await new Promise<void>((resolve) => clock.after(waitMs, "ocpp flood", resolve));
    this.#messages.take(clock.monoMs());
  }

  /** Tells the input of a message to the core, as far as its budget goes. Rejects with what the core rejects with. */
  async take(action: string, input: ChargePointInput): Promise<ChargePointAnswer> {
    const left = (problem: string) => this.#options.flooded(action, problem, input);
    switch (input.type) {
      case "status":
      case "booted":
        if (this.#isTaken(input)) return this.#options.tell(input);
        left(DELAYED);
        return {};
      case "notified":
      case "signed-metered":
        if (this.#may(this.#budgets[input.type])) return this.#options.tell(input);
        left(LEFT_OUT);
        return {};
      case "authorize":
        if (this.#may(this.#budgets[input.type])) return this.#options.tell(input);
        left(LEFT_OUT);
        return this.#options.tell({ ...input, unrecorded: true });
      case "transaction-started":
      case "transaction-ended":
        if (this.#may(this.#budgets.transactions)) return this.#options.tell(input);
        left(NOT_NOW);
        throw new Error(NOT_NOW);
      default:
        return this.#options.tell(input);
    }
  }

  close(): void {
    this.#cancel?.();
  }

  #may(budget: Budget): boolean {
    return budget.take(this.#options.clock.monoMs());
  }

  /** Whether the state may be told now; else it waits, in the place of an older one. */
  #isTaken(input: StateInput): boolean {
    const about = aboutOf(input);
    const word = wordOf(input);
    const isNews = word === undefined || this.#told.get(about) !== word;
    if (isNews && (this.#waiting.has(about) || !this.#may(this.#budgets.state))) {
      this.#wait(about, input);
      return false;
    }
    this.#waiting.delete(about);
    if (this.#told.size >= MOST_WAITING) this.#told.clear();
    if (word !== undefined) this.#told.set(about, word);
    return true;
  }

  #wait(about: string, input: StateInput): void {
    if (this.#waiting.size < MOST_WAITING || this.#waiting.has(about)) this.#waiting.set(about, input);
    if (this.#cancel) return;
    const { clock } = this.#options;
    const waitMs = Math.max(1_000, this.#budgets.state.waitMs(clock.monoMs()));
    this.#cancel = clock.after(waitMs, "ocpp last word", () => this.#tellWaiting());
  }

  #tellWaiting(): void {
    this.#cancel = undefined;
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const input of waiting) {
      if (!this.#isTaken(input)) continue;
      this.#options.tell(input).catch(() => {
        this.#told.delete(aboutOf(input));
        this.#wait(aboutOf(input), input);
      });
    }
  }
}

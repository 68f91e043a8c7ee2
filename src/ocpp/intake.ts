/**
 * What one charge point may write into the books: a defect in its firmware must not fill the disk. What
 * is a state (status, boot) is never lost: its last word waits. What is a message of its own is left out, and said so.
 * What is a bill is not taken, so that the charge point sends it again.
 */
import type { ChargePointAnswer, ChargePointInput } from "../core/charge-point-input.ts";
import type { Clock } from "../core/ports.ts";
import { Pace } from "./flood.ts";

export interface IntakeOptions {
  readonly clock: Clock;
  readonly tell: (input: ChargePointInput) => Promise<ChargePointAnswer>;
  /** Something was left out or has to wait: what, and what of it. */
  readonly flooded: (action: string, problem: string, input: ChargePointInput) => void;
}

const MINUTE_S = 60;
const MOST_WAITING = 64;
const LAST_WORD_MS = 30_000;
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
  readonly #paces = {
    state: new Pace(60, 2 / MINUTE_S),
    notified: new Pace(60, 0.5 / MINUTE_S),
    "signed-metered": new Pace(200, 1 / MINUTE_S),
    authorize: new Pace(60, 4 / MINUTE_S),
    transactions: new Pace(400, 12 / MINUTE_S),
  };
  /** The last word of each connector that was told, and the one that waits. */
  readonly #told = new Map<string, string>();
  readonly #waiting = new Map<string, StateInput>();
  #cancel: (() => void) | undefined;

  constructor(options: IntakeOptions) {
    this.#options = options;
  }

  /** Tells the input of a message to the core, as far as there is room. Rejects with what the core rejects with. */
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
        if (this.#may(this.#paces[input.type])) return this.#options.tell(input);
        left(LEFT_OUT);
        return {};
      case "authorize":
        if (this.#may(this.#paces[input.type])) return this.#options.tell(input);
        left(LEFT_OUT);
        return this.#options.tell({ ...input, unrecorded: true });
      case "transaction-started":
      case "transaction-ended":
        if (this.#may(this.#paces.transactions)) return this.#options.tell(input);
        left(NOT_NOW);
        throw new Error(NOT_NOW);
      default:
        return this.#options.tell(input);
    }
  }

  close(): void {
    this.#cancel?.();
  }

  #may(pace: Pace): boolean {
    return pace.take(this.#options.clock.monoMs()) === 0;
  }

  /** Whether the state may be told now; else it waits, in the place of an older one. */
  #isTaken(input: StateInput): boolean {
    const about = aboutOf(input);
    const word = wordOf(input);
    const isNews = word === undefined || this.#told.get(about) !== word;
    if (isNews && (this.#waiting.has(about) || !this.#may(this.#paces.state))) {
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
    this.#cancel = this.#options.clock.after(LAST_WORD_MS, "ocpp last word", () => this.#tellWaiting());
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

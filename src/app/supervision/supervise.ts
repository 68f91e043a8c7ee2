/**
 * Keeps the shells running. Each lives in an async context of its own, so that an exception that nobody caught tells
 * which shell it came from: that one is closed and started again, each time after a longer pause, and the guard does not
 * notice. What comes from nowhere else is a defect of the core; that, and too many crashes, end the process.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { subscribe } from "node:diagnostics_channel";
import type { Socket } from "node:net";
import type { Clock, Log } from "../../core/ports.ts";

const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 60_000;
const CLOSE_PATIENCE_MS = 2_000;
/** Of all shells together. */
export const MOST_CRASHES = 10;
const CRASHES_WITHIN_MS = 600_000;

/** One start of one shell. */
interface Life {
  crashed(error: unknown): void;
}

const lives = new AsyncLocalStorage<Life | undefined>();

// A socket that a server accepted begins in no context; its server's is the right one.
subscribe("net.server.socket", (message) => {
  const life = lives.getStore();
  if (!life) return;
  const { socket } = message as { socket: Socket };
  const emit = socket.emit.bind(socket) as (...values: unknown[]) => boolean;
  socket.emit = (...values: unknown[]) =>
    lives.run(life, () => {
      try {
        return emit(...values);
      } catch (error) {
        life.crashed(error);
        return true;
      }
    });
});

/** Gives an exception that nobody caught to the shell that it came from; false when it came from none. */
export function takenByShell(error: unknown): boolean {
  const life = lives.getStore();
  life?.crashed(error);
  return life !== undefined;
}

/** The core's side of a call from a shell: a defect in it is no crash of that shell. Callbacks stay the shell's own. */
export function inCore<A extends unknown[], R>(call: (...values: A) => R): (...values: A) => R {
  const own = (value: unknown) =>
    typeof value === "function" ? AsyncLocalStorage.bind(value as (...of: unknown[]) => unknown) : value;
  return (...values) => {
    const owned = values.map(own) as A;
    return lives.run(undefined, () => call(...owned));
  };
}

export interface Shell {
  close(): unknown;
}

export interface Supervised<T> {
  /** What the call answers, or undefined while the shell is down. */
  use<R>(call: (shell: T) => R): R | undefined;
  close(): Promise<void>;
}

export interface SupervisorOptions {
  readonly clock: Clock;
  readonly log: Log;
  /** Told of every crash; `pauseMs` until the shell is started again. */
  readonly onCrash: (name: string, reason: string, pauseMs: number) => void;
  /** The process has to end: the service manager starts it anew. */
  readonly giveUp: (message: string) => void;
}

export interface Supervisor {
  /**
   * Starts a shell and keeps it running. Rejects when the first start fails, unless the site can do without it
   * (`optional`): then it is tried again like one that crashed, without counting.
   */
  start<T extends Shell>(
    name: string,
    begin: () => T | Promise<T>,
    how?: { optional?: boolean },
  ): Promise<Supervised<T>>;
  /** Counts and tells a crash of something that starts itself again after `pauseMs`. */
  crashed(name: string, error: unknown, pauseMs: number): void;
}

/** Pause before the next start, ms, after so many crashes in a row. */
export function pauseAfterMs(crashes: number): number {
  return Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.max(0, crashes - 1));
}

/** The first lines of what went wrong: enough to report it, little enough for a fact. */
function reasonOf(error: unknown): string {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return text.split("\n").slice(0, 4).join(" ").replaceAll(/\s+/g, " ").slice(0, 400);
}

class Keeper<T extends Shell> implements Supervised<T> {
  readonly #name: string;
  readonly #begin: () => T | Promise<T>;
  readonly #supervisor: Supervisor;
  readonly #options: SupervisorOptions;
  #life: Life | undefined;
  #shell: T | undefined;
  #startedMonoMs = 0;
  #inARow = 0;
  #closed = false;
  #cancel = () => {};

  constructor(name: string, begin: () => T | Promise<T>, supervisor: Supervisor, options: SupervisorOptions) {
    this.#name = name;
    this.#begin = begin;
    this.#supervisor = supervisor;
    this.#options = options;
  }

  use<R>(call: (shell: T) => R): R | undefined {
    const shell = this.#shell;
    return shell === undefined ? undefined : lives.run(this.#life, () => call(shell));
  }

  async start(): Promise<void> {
    const life: Life = { crashed: (error) => this.#crashed(life, error) };
    this.#life = life;
    this.#startedMonoMs = this.#options.clock.monoMs();
    const shell = await lives
      .run(life, async () => this.#begin())
      .catch((error) => {
        // It crashed before it failed to start: that counted already.
        if (this.#life === life) throw error;
        return undefined;
      });
    if (this.#life === life && !this.#closed) this.#shell = shell;
    else await this.#bury(life, shell);
  }

  /** After a start that failed. */
  retry(error: unknown, counts: boolean): void {
    this.#life = undefined;
    const pauseMs = this.#nextPauseMs();
    if (counts) this.#supervisor.crashed(this.#name, error, pauseMs);
    else this.#options.log.warn(`${this.#name} could not be started`, { error: reasonOf(error), againInMs: pauseMs });
    this.#startAgain(pauseMs, counts);
  }

  #nextPauseMs(): number {
    const livedMs = this.#options.clock.monoMs() - this.#startedMonoMs;
    this.#inARow = livedMs > CRASHES_WITHIN_MS ? 1 : this.#inARow + 1;
    return pauseAfterMs(this.#inARow);
  }

  #startAgain(pauseMs: number, counts: boolean): void {
    if (this.#closed) return;
    this.#cancel = this.#options.clock.after(pauseMs, `restart ${this.#name}`, () => {
      this.start().then(
        () => this.#options.log.info(`${this.#name} runs again`),
        (error) => this.retry(error, counts),
      );
    });
  }

  #crashed(life: Life, error: unknown): void {
    if (this.#life !== life || this.#closed) {
      this.#options.log.warn(`Something that ${this.#name} left behind failed`, { error: reasonOf(error) });
      return;
    }
    const shell = this.#shell;
    this.#life = undefined;
    this.#shell = undefined;
    const pauseMs = this.#nextPauseMs();
    this.#supervisor.crashed(this.#name, error, pauseMs);
    // Without a shell its start is still under way, and ends by itself.
    void this.#bury(life, shell).then(() => this.#startAgain(pauseMs, true));
  }

  async #bury(life: Life, shell: T | undefined): Promise<void> {
    if (shell === undefined) return;
    let cancel = () => {};
    const patience = new Promise<void>((resolve) => {
      cancel = this.#options.clock.after(CLOSE_PATIENCE_MS, `bury ${this.#name}`, resolve);
    });
    const closing = lives.run(life, async () => shell.close()).catch(() => undefined);
    await Promise.race([closing, patience]);
    cancel();
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#cancel();
    const shell = this.#shell;
    this.#shell = undefined;
    await lives.run(this.#life, async () => shell?.close());
  }
}

/** See the head of this file. */
export function createSupervisor(options: SupervisorOptions): Supervisor {
  const { clock, log } = options;
  let crashes: number[] = [];
  const supervisor: Supervisor = {
    async start(name, begin, { optional = false } = {}) {
      const keeper = new Keeper(name, begin, supervisor, options);
      await keeper.start().catch((error) => {
        if (!optional) throw error;
        keeper.retry(error, false);
      });
      return keeper;
    },
    crashed(name, error, pauseMs) {
      const reason = reasonOf(error);
      const nowMs = clock.monoMs();
      crashes = [...crashes.filter((atMs) => nowMs - atMs < CRASHES_WITHIN_MS), nowMs];
      log.error(`${name} crashed and is started again; the guard goes on`, { reason, againInMs: pauseMs });
      options.onCrash(name, reason, pauseMs);
      if (crashes.length <= MOST_CRASHES) return;
      options.giveUp(
        `${name} crashed, as the ${crashes.length}th of all parts within ${CRASHES_WITHIN_MS / 60_000} minutes: the process ` +
          "ends, so that the service manager starts it anew. Until then every charge point falls back to its safe " +
          "current. Please report the lines above.",
      );
    },
  };
  return supervisor;
}

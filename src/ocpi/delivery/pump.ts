/**
 * Deliveries to one partner. The ledger is the queue: facts after the cursor name the objects that changed, and of each
 * object the state of now is sent, so an outage of a week ends with one message an object. In the order of their first
 * change, one at a time, again until heard. Nothing waits for it.
 */
import type { Envelope } from "../../core/facts/fact.ts";
import type { Clock, Cursor, Log, SiteAccess } from "../../core/ports.ts";

const BATCH = 200;
const MOST_CHANGED = 5_000;
const LEAST_PAUSE_MS = 2_000;
const LONGEST_PAUSE_MS = 600_000;

/** An object that failed so often by itself waits by itself: it keeps up no other. */
const OWN_FAILURES = 3;

/** `refused` is heard and not wanted: it is not sent again until it changes. */
export type Delivered = "done" | "refused" | "away";

export interface PumpOptions {
  readonly name: string;
  readonly site: Pick<SiteAccess, "read" | "state" | "subscribe">;
  readonly cursor: Cursor;
  /** False while there is nobody to deliver to: then nothing is owed. */
  readonly wanted: () => boolean;
  /** Names of the objects that a fact changes. */
  readonly changedBy: (fact: Envelope) => readonly string[];
  readonly deliver: (name: string) => Promise<Delivered>;
  /** Whether an object should reach the partner once only, as far as that can be. */
  readonly isFinal: (name: string) => boolean;
  readonly clock: Clock;
  readonly log: Log;
}

/** A pause before the next attempt: doubled each time, half of it random, so that a fleet does not come at once. */
function pauseMs(attempt: number): number {
  const most = Math.min(LONGEST_PAUSE_MS, LEAST_PAUSE_MS * 2 ** Math.min(attempt, 12));
  return most / 2 + (Math.random() * most) / 2;
}

export class Pump {
  readonly #options: PumpOptions;
  /** By object, the sequence of its first change that was not delivered. */
  readonly #changed = new Map<string, number>();
  /** Those that failed: how often, and when they are tried again where they wait by themselves. */
  readonly #failed = new Map<string, { readonly times: number; readonly againMonoMs: number }>();
  readonly #unsubscribe: () => void;
  #readSeq: number;
  #running = false;
  #paused = false;
  #closed = false;
  #attempt = 0;
  #stopWaiting = () => {};
  #nextMs: number | undefined;

  /** Begins at once. */
  constructor(options: PumpOptions) {
    this.#options = options;
    this.#readSeq = options.cursor.seq;
    this.#unsubscribe = options.site.subscribe(() => this.#run());
    this.#run();
  }

  /** Names of the objects that wait. */
  get pending(): readonly string[] {
    return [...this.#changed.keys()];
  }

  /** When the next attempt is, epoch ms; missing while it is not waiting for one. */
  get nextMs(): number | undefined {
    return this.#paused ? this.#nextMs : undefined;
  }

  /** Sends also what no fact names. */
  owe(object: string): void {
    if (!this.#changed.has(object)) this.#changed.set(object, this.#readSeq);
  }

  /** Goes on now, also out of a pause. */
  run(): void {
    this.#stopWaiting();
    this.#paused = false;
    this.#failed.clear();
    this.#run();
  }

  close(): void {
    this.#closed = true;
    this.#unsubscribe();
    this.#stopWaiting();
    this.#options.cursor.close();
  }

  /** Reads on until the end of the ledger, or as much as is bearable. True where there is more. */
  #readOn(): boolean {
    const { site, changedBy } = this.#options;
    if (this.#changed.size >= MOST_CHANGED) return false;
    // The ledger may be a moment ahead of the state: what is sent is the state.
    const { seq } = site.state();
    const facts = site.read(this.#readSeq, BATCH).filter((fact) => fact.seq <= seq);
    for (const fact of facts)
      for (const object of changedBy(fact)) if (!this.#changed.has(object)) this.#changed.set(object, fact.seq);
    this.#readSeq = facts.at(-1)?.seq ?? this.#readSeq;
    return facts.length === BATCH;
  }

  #advance(): void {
    const { cursor } = this.#options;
    let least = this.#readSeq + 1;
    for (const seq of this.#changed.values()) least = Math.min(least, seq);
    if (least - 1 > cursor.seq) cursor.moveTo(least - 1);
  }

  #skipAll(): void {
    this.#changed.clear();
    this.#failed.clear();
    this.#readSeq = this.#options.site.state().seq;
    this.#options.cursor.moveTo(this.#readSeq);
  }

  #pause(): void {
    const { log, name } = this.#options;
    if (this.#attempt === 0)
      log.warn("A partner does not take deliveries; it is tried again from time to time", { partner: name });
    this.#paused = true;
    this.#wait(pauseMs(this.#attempt++));
  }

  #wait(waitMs: number): void {
    const { clock } = this.#options;
    this.#stopWaiting();
    this.#nextMs = clock.wallMs() + waitMs;
    this.#stopWaiting = clock.after(waitMs, "ocpi-delivery", () => {
      this.#paused = false;
      this.#run();
    });
  }

  async #deliverNext(object: string): Promise<boolean> {
    const { deliver, isFinal, cursor, log, name } = this.#options;
    const seq = this.#changed.get(object)!;
    this.#changed.delete(object);
    const result = await deliver(object).catch((error) => {
      // A defect of one object keeps no other back.
      this.#changed.set(object, seq);
      throw error;
    });
    if (result === "away") {
      this.#putBack(object, seq);
      return this.#failedAgain(object);
    }
    this.#failed.delete(object);
    if (this.#attempt > 0) log.info("A partner takes deliveries again", { partner: name, attempts: this.#attempt });
    // It was away as a whole: what waited by itself need not.
    if (this.#attempt > OWN_FAILURES) this.#failed.clear();
    this.#attempt = 0;
    this.#advance();
    if (isFinal(object)) cursor.save();
    return true;
  }

  /** Notes it. True where others may go on: it has failed often, and they have not. */
  #failedAgain(object: string): boolean {
    const { clock, log, name } = this.#options;
    const times = (this.#failed.get(object)?.times ?? 0) + 1;
    const againMonoMs = times < OWN_FAILURES ? Number.NEGATIVE_INFINITY : clock.monoMs() + pauseMs(times);
    this.#failed.set(object, { times, againMonoMs });
    if (times === OWN_FAILURES)
      log.warn("A partner fails on one object; it is tried again by itself", { partner: name, object });
    return times > OWN_FAILURES && this.#attempt === 0;
  }

  /** The first that is due; else when the next one is, monotonic. */
  #nextDue(): string | number | undefined {
    const nowMonoMs = this.#options.clock.monoMs();
    let againMonoMs: number | undefined;
    for (const object of this.#changed.keys()) {
      const dueMonoMs = this.#failed.get(object)?.againMonoMs ?? Number.NEGATIVE_INFINITY;
      if (dueMonoMs <= nowMonoMs) return object;
      againMonoMs = Math.min(againMonoMs ?? dueMonoMs, dueMonoMs);
    }
    return againMonoMs;
  }

  /** It keeps its place, whatever happened meanwhile. */
  #putBack(object: string, seq: number): void {
    const others = [...this.#changed].filter(([other]) => other !== object);
    this.#changed.clear();
    this.#changed.set(object, seq);
    for (const [other, otherSeq] of others) this.#changed.set(other, otherSeq);
  }

  async #work(): Promise<void> {
    for (;;) {
      if (this.#closed) return;
      if (!this.#options.wanted()) return this.#skipAll();
      while (this.#readOn()) await new Promise((resolve) => setImmediate(resolve));
      const object = this.#nextDue();
      if (object === undefined) return this.#advance();
      if (typeof object === "number") return this.#wait(object - this.#options.clock.monoMs());
      if (!(await this.#deliverNext(object))) return this.#pause();
    }
  }

  #run(): void {
    if (this.#running || this.#paused || this.#closed) return;
    this.#running = true;
    const { log, name, site } = this.#options;
    this.#work()
      .catch((error) => {
        log.error("Deliveries to a partner failed", { partner: name, error: String(error) });
        this.#pause();
      })
      .finally(() => {
        this.#running = false;
        // What was recorded while the last delivery was under way.
        if (!this.#paused && !this.#closed && site.state().seq > this.#readSeq) this.#run();
      });
  }
}

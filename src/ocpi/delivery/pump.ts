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

export interface Pump {
  /** Objects that wait. */
  readonly pending: number;
  /** Goes on now, also out of a pause. */
  run(): void;
  close(): void;
}

/** A pause before the next attempt: doubled each time, half of it random, so that a fleet does not come at once. */
function pauseMs(attempt: number): number {
  const most = Math.min(LONGEST_PAUSE_MS, LEAST_PAUSE_MS * 2 ** Math.min(attempt, 12));
  return most / 2 + (Math.random() * most) / 2;
}

export function createPump(options: PumpOptions): Pump {
  const { site, cursor, clock, log, name } = options;
  /** By object, the sequence of its first change that was not delivered. */
  const changed = new Map<string, number>();
  let readSeq = cursor.seq;
  let running = false;
  let paused = false;
  let closed = false;
  let attempt = 0;
  let stopWaiting = () => {};

  /** Reads on until the end of the ledger, or as much as is bearable. True where there is more. */
  function readOn(): boolean {
    if (changed.size >= MOST_CHANGED) return false;
    const facts = site.read(readSeq, BATCH);
    for (const fact of facts)
      for (const object of options.changedBy(fact)) if (!changed.has(object)) changed.set(object, fact.seq);
    readSeq = facts.at(-1)?.seq ?? readSeq;
    return facts.length === BATCH;
  }

  function advance(): void {
    let least = readSeq + 1;
    for (const seq of changed.values()) least = Math.min(least, seq);
    if (least - 1 > cursor.seq) cursor.moveTo(least - 1);
  }

  function skipAll(): void {
    changed.clear();
    readSeq = site.state().seq;
    cursor.moveTo(readSeq);
  }

  function pause(): void {
    if (attempt === 0)
      log.warn("A partner does not take deliveries; it is tried again from time to time", { partner: name });
    paused = true;
    stopWaiting = clock.after(pauseMs(attempt++), "ocpi-delivery", () => {
      paused = false;
      run();
    });
  }

  async function deliverNext(object: string): Promise<boolean> {
    const seq = changed.get(object)!;
    changed.delete(object);
    const result = await options.deliver(object);
    if (result === "away") {
      // It keeps its place, whatever happened meanwhile.
      const others = [...changed].filter(([other]) => other !== object);
      changed.clear();
      changed.set(object, seq);
      for (const [other, otherSeq] of others) changed.set(other, otherSeq);
      return false;
    }
    if (attempt > 0) log.info("A partner takes deliveries again", { partner: name, attempts: attempt });
    attempt = 0;
    advance();
    if (options.isFinal(object)) cursor.save();
    return true;
  }

  async function work(): Promise<void> {
    for (;;) {
      if (closed) return;
      if (!options.wanted()) return skipAll();
      while (readOn()) await new Promise((resolve) => setImmediate(resolve));
      const [object] = changed.keys();
      if (object === undefined) return advance();
      if (!(await deliverNext(object))) return pause();
    }
  }

  function run(): void {
    if (running || paused || closed) return;
    running = true;
    work()
      .catch((error) => {
        log.error("Deliveries to a partner failed", { partner: name, error: String(error) });
        pause();
      })
      .finally(() => {
        running = false;
        // What was recorded while the last delivery was under way.
        if (!paused && !closed && site.state().seq > readSeq) run();
      });
  }

  const unsubscribe = site.subscribe(run);
  run();
  return {
    get pending() {
      return changed.size;
    },
    run() {
      stopWaiting();
      paused = false;
      run();
    },
    close() {
      closed = true;
      unsubscribe();
      stopWaiting();
      cursor.close();
    },
  };
}

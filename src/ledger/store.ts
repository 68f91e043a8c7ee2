/** The ledger behind the core's port: one writing thread, one reading connection. */
import { Worker } from "node:worker_threads";
import type Database from "better-sqlite3";
import type { Envelope } from "../core/facts/fact.ts";
import type { SiteFact } from "../core/facts/index.ts";
import type { Clock, Ledger, LedgerDamage, Log } from "../core/ports.ts";
import { type SiteState, STATE_VERSION } from "../core/state/state.ts";
import type { FactRow } from "./checksum.ts";
import { LedgerError, readErrorOf } from "./ledger-error.ts";
import { factOf, rowOf } from "./row.ts";
import { SNAPSHOT_EVERY_FACTS, SNAPSHOT_EVERY_MS } from "./snapshot.ts";
import { assertValidFact } from "./validate.ts";
import type { WriterAnswer, WriterData, WriterRequest } from "./writer-messages.ts";

const CLOSE_TIMEOUT_MS = 20_000;
/** Facts that wait for a stalled disk; beyond, an append is refused: memory is bounded. */
const WAITING_FACTS_MAX = 50_000;
/** The writer holds one batch at a time. */
const YOUNG_MB = 4;
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 60_000;

interface Waiting {
  readonly rows: readonly FactRow[];
  readonly resolve: () => void;
  readonly reject: (error: LedgerError) => void;
}

export interface StoreOptions {
  readonly path: string;
  /** Reading connection, owned by the store from here on. */
  readonly database: Database.Database;
  readonly lastSeq: number;
  readonly snapshotSeq: number;
  readonly log: Log;
  /** When something was found; the machine's clock without it. */
  readonly clock?: Pick<Clock, "wallMs">;
  /** Told when the writing thread died; it is started again after the pause, and nothing is lost. */
  readonly onCrash?: (error: unknown, pauseMs: number) => void;
  readonly release: () => void;
  readonly maxPages?: number;
  readonly checkpointPages?: number;
  /** A few old facts are looked at this often; each of them once a day without it. */
  readonly lookEveryMs?: number;
}

export class SqliteLedger implements Ledger {
  /** Last fact that is on disk. */
  lastSeq: number;
  /** What is wrong with facts that were recorded before, once a look at them has found it. */
  damage: LedgerDamage | undefined;
  readonly #options: StoreOptions;
  #worker: Worker | undefined;
  #restart: NodeJS.Timeout | undefined;
  #deaths = 0;
  /** Whether the thread has said where it begins: before that nothing is sent to it. */
  #ready = false;
  readonly #signal = new Int32Array(new SharedArrayBuffer(4));
  readonly #waiting = new Map<number, Waiting>();
  readonly #selectByKey: Database.Statement;
  readonly #selectAfter: Database.Statement;
  #nextId = 1;
  #acceptedSeq: number;
  #waitingFacts = 0;
  #closed = false;
  #snapshotSeq: number;
  #snapshotMs = Date.now();

  constructor(options: StoreOptions) {
    this.#options = options;
    this.lastSeq = options.lastSeq;
    this.#acceptedSeq = options.lastSeq;
    this.#snapshotSeq = options.snapshotSeq;
    this.#selectByKey = options.database.prepare("SELECT * FROM fact WHERE key = ? AND seq <= ?");
    this.#selectAfter = options.database.prepare("SELECT * FROM fact WHERE seq > ? AND seq <= ? ORDER BY seq LIMIT ?");
    this.#start();
  }

  #start(): void {
    const { path, maxPages, checkpointPages, lookEveryMs } = this.#options;
    const workerData: WriterData = {
      path,
      signal: this.#signal,
      ...(maxPages === undefined ? {} : { maxPages }),
      ...(checkpointPages === undefined ? {} : { checkpointPages }),
      ...(lookEveryMs === undefined ? {} : { lookEveryMs }),
    };
    const worker = new Worker(new URL("./writer.worker.ts", import.meta.url), {
      workerData,
      execArgv: [],
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB },
    });
    this.#worker = worker;
    worker.on("message", (answer: WriterAnswer) => this.#answered(answer));
    worker.on("error", (error) => this.#writerDied(worker, error));
    worker.on("exit", () => this.#writerDied(worker, "its thread ended"));
    if (this.#waiting.size === 0) worker.unref();
  }

  /** Resolves when the facts are on disk. Rejects with a {@link LedgerError}; nothing of the call is stored then. */
  append(facts: readonly SiteFact[]): Promise<void> {
    if (facts.length === 0) return Promise.resolve();
    try {
      this.#assertAppendable(facts);
      return this.#post(facts.map(rowOf));
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** Also finds a fact that waits for the disk: it must not be recorded twice. */
  findByKey(key: string): Envelope | undefined {
    for (const { rows } of this.#waiting.values()) {
      const row = rows.find((candidate) => candidate.key === key);
      if (row) return factOf(row);
    }
    return this.#reading(() => {
      const row = this.#selectByKey.get(key, this.lastSeq) as FactRow | undefined;
      return row && factOf(row);
    });
  }

  /** Only what is on the disk for good: a commit can be seen before it is synced. */
  read(afterSeq: number, limit: number): readonly Envelope[] {
    return this.#reading(() => (this.#selectAfter.all(afterSeq, this.lastSeq, limit) as FactRow[]).map(factOf));
  }

  /** After a clean stop a start does not look at every fact: damage can show as late as here. */
  #reading<T>(read: () => T): T {
    try {
      return read();
    } catch (error) {
      throw readErrorOf(this.#options.path, error);
    }
  }

  saveSnapshot(state: SiteState): void {
    if (this.#closed) return;
    this.#snapshotSeq = state.seq;
    this.#snapshotMs = Date.now();
    this.#send({ type: "snapshot", seq: state.seq, stateVersion: STATE_VERSION, state: JSON.stringify(state) });
  }

  /** Whether `saveSnapshot` is due: every 20,000 facts, or daily. To be asked after a tick that recorded something. */
  snapshotDue(seq: number): boolean {
    const facts = seq - this.#snapshotSeq;
    return facts >= SNAPSHOT_EVERY_FACTS || (facts > 0 && Date.now() - this.#snapshotMs >= SNAPSHOT_EVERY_MS);
  }

  /** Limits the size of the file, in pages of 4096 bytes; beyond it the disk counts as full. */
  limitPages(maxPages: number): void {
    this.#send({ type: "limit", maxPages });
  }

  /** Writes what waits, marks the ledger as cleanly stopped and gives the lock back. Blocks until it is done. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#options.database.close();
    clearTimeout(this.#restart);
    if (this.#worker) {
      // What is on disk already is refused by the thread: no fact is written twice.
      if (!this.#ready) for (const [id, { rows }] of this.#waiting) this.#send({ type: "append", id, rows });
      this.#send({ type: "close" });
      const done = Atomics.wait(this.#signal, 0, 0, CLOSE_TIMEOUT_MS);
      if (done === "timed-out") this.#options.log.error("The disk did not take the last facts within 20 s");
    } else if (this.#waitingFacts > 0) {
      this.#options.log.error("The last facts are lost: nothing writes them", { facts: this.#waitingFacts });
    }
    this.#options.release();
  }

  #assertAppendable(facts: readonly SiteFact[]): void {
    if (this.#closed) throw new LedgerError("closed", "The ledger is closed");
    if (this.#waitingFacts + facts.length > WAITING_FACTS_MAX) {
      throw new LedgerError("disk-error", `The disk stalls: ${this.#waitingFacts} facts wait for it already`);
    }
    const keys = new Set<string>();
    facts.forEach((fact, index) => {
      const expected = this.#acceptedSeq + 1 + index;
      if (fact.seq !== expected) {
        throw new LedgerError("out-of-order", `Fact ${fact.seq} \`${fact.type}\` came where ${expected} is next`);
      }
      assertValidFact(fact);
      if (fact.key === undefined) return;
      if (keys.has(fact.key) || this.findByKey(fact.key)) {
        throw new LedgerError("duplicate-key", `Fact ${fact.seq} \`${fact.type}\`: its key ${fact.key} is taken`);
      }
      keys.add(fact.key);
    });
  }

  #post(rows: readonly FactRow[]): Promise<void> {
    const id = this.#nextId++;
    this.#acceptedSeq += rows.length;
    this.#waitingFacts += rows.length;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { rows, resolve, reject });
      this.#worker?.ref();
      if (this.#ready) this.#send({ type: "append", id, rows });
    });
  }

  #send(request: WriterRequest): void {
    this.#worker?.postMessage(request);
  }

  #answered(answer: WriterAnswer): void {
    if ("warning" in answer) {
      this.#options.log.warn(answer.warning);
      return;
    }
    if ("damage" in answer) {
      this.#isDamaged(answer.damage);
      return;
    }
    if ("started" in answer) {
      this.#takeUp(answer.started);
      return;
    }
    const waiting = this.#waiting.get(answer.id);
    if (!waiting) return;
    this.#waiting.delete(answer.id);
    this.#waitingFacts -= waiting.rows.length;
    if (this.#waiting.size === 0) this.#worker?.unref();
    if (answer.kind === undefined) {
      this.lastSeq = waiting.rows.at(-1)!.seq;
      this.#deaths = 0;
      waiting.resolve();
      return;
    }
    // What was queued behind a refused call has a gap before it and is refused by the writer too, in order.
    if (this.#waiting.size === 0) this.#acceptedSeq = this.lastSeq;
    waiting.reject(new LedgerError(answer.kind, answer.message ?? ""));
  }

  #isDamaged(reason: string): void {
    if (this.damage) return;
    this.damage = { foundMs: this.#options.clock?.wallMs() ?? Date.now(), reason };
    this.#options.log.error("The ledger is damaged: stop wattledger and restore the last backup", { reason });
  }

  /** A thread goes on where the disk says that the one before ended: what waits is neither lost nor written twice. */
  #takeUp(onDiskSeq: number): void {
    this.#ready = true;
    for (const [id, { rows }] of this.#waiting) {
      if (rows.at(-1)!.seq <= onDiskSeq) this.#answered({ id });
      else this.#send({ type: "append", id, rows });
    }
  }

  #writerDied(worker: Worker, error: unknown): void {
    if (this.#closed || this.#worker !== worker) return;
    this.#worker = undefined;
    this.#ready = false;
    const pauseMs = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** this.#deaths++);
    this.#options.onCrash?.(error, pauseMs);
    this.#restart = setTimeout(() => this.#start(), pauseMs);
  }
}

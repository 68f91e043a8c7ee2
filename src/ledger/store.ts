/** The ledger behind the core's port: one writing thread, one reading connection. */
import { Worker } from "node:worker_threads";
import type Database from "better-sqlite3";
import type { Envelope } from "../core/fact.ts";
import type { SiteFact } from "../core/facts/index.ts";
import type { Ledger, Log } from "../core/ports.ts";
import type { SiteState } from "../core/state.ts";
import { LedgerError } from "./ledger-error.ts";
import { type FactRow, factOf, rowOf } from "./row.ts";
import { SNAPSHOT_EVERY_FACTS, SNAPSHOT_EVERY_MS } from "./snapshot.ts";
import { assertValidFact } from "./validate.ts";
import type { WriterAnswer, WriterData, WriterRequest } from "./writer-messages.ts";

const CLOSE_TIMEOUT_MS = 20_000;
/** Facts that wait for a stalled disk; beyond, an append is refused: memory is bounded. */
const WAITING_FACTS_MAX = 50_000;
/** The writer holds one batch at a time. */
const YOUNG_MB = 4;

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
  readonly release: () => void;
  readonly maxPages?: number;
  readonly checkpointPages?: number;
}

export class SqliteLedger implements Ledger {
  /** Last fact that is on disk. */
  lastSeq: number;
  readonly #options: StoreOptions;
  readonly #worker: Worker;
  readonly #signal = new Int32Array(new SharedArrayBuffer(4));
  readonly #waiting = new Map<number, Waiting>();
  readonly #selectByKey: Database.Statement;
  readonly #selectAfter: Database.Statement;
  #nextId = 1;
  #acceptedSeq: number;
  #waitingFacts = 0;
  #failed: LedgerError | undefined;
  #closed = false;
  #snapshotSeq: number;
  #snapshotMs = Date.now();

  constructor(options: StoreOptions) {
    this.#options = options;
    this.lastSeq = options.lastSeq;
    this.#acceptedSeq = options.lastSeq;
    this.#snapshotSeq = options.snapshotSeq;
    this.#selectByKey = options.database.prepare("SELECT * FROM fact WHERE key = ?");
    this.#selectAfter = options.database.prepare("SELECT * FROM fact WHERE seq > ? ORDER BY seq LIMIT ?");
    const workerData: WriterData = {
      path: options.path,
      signal: this.#signal,
      ...(options.maxPages === undefined ? {} : { maxPages: options.maxPages }),
      ...(options.checkpointPages === undefined ? {} : { checkpointPages: options.checkpointPages }),
    };
    this.#worker = new Worker(new URL("./writer.worker.ts", import.meta.url), {
      workerData,
      execArgv: [],
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB },
    });
    this.#worker.on("message", (answer: WriterAnswer) => this.#answered(answer));
    this.#worker.on("error", (error) => this.#writerDied(String(error)));
    this.#worker.on("exit", () => this.#writerDied("its thread ended"));
    this.#worker.unref();
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
    const row = this.#selectByKey.get(key) as FactRow | undefined;
    return row && factOf(row);
  }

  read(afterSeq: number, limit: number): readonly Envelope[] {
    return (this.#selectAfter.all(afterSeq, limit) as FactRow[]).map(factOf);
  }

  saveSnapshot(state: SiteState): void {
    if (this.#closed || this.#failed) return;
    this.#snapshotSeq = state.seq;
    this.#snapshotMs = Date.now();
    this.#send({ type: "snapshot", seq: state.seq, state: JSON.stringify(state) });
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
    if (!this.#failed) {
      this.#send({ type: "close" });
      const done = Atomics.wait(this.#signal, 0, 0, CLOSE_TIMEOUT_MS);
      if (done === "timed-out") this.#options.log.error("The disk did not take the last facts within 20 s");
    }
    this.#options.release();
  }

  #assertAppendable(facts: readonly SiteFact[]): void {
    if (this.#closed) throw new LedgerError("closed", "The ledger is closed");
    if (this.#failed) throw this.#failed;
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
      this.#worker.ref();
      this.#send({ type: "append", id, rows });
    });
  }

  #send(request: WriterRequest): void {
    this.#worker.postMessage(request);
  }

  #answered(answer: WriterAnswer): void {
    if ("warning" in answer) {
      this.#options.log.warn(answer.warning);
      return;
    }
    const waiting = this.#waiting.get(answer.id);
    if (!waiting) return;
    this.#waiting.delete(answer.id);
    this.#waitingFacts -= waiting.rows.length;
    if (this.#waiting.size === 0) this.#worker.unref();
    if (answer.kind === undefined) {
      this.lastSeq = waiting.rows.at(-1)!.seq;
      waiting.resolve();
      return;
    }
    // What was queued behind a refused call has a gap before it and is refused by the writer too, in order.
    if (this.#waiting.size === 0) this.#acceptedSeq = this.lastSeq;
    waiting.reject(new LedgerError(answer.kind, answer.message ?? ""));
  }

  #writerDied(detail: string): void {
    if (this.#closed || this.#failed) return;
    this.#failed = new LedgerError(
      "disk-error",
      `The ledger cannot be written any more: ${detail}. Restart wattledger`,
    );
    this.#options.log.error(this.#failed.message);
    for (const { reject } of this.#waiting.values()) reject(this.#failed);
    this.#waiting.clear();
  }
}

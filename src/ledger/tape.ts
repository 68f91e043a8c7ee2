/**
 * The tape: raw samples in a file beside the ledger, one compressed block a minute. Losing the last minute at a power
 * cut is accepted, so commits are not synced one by one; a damaged tape is set aside and never keeps a site dark.
 */
import { mkdirSync, renameSync } from "node:fs";
import Database from "better-sqlite3";
import type { Log, Tape } from "../core/ports.ts";
import { ledgerFiles } from "./schema.ts";
import { decodeBlock, encodeBlock, type TapeSample } from "./tape-codec.ts";

const BLOCK_MS = 60_000;
const BLOCK_SAMPLES_MAX = 1200;
const CHANNELS_MAX = 5000;
const DAY_MS = 86_400_000;
/** Few at a time: a clock that is years ahead for a minute must not erase the tape. */
const TRIMMED_PER_FLUSH = 8;
const TABLE = `CREATE TABLE IF NOT EXISTS block (
  start_ms INTEGER PRIMARY KEY, end_ms INTEGER NOT NULL, samples INTEGER NOT NULL, data BLOB NOT NULL
) STRICT`;

function connect(path: string): Database.Database {
  const database = new Database(path);
  try {
    database.pragma("journal_mode = WAL");
    database.pragma("synchronous = NORMAL");
    database.pragma("journal_size_limit = 4194304");
    database.exec(TABLE);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

function connectOrStartAnew(path: string, log: Log): Database.Database {
  try {
    return connect(path);
  } catch (error) {
    const aside = `${path}.damaged-${Date.now()}`;
    log.error("The tape of raw samples was damaged; a new one was started", { aside, reason: String(error) });
    renameSync(path, aside);
    return connect(path);
  }
}

class SqliteTape implements Tape {
  readonly #database: Database.Database;
  readonly #log: Log;
  readonly #keepMs: number;
  #samples: TapeSample[] = [];
  #warned = false;

  constructor(database: Database.Database, keepDays: number, log: Log) {
    this.#database = database;
    this.#keepMs = keepDays * DAY_MS;
    this.#log = log;
  }

  write(atMs: number, monoMs: number, samples: Readonly<Record<string, number>>): void {
    const entries = Object.entries(samples).slice(0, CHANNELS_MAX);
    const values = Object.fromEntries(entries.filter(([, value]) => Number.isSafeInteger(value)));
    if (Object.keys(values).length < entries.length) this.#warnOnce("A sample that is no integer was left out");
    const first = this.#samples[0];
    if (first && (monoMs - first.monoMs >= BLOCK_MS || this.#samples.length >= BLOCK_SAMPLES_MAX)) this.flush();
    this.#samples.push({ atMs, monoMs, values });
  }

  flush(): void {
    const samples = this.#samples;
    if (samples.length === 0) return;
    this.#samples = [];
    try {
      this.#store(samples);
    } catch (error) {
      this.#warnOnce(`A minute of raw samples was not kept: ${String(error)}`);
    }
  }

  close(): void {
    this.flush();
    this.#database.close();
  }

  #store(samples: readonly TapeSample[]): void {
    const times = samples.map((sample) => Math.round(sample.atMs));
    const startMs = Math.min(...times);
    const data = encodeBlock(samples);
    this.#database.transaction(() => {
      // After a clock that stepped back the same millisecond may be taken.
      let key = startMs;
      const taken = this.#database.prepare("SELECT 1 FROM block WHERE start_ms = ?");
      while (taken.get(key)) key++;
      const insert = this.#database.prepare("INSERT INTO block (start_ms, end_ms, samples, data) VALUES (?, ?, ?, ?)");
      insert.run(key, Math.max(...times), samples.length, data);
      const trim = "DELETE FROM block WHERE start_ms IN (SELECT start_ms FROM block WHERE start_ms < ? LIMIT ?)";
      this.#database.prepare(trim).run(startMs - this.#keepMs, TRIMMED_PER_FLUSH);
    })();
  }

  #warnOnce(message: string): void {
    if (!this.#warned) this.#log.warn(message);
    this.#warned = true;
  }
}

/** Opens (or creates) the tape in the ledger's directory; blocks older than `keepDays` are trimmed. */
export function openTape(options: { directory: string; keepDays: number; log: Log }): Tape {
  mkdirSync(options.directory, { recursive: true, mode: 0o750 });
  const database = connectOrStartAnew(ledgerFiles(options.directory).tape, options.log);
  return new SqliteTape(database, options.keepDays, options.log);
}

/** Samples of `directory` with `fromMs <= atMs < toMs`, oldest block first, one block in memory at a time. */
export function* readTape(directory: string, fromMs: number, toMs: number): Generator<TapeSample> {
  const database = new Database(ledgerFiles(directory).tape, { readonly: true, fileMustExist: true });
  try {
    const next = database.prepare(
      "SELECT start_ms, data FROM block WHERE start_ms > ? AND start_ms < ? AND end_ms >= ? ORDER BY start_ms LIMIT 1",
    );
    let after = -1;
    for (;;) {
      const block = next.get(after, toMs, fromMs) as { start_ms: number; data: Buffer } | undefined;
      if (!block) return;
      after = block.start_ms;
      yield* decodeBlock(block.data).filter((sample) => sample.atMs >= fromMs && sample.atMs < toMs);
    }
  } finally {
    database.close();
  }
}

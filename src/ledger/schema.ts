/** The files of the ledger, its tables, and the pragmas that make an acknowledged fact survive a power cut. */
import {
  closeSync,
  constants,
  existsSync,
  fdatasyncSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  statSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { LedgerError } from "./ledger-error.ts";

/**
 * Format of the file, in `user_version`. Raise it when an older release could no longer read the tables; the writer raises
 * it in an older file. 1: all facts as JSON. 2: large ones are packed.
 */
export const LEDGER_FORMAT = 2;
const BUSY_TIMEOUT_MS = 5000;
const PAGE_BYTES = 4096;
/** Pages in the write-ahead log after which it is folded into the file. */
export const CHECKPOINT_PAGES = 500;
/** A log goes over its mark by the commit that reaches it. */
const SPARE_PAGES = 50;
const FRAME_HEADER_BYTES = 24;
const ZEROS = Buffer.alloc(65_536);
const JOURNAL_SIZE_LIMIT_BYTES = 8 * 1024 * 1024;

export interface LedgerFiles {
  readonly events: string;
  readonly wal: string;
  /** There only while the ledger is created. */
  readonly journal: string;
  readonly lock: string;
}

/** Paths of the files in a data directory. */
export function ledgerFiles(directory: string): LedgerFiles {
  const events = join(directory, "events.db");
  return { events, wal: `${events}-wal`, journal: `${events}-journal`, lock: join(directory, "writer.lock") };
}

const TABLES = `
  CREATE TABLE fact (
    seq INTEGER PRIMARY KEY,
    at_ms REAL NOT NULL,
    mono_ms REAL NOT NULL,
    wall_trusted INTEGER NOT NULL,
    boot TEXT NOT NULL,
    type TEXT NOT NULL,
    version INTEGER NOT NULL,
    source TEXT NOT NULL,
    cause INTEGER,
    key TEXT,
    data TEXT NOT NULL,
    crc INTEGER NOT NULL
  ) STRICT;
  CREATE UNIQUE INDEX fact_key ON fact (key) WHERE key IS NOT NULL;
  CREATE TABLE snapshot (
    seq INTEGER PRIMARY KEY,
    state_version INTEGER NOT NULL,
    saved_ms REAL NOT NULL,
    state BLOB NOT NULL
  ) STRICT;
  CREATE TABLE note (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
`;

/** Takes a `FactRow`. It stands here so that the writing thread loads no schema of facts. */
export const INSERT_FACT = `INSERT INTO fact
  (seq, at_ms, mono_ms, wall_trusted, boot, type, version, source, cause, key, data, crc)
  VALUES (:seq, :at_ms, :mono_ms, :wall_trusted, :boot, :type, :version, :source, :cause, :key, :data, :crc)`;

/** Of the file that a connection keeps in memory, KiB: better-sqlite3 takes 16 MB, full after a day of looking at facts. */
const CACHE_KIB = 1_024;

/** Bounds what a connection that stays open keeps in memory. */
export function boundCache(database: Database.Database): void {
  database.pragma(`cache_size = -${CACHE_KIB}`);
}

/**
 * Sets what has to be set on every connection that writes. better-sqlite3 falls back to NORMAL in WAL mode after the
 * first write unless FULL is asked for, and NORMAL alone loses acknowledged commits at a power cut.
 */
export function applyPragmas(database: Database.Database, checkpointPages = CHECKPOINT_PAGES): void {
  database.pragma(`busy_timeout = ${BUSY_TIMEOUT_MS}`);
  boundCache(database);
  database.pragma(`page_size = ${PAGE_BYTES}`);
  database.pragma("journal_mode = WAL");
  database.pragma("synchronous = FULL");
  database.pragma(`wal_autocheckpoint = ${checkpointPages}`);
  database.pragma(`journal_size_limit = ${JOURNAL_SIZE_LIMIT_BYTES}`);
}

/**
 * Gives an empty write-ahead log its room on the disk: a log that grows with each commit costs a card twice as much as
 * one that is overwritten. To SQLite, zeros are a log with nothing in it.
 */
export function reserveLog(wal: string, checkpointPages = CHECKPOINT_PAGES): void {
  if (existsSync(wal) && statSync(wal).size > 0) return;
  const bytes = (checkpointPages + SPARE_PAGES) * (PAGE_BYTES + FRAME_HEADER_BYTES);
  const descriptor = openSync(wal, constants.O_RDWR | constants.O_CREAT, 0o640);
  try {
    for (let at = 0; at < bytes; at += ZEROS.length) writeSync(descriptor, ZEROS, 0, ZEROS.length, at);
    fsyncSync(descriptor);
  } catch (error) {
    ftruncateSync(descriptor, 0);
    throw error;
  } finally {
    closeSync(descriptor);
  }
}

/** Waits until everything committed is on the disk: what a thread that died may not have come to sync. */
export function syncLog(wal: string): void {
  const descriptor = openSync(wal, "r");
  try {
    fdatasyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** Throws unless the file stays whole at a power cut. To be called after the first write, when it is decided. */
export function assertDurable(database: Database.Database): void {
  const synchronous = database.pragma("synchronous", { simple: true }) as number;
  const journal = database.pragma("journal_mode", { simple: true });
  if (synchronous >= 1 && journal === "wal") return;
  throw new LedgerError("disk-error", `The ledger is not durable: synchronous=${synchronous}, journal_mode=${journal}`);
}

/** Creates the tables in a new file. */
export function createTables(database: Database.Database): void {
  database.transaction(() => {
    database.exec(TABLES);
    database.pragma(`user_version = ${LEDGER_FORMAT}`);
  })();
}

/** Throws when the file is of a newer release, or no ledger. Returns false for a file without tables; older ones are read as they are. */
export function checkFormat(database: Database.Database): boolean {
  const format = database.pragma("user_version", { simple: true }) as number;
  if (format > LEDGER_FORMAT) {
    throw new LedgerError(
      "newer-release",
      `The ledger ${database.name} was written by a newer release of wattledger (format ${format}, this release ` +
        `reads up to ${LEDGER_FORMAT}). Nothing was changed. Install the newer release, or restore a backup that was ` +
        "made with this one.",
    );
  }
  if (format > 0) return true;
  const tables = database.prepare("SELECT count(*) AS n FROM sqlite_master").get() as { n: number };
  if (tables.n > 0) throw new LedgerError("not-a-ledger", `${database.name} is a database, but not of wattledger.`);
  return false;
}

/** Opens an existing ledger for reading only, beside a running writer. Throws a {@link LedgerError}. */
export function openForReading(path: string): Database.Database {
  const database = new Database(path, { readonly: true, fileMustExist: true });
  try {
    database.pragma(`busy_timeout = ${BUSY_TIMEOUT_MS}`);
    if (!checkFormat(database)) throw new LedgerError("not-a-ledger", `${path} holds no ledger.`);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** Makes a rename or a new file in a directory (or a file's content) survive a power cut. */
export function syncPath(path: string): void {
  const descriptor = openSync(path, "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

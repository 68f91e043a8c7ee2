/** Opening the ledger: lock, check, fold. A start after a year takes seconds because of the snapshot. */
import { accessSync, constants, existsSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import Database from "better-sqlite3";
import type { SiteFact } from "../core/facts/index.ts";
import { FACT_DECLARATIONS } from "../core/facts/index.ts";
import type { Clock, Log } from "../core/ports.ts";
import { evolve, type SiteState } from "../core/state/state.ts";
import type { FactRow } from "./checksum.ts";
import { damagedError, LedgerError, ledgerErrorOf } from "./ledger-error.ts";
import { makeDirectory } from "./make-directory.ts";
import { factOf } from "./row.ts";
import {
  applyPragmas,
  boundCache,
  checkFormat,
  createTables,
  type LedgerFiles,
  ledgerFiles,
  reserveLog,
  syncPath,
} from "./schema.ts";
import { loadSnapshot } from "./snapshot.ts";
import { giveUpSpare, spare } from "./spare-room.ts";
import { SqliteLedger } from "./store.ts";
import { newerFactError } from "./upcast.ts";
import { findWalDamage } from "./wal-check.ts";
import { takeWriterLock } from "./writer-lock.ts";

export interface OpenedLedger {
  readonly ledger: SqliteLedger;
  /** Snapshot and the facts since, folded. */
  readonly state: SiteState;
  /** The fact that the snapshot was taken after; 0 without one. */
  readonly snapshotSeq: number;
  /** Whether the process before closed the ledger; true for a new one. */
  readonly cleanStop: boolean;
}

export interface OpenLedgerOptions {
  readonly directory: string;
  readonly log: Log;
  /** When something was found; the machine's clock without it. */
  readonly clock?: Pick<Clock, "wallMs">;
  /** Told when the writing thread died; it is started again after the pause, ms, and nothing is lost. */
  readonly onCrash?: (error: unknown, pauseMs: number) => void;
  /** Largest size of the file in pages of 4096 bytes. */
  readonly maxPages?: number;
  /** Pages in the write-ahead log after which it is folded into the file. */
  readonly checkpointPages?: number;
  /** A few old facts are looked at this often; each of them once a day without it. */
  readonly lookEveryMs?: number;
}

function isClean(database: Database.Database): boolean {
  const row = database.prepare("SELECT value FROM note WHERE name = 'clean'").get() as { value: string } | undefined;
  return row?.value === "yes";
}

/** Throws `damaged` when the file's structure is broken, or when facts are missing between the first and the last. */
export function assertSound(database: Database.Database): void {
  const found = database.pragma("quick_check(1)", { simple: true });
  if (found !== "ok") throw damagedError(database.name, String(found));
  const facts = database.prepare("SELECT count(*) AS n, max(seq) AS last FROM fact").get() as {
    n: number;
    last: number | null;
  };
  if (facts.n !== (facts.last ?? 0)) {
    throw damagedError(database.name, `${(facts.last ?? 0) - facts.n} facts are missing`);
  }
}

function assertVersionsKnown(database: Database.Database): void {
  const notes = database.prepare("SELECT name, value FROM note WHERE name LIKE 'version:%'").all() as {
    name: string;
    value: string;
  }[];
  for (const note of notes) {
    const type = note.name.slice("version:".length);
    const known = FACT_DECLARATIONS.get(type)?.version;
    if (known !== undefined && Number(note.value) > known) throw newerFactError(type, Number(note.value), known);
  }
}

/** Folds the facts after `state` into it. Throws `damaged` at a gap or a wrong checksum. */
export function foldFrom(database: Database.Database, state: SiteState): SiteState {
  let folded = state;
  const rows = database.prepare("SELECT * FROM fact WHERE seq > ? ORDER BY seq").iterate(state.seq);
  for (const row of rows as IterableIterator<FactRow>) {
    if (row.seq !== folded.seq + 1) throw damagedError(database.name, `fact ${folded.seq + 1} is missing`);
    folded = evolve(folded, factOf(row) as SiteFact);
  }
  return folded;
}

/** Whether there is a ledger in the file already. Looks without changing anything; throws when it is none of ours. */
function holdsLedger(files: LedgerFiles): boolean {
  // A rollback journal is left only by a crash while the ledger was created.
  if (!existsSync(files.events) || existsSync(files.journal)) return false;
  const database = new Database(files.events, { readonly: true });
  try {
    return checkFormat(database);
  } finally {
    database.close();
  }
}

function create({ events }: LedgerFiles, directory: string): void {
  const database = new Database(events);
  try {
    applyPragmas(database);
    if (!checkFormat(database)) createTables(database);
  } finally {
    database.close();
  }
  for (const path of [directory, dirname(directory)]) syncPath(path);
}

/** Reserves room for the log; without it the site runs as well. */
function reserveOrWarn(wal: string, { log, checkpointPages }: OpenLedgerOptions): void {
  try {
    reserveLog(wal, checkpointPages);
  } catch (error) {
    log.warn("There is no room to reserve for the ledger", { reason: ledgerErrorOf(error).message });
  }
}

/** Of a depot's year it takes a Pi minutes: whoever waits for the site has to know why. */
function lookAtAll(database: Database.Database, { events }: LedgerFiles, log: Log): void {
  const megabytes = Math.round(statSync(events).size / 1e6);
  log.info("It was not stopped in order: every page of the ledger is looked at before the site starts", { megabytes });
  assertSound(database);
}

/** Everything that can be wrong is found by a connection that only reads: what is refused is not touched. */
function open(options: OpenLedgerOptions, files: LedgerFiles, release: () => void): OpenedLedger {
  const created = !holdsLedger(files);
  if (created) create(files, options.directory);
  reserveOrWarn(files.wal, options);
  const database = new Database(files.events, { readonly: true });
  try {
    boundCache(database);
    const cleanStop = created || isClean(database);
    if (!cleanStop) lookAtAll(database, files, options.log);
    assertVersionsKnown(database);
    const snapshot = loadSnapshot(database);
    const state = foldFrom(database, snapshot);
    const last = database.prepare("SELECT max(seq) AS seq FROM fact").get() as { seq: number | null };
    if ((last.seq ?? 0) !== state.seq) throw damagedError(database.name, "its last facts are missing");
    const ledger = new SqliteLedger({
      path: files.events,
      database,
      lastSeq: state.seq,
      snapshotSeq: snapshot.seq,
      log: options.log,
      release,
      ...(options.clock === undefined ? {} : { clock: options.clock }),
      ...(options.onCrash === undefined ? {} : { onCrash: options.onCrash }),
      ...(options.maxPages === undefined ? {} : { maxPages: options.maxPages }),
      ...(options.checkpointPages === undefined ? {} : { checkpointPages: options.checkpointPages }),
      ...(options.lookEveryMs === undefined ? {} : { lookEveryMs: options.lookEveryMs }),
    });
    return { ledger, state, snapshotSeq: snapshot.seq, cleanStop };
  } catch (error) {
    database.close();
    throw error;
  }
}

function openOnce(options: OpenLedgerOptions, directory: string): OpenedLedger {
  const files = ledgerFiles(directory);
  let release: (() => void) | undefined;
  try {
    makeDirectory(directory);
    accessSync(directory, constants.W_OK);
    release = takeWriterLock(files.lock);
    const walDamage = findWalDamage(files.wal);
    if (walDamage) throw damagedError(files.events, walDamage);
    // What a killed process wrote is read again now; the site must not act on what a power cut could still take back.
    if (existsSync(files.wal)) syncPath(files.wal);
    return open({ ...options, directory }, files, release);
  } catch (error) {
    release?.();
    const refusal = ledgerErrorOf(error);
    const isPlain = refusal.kind === "damaged" && !refusal.message.includes(files.events);
    throw isPlain ? damagedError(files.events, refusal.message.replace(/\.$/, "")) : refusal;
  }
}

/**
 * Opens (or creates) the ledger of a site. Throws a {@link LedgerError}: `in-use`, `newer-release`, `damaged`,
 * `disk-full`, `disk-read-only`, each with what to do. A site starts on a full disk too: there is a spare for it.
 */
export function openLedger(options: OpenLedgerOptions): OpenedLedger {
  const directory = resolve(options.directory);
  let opened: OpenedLedger;
  try {
    opened = openOnce(options, directory);
  } catch (error) {
    if (!(error instanceof LedgerError && error.kind === "disk-full" && giveUpSpare(directory))) throw error;
    options.log.error("The disk is full; the site starts on what was spared for that", { reason: error.message });
    return openOnce(options, directory);
  }
  spare(directory);
  return opened;
}

/** Backup of a running ledger and restore of a backup, both verified to the last fact before they count. */
import { copyFileSync, existsSync, renameSync, rmSync } from "node:fs";
import { dirname, resolve } from "node:path";
import Database from "better-sqlite3";
import { initialState } from "../core/state/state.ts";
import { LedgerError, ledgerErrorOf } from "./ledger-error.ts";
import { makeDirectory } from "./make-directory.ts";
import { assertSound, foldFrom } from "./open.ts";
import { checkFormat, ledgerFiles, openForReading, syncPath } from "./schema.ts";
import { takeWriterLock } from "./writer-lock.ts";

export interface VerifiedLedger {
  readonly lastSeq: number;
  /** Wall clock of the last fact, epoch ms; missing in an empty ledger. */
  readonly lastMs?: number;
}

/** Checks structure, every checksum and the gapless sequence, and folds it. Throws a {@link LedgerError}. */
export function verifyLedger(path: string): VerifiedLedger {
  const database = openForReading(path);
  try {
    assertSound(database);
    const { seq } = foldFrom(database, initialState());
    const last = database.prepare("SELECT at_ms FROM fact WHERE seq = ?").pluck().get(seq) as number | undefined;
    return { lastSeq: seq, ...(last === undefined ? {} : { lastMs: last }) };
  } finally {
    database.close();
  }
}

function lastSeqOf(database: Database.Database): number {
  return (database.prepare("SELECT max(seq) FROM fact").pluck().get() as number | null) ?? 0;
}

/** A copy has no log beside it and nobody writes it: it counts as cleanly stopped. */
function markClean(path: string): void {
  const database = new Database(path);
  try {
    if (checkFormat(database)) database.exec("INSERT OR REPLACE INTO note (name, value) VALUES ('clean', 'yes')");
  } finally {
    database.close();
  }
}

/**
 * Copies the ledger in `directory` to the new file `file` while wattledger runs, and verifies the copy. Throws a
 * {@link LedgerError}; the file exists only when the backup is good.
 */
export function backupLedger(directory: string, file: string): VerifiedLedger {
  const target = resolve(file);
  if (existsSync(target)) throw new LedgerError("disk-error", `${target} exists already; a backup overwrites nothing.`);
  const partial = `${target}.partial`;
  rmSync(partial, { force: true });
  try {
    const source = openForReading(ledgerFiles(directory).events);
    const before = lastSeqOf(source);
    try {
      source.prepare("VACUUM INTO ?").run(partial);
    } finally {
      source.close();
    }
    markClean(partial);
    syncPath(partial);
    const verified = verifyLedger(partial);
    if (verified.lastSeq < before) throw new LedgerError("damaged", "The copy lacks the last facts of the ledger.");
    renameSync(partial, target);
    syncPath(dirname(target));
    return verified;
  } catch (error) {
    rmSync(partial, { force: true });
    throw ledgerErrorOf(error);
  }
}

export interface Restored extends VerifiedLedger {
  /** Where the ledger that was there before went; missing when there was none. */
  readonly setAside?: string;
}

function setAside(directory: string): string | undefined {
  const { events } = ledgerFiles(directory);
  const aside = `${events}.before-restore-${Date.now()}`;
  for (const suffix of ["-wal", "-shm", ""]) {
    if (existsSync(events + suffix)) renameSync(events + suffix, aside + suffix);
  }
  return existsSync(aside) ? aside : undefined;
}

/** Throws, and leaves nothing behind, when the copy is not good. */
function copyVerified(file: string, copy: string): VerifiedLedger {
  if (!existsSync(file)) throw new LedgerError("not-a-ledger", `There is no backup ${file}`);
  try {
    copyFileSync(file, copy);
    const verified = verifyLedger(copy);
    syncPath(copy);
    return verified;
  } catch (error) {
    rmSync(copy, { force: true });
    throw error;
  } finally {
    for (const suffix of ["-wal", "-shm"]) rmSync(copy + suffix, { force: true });
  }
}

/**
 * Puts the backup `file` in the place of the ledger in `directory`, after verifying it; the old ledger is kept beside
 * it. Throws `in-use` while wattledger runs there.
 */
export function restoreLedger(file: string, directory: string): Restored {
  try {
    const { events, lock } = ledgerFiles(directory);
    makeDirectory(directory);
    const release = takeWriterLock(lock);
    try {
      const partial = `${events}.partial`;
      const verified = copyVerified(file, partial);
      const aside = setAside(directory);
      renameSync(partial, events);
      syncPath(directory);
      return { ...verified, ...(aside === undefined ? {} : { setAside: aside }) };
    } finally {
      release();
    }
  } catch (error) {
    throw ledgerErrorOf(error);
  }
}

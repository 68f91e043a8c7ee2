/**
 * One writer at a time: an exclusive lock on a file of its own, by the operating system, so that it ends with the
 * process, however that dies. SQLite takes it for us (Node has no file locks); the file stays empty.
 */
import Database from "better-sqlite3";
import { LedgerError } from "./ledger-error.ts";

/** Takes the lock and returns the function that gives it back. Throws `in-use` when another process holds it. */
export function takeWriterLock(path: string): () => void {
  const database = new Database(path, { timeout: 0 });
  try {
    // No journal: the lock is taken on a full disk too.
    database.pragma("journal_mode = MEMORY");
    database.exec("BEGIN EXCLUSIVE");
  } catch (error) {
    database.close();
    if (!String((error as { code?: unknown }).code).startsWith("SQLITE_BUSY")) throw error;
    throw new LedgerError(
      "in-use",
      `Another wattledger already writes the ledger beside ${path}. One site has one writer: stop the other one ` +
        "(`systemctl stop wattledger`), or give this one a ledger directory of its own.",
    );
  }
  return () => database.close();
}

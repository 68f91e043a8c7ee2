/** The thread that writes facts: a slow card holds up this thread, never the guard. */
import { flushCompileCache } from "node:module";
import { parentPort, workerData } from "node:worker_threads";
import Database from "better-sqlite3";
import type { FactRow } from "./checksum.ts";
import { LedgerError, ledgerErrorOf } from "./ledger-error.ts";
import { packed } from "./packing.ts";
import { LOOK_EVERY_MS, Patrol } from "./patrol.ts";
import { applyPragmas, assertDurable, CHECKPOINT_PAGES, INSERT_FACT, LEDGER_FORMAT, syncLog } from "./schema.ts";
import { type StateSnapshot, storeSnapshot } from "./store-snapshot.ts";
import type { WriterData, WriterRequest } from "./writer-messages.ts";

const { path, maxPages, checkpointPages, lookEveryMs = LOOK_EVERY_MS, signal } = workerData as WriterData;
const port = parentPort!;
const database = new Database(path);
applyPragmas(database, checkpointPages);
// Checkpoints are made below, where it is known that the next commit begins the log anew.
database.pragma("wal_autocheckpoint = 0");
if (maxPages !== undefined) database.pragma(`max_page_count = ${maxPages}`);
const insert = database.prepare(INSERT_FACT);
const note = database.prepare("INSERT OR REPLACE INTO note (name, value) VALUES (?, ?)");
const notedVersions = new Set<string>();
const removeAfter = database.prepare("DELETE FROM fact WHERE seq > ?");
const lastFact = database.prepare("SELECT max(seq) AS seq FROM fact").pluck();
/** A log that is so many times as long as it should be cannot be folded in: somebody reads what lies before it. */
const FAR_TOO_LONG = 8;
const PAGE_BYTES = 4096;
let saidLong = false;
let saidUnfolded = false;
let lastSeq = (lastFact.get() as number | null) ?? 0;
let durable = false;
/** A sync failed: the kernel may take for written what is not, and not try it again. */
let doubtful = false;

/**
 * Behind the last commit a crash may have left frames of this very log. Were it continued, a later torn commit before
 * them would look like damage: so the first commit of each start begins the log anew, under a mark of its own.
 */
function beginLogAnew(): void {
  try {
    database.pragma("wal_checkpoint(RESTART)");
  } catch (error) {
    notFolded(error);
  }
}

/** Said once until it is folded in again: a full disk says so with each commit. */
function notFolded(error: unknown): void {
  if (!saidUnfolded)
    port.postMessage({ warning: `The ledger's log was not folded in: ${ledgerErrorOf(error).message}` });
  saidUnfolded = true;
}

/** Writes down that the ledger is open, so that a crash is known. */
function markOpen(): void {
  try {
    note.run("clean", "no");
  } catch (error) {
    port.postMessage({ warning: `The ledger takes nothing yet: ${ledgerErrorOf(error).message}` });
  }
}

const write = database.transaction((rows: readonly FactRow[]) => {
  // Committed, but refused because it could not be synced: nobody was promised these.
  removeAfter.run(lastSeq);
  // With its first fact of ours: a release that cannot read it must refuse the file.
  if (!durable) database.pragma(`user_version = ${LEDGER_FORMAT}`);
  for (const row of rows) {
    insert.run(packed(row));
    if (!notedVersions.has(row.type)) note.run(`version:${row.type}`, String(row.version));
  }
});

/** Everything committed is on the disk when this returns. */
function sync(): void {
  try {
    syncLog(`${path}-wal`);
  } catch (error) {
    doubtful = true;
    throw error;
  }
}

/** Writes what the log holds to the file again, page by page: the log itself cannot be relied on. */
function leaveDoubtfulLog(): void {
  const [result] = database.pragma("wal_checkpoint(RESTART)") as { busy: number }[];
  if (result?.busy !== 0) throw new LedgerError("disk-error", "The disk failed, and the ledger is being read: wait");
  doubtful = false;
  syncBySqlite(true);
}

/**
 * SQLite itself syncs the header of a log that begins anew before the commit behind it. All other commits need the
 * `fdatasync` of {@link sync} only: an fsync would write, by the journal, when the file was changed last, a third more.
 */
function syncBySqlite(on: boolean): void {
  database.pragma(`synchronous = ${on ? "FULL" : "NORMAL"}`);
}

function isRead(pages: number): string {
  const megabytes = Math.round((pages * PAGE_BYTES) / 1e6);
  return (
    `A program reads the ledger without an end, so that its log grows (${megabytes} MB by now). Nothing is lost, but the ` +
    "disk will be full one day: end what has events.db open beside wattledger (`fuser events.db` names it)"
  );
}

/** Folds a long log into the file. The commit after that begins the log anew. */
function tendLog(): void {
  try {
    const [state] = database.pragma("wal_checkpoint(NOOP)") as { log: number }[];
    const pages = state?.log ?? 0;
    const mostPages = checkpointPages ?? CHECKPOINT_PAGES;
    const isLong = pages >= mostPages;
    if (isLong) database.pragma("wal_checkpoint(PASSIVE)");
    saidUnfolded = false;
    syncBySqlite(isLong);
    if (pages >= mostPages * FAR_TOO_LONG && !saidLong) port.postMessage({ warning: isRead(pages) });
    saidLong = isLong && (saidLong || pages >= mostPages * FAR_TOO_LONG);
  } catch (error) {
    syncBySqlite(true);
    notFolded(error);
  }
}

function append(id: number, rows: readonly FactRow[]): void {
  try {
    // Behind a refused call, what waits in the queue would leave a gap.
    if (rows[0]?.seq !== lastSeq + 1) throw new LedgerError("out-of-order", `Fact ${lastSeq + 1} was not recorded`);
    if (doubtful) leaveDoubtfulLog();
    write.immediate(rows);
    sync();
    lastSeq += rows.length;
    if (!durable) assertDurable(database);
    durable = true;
    for (const row of rows) notedVersions.add(row.type);
    port.postMessage({ id });
    tendLog();
  } catch (error) {
    const { kind, message } = ledgerErrorOf(error);
    port.postMessage({ id, kind, message });
  }
}

function store(snapshot: StateSnapshot): void {
  // A state ahead of the disk (its facts were refused) must not outlive the process.
  if (snapshot.seq > lastSeq) return;
  try {
    storeSnapshot(database, snapshot);
    // Behind a commit that is not synced no other one may follow.
    sync();
  } catch (error) {
    port.postMessage({ warning: `No snapshot was saved: ${ledgerErrorOf(error).message}` });
  }
}

const patrol = new Patrol(database, lastSeq);
const looks = setInterval(() => {
  const damage = patrol.look(lastSeq);
  if (damage === undefined) return;
  // Said once: a page that cannot be read takes long each time.
  clearInterval(looks);
  port.postMessage({ damage });
}, lookEveryMs);

function close(): void {
  clearInterval(looks);
  try {
    database.transaction(() => {
      removeAfter.run(lastSeq);
      note.run("clean", "yes");
    })();
  } catch {
    // The next start checks the file; that is all that is lost.
  }
  database.close();
  Atomics.store(signal, 0, 1);
  Atomics.notify(signal, 0);
  port.close();
}

beginLogAnew();
markOpen();
// A thread before this one may have committed what it did not come to sync.
sync();
port.on("message", (request: WriterRequest) => {
  if (request.type === "append") append(request.id, request.rows);
  else if (request.type === "snapshot") store(request);
  else if (request.type === "limit") database.pragma(`max_page_count = ${request.maxPages}`);
  else close();
});
port.postMessage({ started: lastSeq });
// The next start reads this program compiled, also when this one ends at a power cut.
flushCompileCache();

import { dirname } from "node:path";

/** Why the ledger refused: a value to decide on (`kind`) and a message for a person. */
export type LedgerErrorKind =
  | "in-use"
  | "newer-release"
  | "damaged"
  | "not-a-ledger"
  | "disk-full"
  | "disk-read-only"
  | "disk-error"
  | "invalid-fact"
  | "duplicate-key"
  | "out-of-order"
  | "closed";

/** Refusal of the ledger. Nothing was stored by the call that is rejected with it. */
export class LedgerError extends Error {
  readonly kind: LedgerErrorKind;

  constructor(kind: LedgerErrorKind, message: string) {
    super(message);
    this.name = "LedgerError";
    this.kind = kind;
  }
}

const KIND_BY_CODE: readonly (readonly [prefix: string, kind: LedgerErrorKind, message: string])[] = [
  ["SQLITE_FULL", "disk-full", "The disk is full: facts cannot be recorded. Free space on the data partition"],
  [
    "SQLITE_IOERR_SHMSIZE",
    "disk-full",
    "The disk is full: there is no room to open the ledger. Free space on the data partition",
  ],
  ["SQLITE_READONLY", "disk-read-only", "The data directory cannot be written: check its owner and the file system"],
  ["SQLITE_CORRUPT", "damaged", "its structure is broken: stop wattledger and run `wattledger restore`"],
  ["SQLITE_NOTADB", "damaged", "its structure is broken: stop wattledger and run `wattledger restore`"],
  ["SQLITE_CONSTRAINT_UNIQUE", "duplicate-key", "A fact with this idempotency key is already in the ledger"],
  ["SQLITE_CONSTRAINT_PRIMARYKEY", "out-of-order", "A fact with this sequence number is already in the ledger"],
  ["SQLITE_CONSTRAINT", "invalid-fact", "The ledger's table does not take this fact"],
  ["SQLITE_BUSY", "in-use", "Another process uses this ledger"],
  ["ENOSPC", "disk-full", "The disk is full: facts cannot be recorded. Free space on the data partition"],
  ["EDQUOT", "disk-full", "The disk quota is used up: facts cannot be recorded. Free space on the data partition"],
  ["EROFS", "disk-read-only", "The file system is read-only: often the card is worn out. Look at `dmesg`, replace it"],
  ["EACCES", "disk-read-only", "The data directory cannot be written: check its owner"],
  ["EPERM", "disk-read-only", "The data directory cannot be written: check its owner"],
  [
    "ENOENT",
    "disk-error",
    "The data directory cannot be made: check its path; a disk that it is on may not be mounted",
  ],
  ["ENOTDIR", "disk-error", "The data directory cannot be made: a part of its path is a file"],
  ["EEXIST", "disk-error", "The data directory cannot be made: a file has its name"],
  ["SQLITE_CANTOPEN", "disk-error", "The ledger file cannot be opened: check that the directory exists and its owner"],
];

/** Kind and words for an error of SQLite or of the file system, recognised by its result code; anything else is a disk error. */
export function ledgerErrorOf(error: unknown): LedgerError {
  if (error instanceof LedgerError) return error;
  const code = String((error as { code?: unknown } | undefined)?.code ?? "");
  const detail = error instanceof Error ? error.message : String(error);
  const known = KIND_BY_CODE.find(([prefix]) => code.startsWith(prefix));
  if (known) return new LedgerError(known[1], `${known[2]} (${detail.startsWith(code) ? "" : `${code}: `}${detail})`);
  return new LedgerError("disk-error", `The disk refused (${code || "no code"}: ${detail}). Check the storage`);
}

/** The refusal of a damaged ledger, in words that help. */
export function damagedError(path: string, detail: string): LedgerError {
  return new LedgerError(
    "damaged",
    `The ledger ${path} is damaged: ${detail}. wattledger does not start on it, because bills and limits would rest ` +
      `on wrong facts; nothing was changed. Restore the last backup with \`wattledger restore --from BACKUP --ledger ${dirname(path)}\` ` +
      "(the damaged file is kept beside it), and replace the storage medium.",
  );
}

/** Kind and words for an error while the ledger at `path` was read: what is damaged, and what to do. */
export function readErrorOf(path: string, error: unknown): LedgerError {
  const refusal = ledgerErrorOf(error);
  return refusal === error || refusal.kind !== "damaged" ? refusal : damagedError(path, refusal.message);
}

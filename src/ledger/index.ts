/** The ledger's door: what the rest of the program may use. */
export { backupLedger, type Restored, restoreLedger, type VerifiedLedger, verifyLedger } from "./backup.ts";
export { type ExportOptions, exportEvents, exportSavings, exportSessions, exportTelemetry } from "./export.ts";
export { LedgerError, type LedgerErrorKind } from "./ledger-error.ts";
export { type OpenedLedger, type OpenLedgerOptions, openLedger } from "./open.ts";
export { openTape, readTape } from "./tape.ts";
export type { TapeSample } from "./tape-codec.ts";
export { assertValidFact } from "./validate.ts";

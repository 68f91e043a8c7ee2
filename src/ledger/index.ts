/** The ledger's door: what the rest of the program may use. */
export { backupLedger, restoreLedger, verifyLedger } from "./backup.ts";
export { exportEvents, exportSavings, exportSessions, exportTelemetry } from "./export.ts";
export { LedgerError } from "./ledger-error.ts";
export { openLedger } from "./open.ts";
export { openTape } from "./tape.ts";
export { assertValidFact } from "./validate.ts";

/** The ledger's door: what the rest of the program may use. */
export { LedgerError, type LedgerErrorKind } from "./ledger-error.ts";
export { type OpenedLedger, type OpenLedgerOptions, openLedger } from "./open.ts";

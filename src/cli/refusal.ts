/** What a ledger's refusal is on the command line. By name: few commands load the ledger. */

/** Exit code of a ledger that only a newer release can read: scripts decide on it whether to put a backup back. */
export const NEWER_RELEASE = 4;

/** Why a ledger refused (`in-use`, `damaged`, ...); undefined for any other error. */
export function refusalKind(error: unknown): string | undefined {
  if (!(error instanceof Error) || error.name !== "LedgerError" || !("kind" in error)) return undefined;
  return String(error.kind);
}

/** Exit code of a command that an error ended: 4 when the ledger is of a newer release, else 1. */
export function exitCodeOf(error: unknown): number {
  return refusalKind(error) === "newer-release" ? NEWER_RELEASE : 1;
}

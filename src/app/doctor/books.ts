/** The ledger, looked at as its owner: who else would leave files behind that the service cannot open. */
import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { LedgerError, verifyLedger } from "../../ledger/index.ts";
import { type Finding, findingsOn } from "./finding.ts";

const MINUTE_MS = 60_000;

function ago(ms: number): string {
  if (ms < 0) return "in the future";
  if (ms < 2 * MINUTE_MS) return `${Math.round(ms / 1000)} s ago`;
  if (ms < 120 * MINUTE_MS) return `${Math.round(ms / MINUTE_MS)} min ago`;
  if (ms < 48 * 60 * MINUTE_MS) return `${Math.round(ms / MINUTE_MS / 60)} h ago`;
  return `${Math.round(ms / MINUTE_MS / 1440)} days ago`;
}

/** Of ledger and tape. */
function megabytes(directory: string): string {
  const files = readdirSync(directory).filter((name) => /^(events|tape)/.test(name));
  return `${(files.reduce((sum, name) => sum + statSync(join(directory, name)).size, 0) / 1e6).toFixed(1)} MB`;
}

/** Whether the ledger opens and every fact in it is whole, its size and the age of its last fact. */
export function checkLedger(directory: string, now = Date.now()): Finding {
  const { ok, fault, unknown } = findingsOn("ledger");
  const path = join(directory, "events.db");
  if (!existsSync(path)) return ok(`none yet in ${directory}; the first start makes it`);
  const owner = statSync(path).uid;
  if (process.getuid?.() !== owner)
    return unknown(`it belongs to another user: run \`sudo -u wattledger wattledger doctor\``);
  try {
    const { lastSeq, lastMs } = verifyLedger(path);
    const last = lastMs === undefined ? "" : `, the last ${ago(now - lastMs)}`;
    return ok(`${lastSeq} facts, all whole${last}; ${megabytes(directory)} with the tape`);
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    const isNewer = error instanceof LedgerError && error.kind === "newer-release";
    return fault(
      `it cannot be read: ${detail}`,
      isNewer
        ? "Install the release that wrote it: `wattledger version` says which one this is"
        : "`wattledger restore --from BACKUP --ledger DIRECTORY`, and a new card",
    );
  }
}

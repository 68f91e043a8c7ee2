/** Backups that a writer makes beside its ledger while it writes. */
import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { backupLedger, verifyLedger } from "../../src/ledger/index.ts";

const placeOf = (directory: string) => join(dirname(directory), "backups");

/** Backs the ledger in `directory` up, which was promised up to `seq`. */
export function backUp(directory: string, seq: number): void {
  mkdirSync(placeOf(directory), { recursive: true });
  const file = join(placeOf(directory), `${seq}.db`);
  if (!existsSync(file)) backupLedger(directory, file);
}

/** Older ones were looked at after an earlier crash, or were synced long since. */
const LOOKED_AT = 2;

/** What is wrong with the last backups that a crash left: each that has its name is whole, and has what was promised then. */
export function brokenBackup(directory: string): string | undefined {
  if (!existsSync(placeOf(directory))) return undefined;
  const promised = readdirSync(placeOf(directory)).flatMap((name) => /^(\d+)\.db$/.exec(name)?.[1] ?? []);
  const last = promised.map(Number).sort((a, b) => b - a);
  for (const seq of last.slice(0, LOOKED_AT)) {
    try {
      const { lastSeq } = verifyLedger(join(placeOf(directory), `${seq}.db`));
      if (lastSeq < seq) return `backup ${seq}.db ends at ${lastSeq}`;
    } catch (error) {
      return `backup ${seq}.db: ${String(error)}`;
    }
  }
  return undefined;
}

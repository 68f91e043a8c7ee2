/** `wattledger backup --ledger DIRECTORY --out FILE`: a verified copy, while the controller runs. */
import { existsSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { parseArgs } from "node:util";
import { backupLedger } from "../ledger/index.ts";
import { missingLedger } from "./ledger-directory.ts";
import { exitCodeOf } from "./refusal.ts";

/** What `--help` prints. */
export const USAGE = `Usage: wattledger backup --ledger DIRECTORY --out FILE   a verified copy, also while the site runs`;

/** Exit code 0, 1 when the copy failed, 2 usage, 4 when it is of a newer release. */
export async function backup(args: string[]): Promise<number> {
  const { values } = parseArgs({ args, options: { ledger: { type: "string" }, out: { type: "string" } } });
  if (values.ledger === undefined || values.out === undefined) {
    console.error(USAGE);
    return 2;
  }
  // Not made here: the card would fill up where a stick is missing.
  const target = dirname(resolve(values.out));
  const missing = missingLedger(values.ledger) ?? (existsSync(target) ? undefined : `There is no directory ${target}`);
  if (missing !== undefined) {
    console.error(`No backup was made: ${missing}`);
    return 2;
  }
  try {
    const verified = await backupLedger(values.ledger, values.out);
    console.log(`${values.out}: verified, ${JSON.stringify(verified)}`);
    return 0;
  } catch (error) {
    console.error(`No backup was made: ${error instanceof Error ? error.message : String(error)}`);
    return exitCodeOf(error);
  }
}

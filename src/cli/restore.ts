/** `wattledger restore --from FILE --ledger DIRECTORY`: puts a verified backup in the place of a ledger. */
import { parseArgs } from "node:util";
import { LedgerError, restoreLedger } from "../ledger/index.ts";
import { exitCodeOf } from "./refusal.ts";

/** What `--help` prints. */
export const USAGE =
  "Usage: wattledger restore --from FILE --ledger DIRECTORY   (the controller must be stopped; the ledger that is there is kept)";

/** Exit code 0, 1 when the backup is damaged or the ledger is in use, 2 usage, 4 when it is of a newer release. */
export async function restore(args: string[]): Promise<number> {
  const { values } = parseArgs({ args, options: { ledger: { type: "string" }, from: { type: "string" } } });
  if (values.ledger === undefined || values.from === undefined) {
    console.error(USAGE);
    return 2;
  }
  try {
    const restored = await restoreLedger(values.from, values.ledger);
    console.log(`${values.ledger}: restored, ${JSON.stringify(restored)}`);
    return 0;
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    console.error(`Nothing was restored: ${detail}`);
    if (error instanceof LedgerError && error.kind === "damaged")
      console.error(`That is ${values.from}: it is damaged, or no backup of a ledger. Name another backup.`);
    return exitCodeOf(error);
  }
}

/** `wattledger replay --ledger DIRECTORY`: folds a ledger from its first fact and compares with the state that it opened with. */
import { isDeepStrictEqual, parseArgs } from "node:util";
import { silentLog } from "../app/log.ts";
import type { SiteFact } from "../core/facts/index.ts";
import { evolve, initialState } from "../core/state/state.ts";
import { openLedger } from "../ledger/index.ts";
import { missingLedger } from "./ledger-directory.ts";

/** What `--help` prints. */
export const USAGE = "Usage: wattledger replay --ledger DIRECTORY   (the controller must be stopped)";

const BATCH = 1_000;

/** Exit code 0 when both agree, 1 when they differ, 2 usage. */
export async function replay(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { ledger: { type: "string" } },
  });
  const directory = values.ledger ?? positionals[0];
  if (directory === undefined) {
    console.error(USAGE);
    return 2;
  }
  const missing = missingLedger(directory);
  if (missing !== undefined) {
    console.error(missing);
    return 2;
  }
  const { ledger, state, snapshotSeq } = openLedger({ directory, log: silentLog });
  let folded = initialState();
  for (let facts = ledger.read(0, BATCH); facts.length > 0; facts = ledger.read(folded.seq, BATCH)) {
    for (const fact of facts) folded = evolve(folded, fact as SiteFact);
  }
  ledger.close();
  const same = isDeepStrictEqual(JSON.parse(JSON.stringify(folded)), JSON.parse(JSON.stringify(state)));
  console.log(
    `${folded.seq} facts folded; snapshot at ${snapshotSeq}. ${same ? "Both states are equal." : "The states DIFFER: please report this, with a backup of the ledger."}`,
  );
  return same ? 0 : 1;
}

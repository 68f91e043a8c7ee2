/** A directory that somebody names as that of a ledger. */
import { existsSync } from "node:fs";
import { join } from "node:path";

/** What to say to a person where there is no ledger in it; `undefined` where there is one. */
export function missingLedger(directory: string): string | undefined {
  if (existsSync(join(directory, "events.db"))) return undefined;
  return `There is no ledger in ${directory}. Name the directory of events.db: ledger.directory of site.yaml.`;
}

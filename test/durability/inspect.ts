/** Opens what a crash left with the real ledger and compares it with what was promised. */
import { isDeepStrictEqual } from "node:util";
import type { SiteFact } from "../../src/core/facts/index.ts";
import { evolve, initialState } from "../../src/core/state/state.ts";
import { LedgerError, openLedger, openTape } from "../../src/ledger/index.ts";
import { brokenBackup } from "./backups.ts";
import { foretoldFact, keyOf } from "./facts.ts";

/** What was found, in words; `undefined` is a ledger that kept every promise and goes on. */
export type Finding =
  | undefined
  | { readonly kind: "refused"; readonly detail: string }
  | { readonly kind: "broken"; readonly detail: string };

const log = { debug() {}, info() {}, warn() {}, error() {} };
const BATCH = 500;

/** Every fact once, each as it was written, the state as its refold, room for the next one, and backups that are whole. */
export async function inspect(directory: string, acknowledgedSeq: number): Promise<Finding> {
  const backup = brokenBackup(directory);
  if (backup !== undefined) return { kind: "broken", detail: backup };
  let opened: ReturnType<typeof openLedger>;
  try {
    opened = openLedger({ directory, log });
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    return { kind: error instanceof LedgerError && error.kind === "damaged" ? "refused" : "broken", detail };
  }
  const { ledger, state } = opened;
  try {
    openTape({ directory, keepDays: 14, log }).close();
    const broken = (detail: string): Finding => ({ kind: "broken", detail });
    if (ledger.lastSeq < acknowledgedSeq) return broken(`ends at ${ledger.lastSeq}, ${acknowledgedSeq} was promised`);
    let folded = initialState();
    for (let facts = ledger.read(0, BATCH); facts.length > 0; facts = ledger.read(folded.seq, BATCH)) {
      for (const fact of facts) {
        const wanted = foretoldFact(folded.seq + 1);
        if (!isDeepStrictEqual(fact, wanted)) return broken(`fact ${wanted.seq} is not what was written`);
        folded = evolve(folded, fact as SiteFact);
      }
    }
    if (folded.seq !== ledger.lastSeq) return broken(`${folded.seq} facts, the last one is ${ledger.lastSeq}`);
    if (!isDeepStrictEqual(json(folded), json(state))) return broken("the state is not the refold of the facts");
    return (await goesOn(ledger)) ? undefined : broken("the next facts are not taken once, as they came");
  } catch (error) {
    return { kind: "broken", detail: String(error) };
  } finally {
    ledger.close();
  }
}

/** A caller that was not answered asks again: what is there already is refused, what is not is taken. */
async function goesOn(ledger: ReturnType<typeof openLedger>["ledger"]): Promise<boolean> {
  const { lastSeq } = ledger;
  const keyed = lastSeq % 4 === 0 ? lastSeq - 1 : lastSeq;
  if (lastSeq > 0) {
    const again = { ...foretoldFact(lastSeq + 1), key: keyOf(keyed) };
    const refusal = await ledger.append([again]).catch((error: LedgerError) => error.kind);
    if (refusal !== "duplicate-key" || ledger.findByKey(keyOf(keyed))?.seq !== keyed) return false;
  }
  await ledger.append([foretoldFact(lastSeq + 1)]);
  return ledger.lastSeq === lastSeq + 1 && ledger.read(lastSeq, 10).length === 1;
}

function json(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

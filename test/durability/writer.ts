/**
 * A writer to be killed or traced: `writer.ts DIRECTORY SEED COMMITS END`. Appends facts of foretold content, says each
 * sequence number on its output once that is acknowledged, saves snapshots and writes the tape in between; while facts
 * are on their way, now and then, the ledger is backed up and somebody reads an export slowly. `END` is
 * what it does after its commits: `kill` dies at once, `close` says goodbye, `both` closes, opens again and dies. A
 * refusal is said, and the same facts are tried again.
 */
import { writeSync } from "node:fs";
import type { SiteFact } from "../../src/core/facts/index.ts";
import type { Ledger } from "../../src/core/ports.ts";
import { evolve } from "../../src/core/state/state.ts";
import { exportEvents, LedgerError, openLedger, openTape } from "../../src/ledger/index.ts";
import { backUp } from "./backups.ts";
import { foretoldFacts } from "./facts.ts";
import { randomOf } from "./random.ts";

const [directory, seed, commits, end] = process.argv.slice(2) as [string, string, string, "kill" | "close" | "both"];
const random = randomOf(Number(seed));
/** Of its own, so that a seed still writes the facts that it wrote. */
const readers = randomOf(Number(seed) + 1_000_000);
const log = { debug() {}, info() {}, warn() {}, error() {} };
let lines: Iterator<string> | undefined;

/** Reads the ledger while it is written. `seq` is promised already. A disk that fails may refuse that; it breaks nothing. */
function readMeanwhile(seq: number): void {
  try {
    if (readers.chance(0.06)) backUp(directory, seq);
    if (readers.chance(0.1)) lines ??= exportEvents({ directory, format: "jsonl" })[Symbol.iterator]();
    for (let line = 0; line < 300 && lines; line++) if (lines.next().done) lines = undefined;
  } catch (error) {
    lines = undefined;
    if (!(error instanceof LedgerError) || error.kind === "damaged") throw error;
  }
}

async function insist(ledger: Ledger, facts: readonly SiteFact[]): Promise<void> {
  if (facts.length === 0) return;
  for (;;) {
    const refusal = await ledger.append(facts).catch((error) => error.kind as string);
    if (refusal === undefined) break;
    writeSync(1, `refused ${refusal}\n`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  writeSync(1, `${facts.at(-1)!.seq}\n`);
}

async function write(count: number): Promise<() => void> {
  const opened = openLedger({ directory, log, checkpointPages: 60 });
  const { ledger } = opened;
  let { state } = opened;
  const tape = openTape({ directory, keepDays: 14, log });
  writeSync(1, `opened ${state.seq}\n`);
  for (let commit = 0; commit < count; commit++) {
    // Sometimes two calls are on their way at once, as when a charge point and the tick record together.
    const first = foretoldFacts(state.seq + 1, 1 + random.below(random.chance(0.1) ? 40 : 6));
    const second = random.chance(0.2) ? foretoldFacts(state.seq + first.length + 1, 1 + random.below(4)) : [];
    const recorded = Promise.all([first, second].map((facts) => insist(ledger, facts)));
    readMeanwhile(state.seq);
    await recorded;
    for (const fact of [...first, ...second]) state = evolve(state, fact);
    tape.write(1.79e12 + state.seq * 1000, state.seq * 1000, { "grid.w": state.seq });
    if (random.chance(0.05)) tape.flush();
    if (random.chance(0.05)) ledger.saveSnapshot(state);
  }
  return () => {
    tape.close();
    ledger.close();
  };
}

const close = await write(Number(commits));
if (end !== "kill") close();
if (end === "both") await write(5);
if (end !== "close") process.kill(process.pid, "SIGKILL");

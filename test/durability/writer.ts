/**
 * A writer to be killed or traced: `writer.ts DIRECTORY SEED COMMITS END`. Appends facts of foretold content, says each
 * sequence number on its output once that is acknowledged, saves snapshots and writes the tape in between. `END` is
 * what it does after its commits: `kill` dies at once, `close` says goodbye, `both` closes, opens again and dies.
 */
import { writeSync } from "node:fs";
import { evolve } from "../../src/core/state.ts";
import { openLedger, openTape } from "../../src/ledger/index.ts";
import { foretoldFacts } from "./facts.ts";
import { randomOf } from "./random.ts";

const [directory, seed, commits, end] = process.argv.slice(2) as [string, string, string, "kill" | "close" | "both"];
const random = randomOf(Number(seed));
const log = { debug() {}, info() {}, warn() {}, error() {} };

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
    const acknowledged = [first, second].map((facts) =>
      ledger.append(facts).then(() => facts.length > 0 && writeSync(1, `${facts.at(-1)!.seq}\n`)),
    );
    await Promise.all(acknowledged);
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

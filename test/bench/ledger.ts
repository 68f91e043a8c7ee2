/** The ledger: append, refold, and opening a large one. What a day writes is in card.ts. */
import { cpSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silentLog } from "../../src/app/log.ts";
import { evolve } from "../../src/core/state/state.ts";
import { openLedger } from "../../src/ledger/index.ts";
import { limitFact } from "./limit-fact.ts";
import type { BenchLine } from "./line.ts";
import { yearFacts } from "./year-facts.ts";

const FACTS = 200_000;
const YEAR_FACTS = 550_000;

function written(): number {
  return Number(/write_bytes: (\d+)/.exec(readFileSync("/proc/self/io", "utf8"))?.[1] ?? Number.NaN);
}

async function rate(size: number, commits: number): Promise<number> {
  const directory = mkdtempSync(join(tmpdir(), "wattledger-bench-"));
  const { ledger } = openLedger({ directory, log: silentLog });
  const startedMs = performance.now();
  for (let commit = 0; commit < commits; commit++) {
    await ledger.append(Array.from({ length: size }, (_, index) => limitFact(commit * size + index + 1)));
  }
  const perSecond = (size * commits * 1000) / (performance.now() - startedMs);
  ledger.close();
  rmSync(directory, { recursive: true, force: true });
  return Math.round(perSecond);
}

async function opening(): Promise<BenchLine[]> {
  const directory = mkdtempSync(join(tmpdir(), "wattledger-bench-"));
  const first = openLedger({ directory, log: silentLog });
  const before = written();
  for (let seq = 1; seq <= FACTS; seq += 1000)
    await first.ledger.append(Array.from({ length: 1000 }, (_, index) => limitFact(seq + index)));
  first.ledger.close();
  const bytes = written() - before;
  let startedMs = performance.now();
  const folded = openLedger({ directory, log: silentLog });
  const foldMs = performance.now() - startedMs;
  folded.ledger.saveSnapshot(folded.state);
  folded.ledger.close();
  startedMs = performance.now();
  const snapped = openLedger({ directory, log: silentLog });
  const snapMs = performance.now() - startedMs;
  snapped.ledger.close();
  rmSync(directory, { recursive: true, force: true });
  return [
    {
      name: "refold",
      value: Math.round((FACTS * 1000) / foldMs),
      unit: "facts/s",
      detail: `${FACTS} facts without a snapshot, opening checks included`,
    },
    { name: "open with a snapshot", value: Math.round(snapMs), unit: "ms", limit: 3000, detail: `${FACTS} facts` },
    {
      name: "bytes written a fact in large batches",
      value: Math.round(bytes / FACTS),
      unit: "B",
      detail: "/proc/self/io write_bytes",
    },
  ];
}

/** The ledger of a year at 1500 facts a day, 150 of them plans, and what a start on it takes: stopped in order, and after a power cut. */
async function year(): Promise<BenchLine[]> {
  const root = mkdtempSync(join(tmpdir(), "wattledger-bench-"));
  const [directory, cut] = [join(root, "ordered"), join(root, "cut")];
  const { ledger, state } = openLedger({ directory, log: silentLog });
  const factAt = await yearFacts();
  let last = state;
  for (let seq = 1; seq <= YEAR_FACTS; seq += 1000) {
    const facts = Array.from({ length: 1000 }, (_, index) => factAt(seq + index));
    await ledger.append(facts);
    last = facts.reduce(evolve, last);
    if (seq === YEAR_FACTS - 1999) ledger.saveSnapshot(last);
  }
  cpSync(directory, cut, { recursive: true, filter: (path) => !path.endsWith("-shm") });
  ledger.close();
  const megabytes = Math.round(statSync(join(directory, "events.db")).size / 1e6);
  const detail = `${YEAR_FACTS} facts, ${megabytes} MB, in the page cache`;
  const lines = [cut, directory].map((path) => {
    const startedMs = performance.now();
    const opened = openLedger({ directory: path, log: silentLog });
    const value = Math.round(performance.now() - startedMs);
    const name = `start on the ledger of a year, ${opened.cleanStop ? "stopped in order" : "after a power cut"}`;
    opened.ledger.close();
    return { name, value, unit: "ms", limit: 3000, detail };
  });
  rmSync(root, { recursive: true, force: true });
  return lines;
}

export async function benchLedger(): Promise<BenchLine[]> {
  return [
    { name: "append, one fact a commit", value: await rate(1, 500), unit: "facts/s" },
    { name: "append, 20 facts a commit", value: await rate(20, 200), unit: "facts/s" },
    ...(await opening()),
    ...(await year()),
  ];
}

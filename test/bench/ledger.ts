/** The ledger: append, refold, opening a large one, and what a day writes. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silentLog } from "../../src/app/log.ts";
import type { SiteFact } from "../../src/core/facts/index.ts";
import { openLedger } from "../../src/ledger/index.ts";
import type { BenchLine } from "./line.ts";

const FACTS = 200_000;

function fact(seq: number): SiteFact {
  return {
    seq,
    atMs: 1_790_000_000_000 + seq * 1000,
    monoMs: seq * 1000,
    wallTrusted: true,
    boot: "bench",
    version: 1,
    source: "guard",
    type: "limit-changed",
    data: {
      evseId: `stall-${seq % 10}`,
      currentA: 6 + (seq % 10),
      phases: 3,
      safeCurrentA: 6,
      expiresAtMs: 1_790_000_180_000 + seq * 1000,
      reason: { kind: "circuit", circuitId: "grid", phase: 1, readingA: 62.1, limitA: 63 },
    },
  } as SiteFact;
}

function written(): number {
  return Number(/write_bytes: (\d+)/.exec(readFileSync("/proc/self/io", "utf8"))?.[1] ?? Number.NaN);
}

async function rate(size: number, commits: number): Promise<number> {
  const directory = mkdtempSync(join(tmpdir(), "wattledger-bench-"));
  const { ledger } = openLedger({ directory, log: silentLog });
  const startedMs = performance.now();
  for (let commit = 0; commit < commits; commit++) {
    await ledger.append(Array.from({ length: size }, (_, index) => fact(commit * size + index + 1)));
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
    await first.ledger.append(Array.from({ length: 1000 }, (_, index) => fact(seq + index)));
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

/** A day at 10 EVSEs: 900 commits of 2 facts, as the demonstration makes at its busiest. */
async function day(): Promise<BenchLine> {
  const directory = mkdtempSync(join(process.cwd(), ".wattledger-bench-"));
  const { ledger } = openLedger({ directory, log: silentLog });
  const before = written();
  for (let commit = 0; commit < 900; commit++) await ledger.append([fact(commit * 2 + 1), fact(commit * 2 + 2)]);
  const bytes = written() - before;
  ledger.close();
  rmSync(directory, { recursive: true, force: true });
  return {
    name: "written by the ledger in a day of 900 commits of 2 facts",
    value: Math.round(bytes / 1e5) / 10,
    unit: "MB",
    limit: 30,
    detail: "/proc/self/io write_bytes; without the tape and the filesystem's journal",
  };
}

export async function benchLedger(): Promise<BenchLine[]> {
  return [
    { name: "append, one fact a commit", value: await rate(1, 500), unit: "facts/s" },
    { name: "append, 20 facts a commit", value: await rate(20, 200), unit: "facts/s" },
    ...(await opening()),
    await day(),
  ];
}

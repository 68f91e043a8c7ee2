/**
 * From a meter's reading to the charging profile on the wire, hundreds of times: once with the machine to itself, once
 * while a plan is always being solved and the ledger always being exported by another process.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { seededInput } from "../../src/planner/plan-input.test-kit.ts";
import { type LatencySite, startLatencySite } from "./latency-site.ts";
import type { BenchLine } from "./line.ts";

const BIN = new URL("../../bin/wattledger.mjs", import.meta.url).pathname;
const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 250);
const BUDGET_MS = 50;
const OLD_FACTS = 20_000;
/** A site that sheds nothing any more is not what is measured. */
const MOST_IDLE_ROUNDS = 5;
/** At most: so that what one round set off, and the collection of its garbage, falls on others too. */
const PAUSE_MS = 20;

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Solves plans for as many EVSEs one after the other, in the controller's own planning thread, until it is stopped. */
function keepPlanning(site: LatencySite, evses: number): { plans: number; stop(): Promise<void> } {
  let goesOn = true;
  const running = { plans: 0, stop: () => Promise.resolve() };
  const loop = (async () => {
    for (let seed = 1; goesOn; seed++) {
      await site.solver.solve(seededInput(1 + (seed % 5), evses), 5_000);
      running.plans++;
    }
  })();
  running.stop = async () => {
    goesOn = false;
    await loop;
  };
  return running;
}

/** Exports all facts of the ledger again and again, as `wattledger export` does, until it is stopped. */
function keepExporting(directory: string): { exports: number; stop(): void } {
  let child: ChildProcess;
  let goesOn = true;
  const running = {
    exports: 0,
    stop: () => {
      goesOn = false;
      child.kill();
    },
  };
  const begin = () => {
    child = spawn(process.execPath, [BIN, "export", "events", "--ledger", directory, "--format", "csv"], {
      stdio: "ignore",
    });
    child.once("exit", (code) => {
      if (code === 0) running.exports++;
      if (goesOn) begin();
    });
  };
  begin();
  return running;
}

interface Measured {
  readonly latencies: number[];
  rounds: number;
  plans: number;
  exports: number;
}

/** Rounds on one site; adds to `measured`. */
async function measureOn(directory: string, evses: number, underLoad: boolean, measured: Measured): Promise<void> {
  const site = await startLatencySite(directory, evses, underLoad ? OLD_FACTS : 0);
  const planning = underLoad ? keepPlanning(site, evses) : undefined;
  const exporting = underLoad ? keepExporting(directory) : undefined;
  for (let idle = 0; idle < MOST_IDLE_ROUNDS && measured.latencies.length < ROUNDS; ) {
    await site.calm();
    await pause(PAUSE_MS * Math.random());
    const latencyMs = await site.overload(1);
    measured.rounds++;
    idle = latencyMs === undefined ? idle + 1 : 0;
    if (latencyMs !== undefined) measured.latencies.push(latencyMs);
  }
  await planning?.stop();
  exporting?.stop();
  measured.plans += planning?.plans ?? 0;
  measured.exports += exporting?.exports ?? 0;
  await site.close();
}

async function measure(evses: number, underLoad: boolean): Promise<Measured> {
  const measured: Measured = { latencies: [], rounds: 0, plans: 0, exports: 0 };
  while (measured.latencies.length < ROUNDS && measured.rounds < 3 * ROUNDS) {
    const directory = mkdtempSync(join(tmpdir(), "wattledger-bench-"));
    await measureOn(directory, evses, underLoad, measured);
    rmSync(directory, { recursive: true, force: true });
  }
  measured.latencies.sort((a, b) => a - b);
  return measured;
}

function linesOf(evses: number, underLoad: boolean, measured: Measured): BenchLine[] {
  const { latencies, rounds, plans, exports } = measured;
  const at = (part: number) =>
    Math.round((latencies[Math.min(latencies.length - 1, Math.floor(part * latencies.length))] ?? Number.NaN) * 10) /
    10;
  const meanwhile = underLoad ? `, ${plans} plans solved and ${exports} exports of the ledger meanwhile` : "";
  const detail = `first reduction on the socket after the reading, ledger on disk before; ${latencies.length} of ${rounds} overloads shed${meanwhile}; load of the machine ${loadavg()[0]!.toFixed(1)}`;
  const name = `reading to wire, ${evses} EVSE${underLoad ? ", planning and exporting" : ""}`;
  return [
    { name: `${name}, p50`, value: at(0.5), unit: "ms", limit: BUDGET_MS, detail },
    { name: `${name}, p99`, value: at(0.99), unit: "ms", limit: BUDGET_MS },
    { name: `${name}, worst`, value: at(1), unit: "ms", limit: BUDGET_MS },
  ];
}

/** p50, p99 and worst at 10 and 100 EVSE; BENCH_ROUNDS sets how many overloads, 250 without it. */
export async function benchLatency(): Promise<BenchLine[]> {
  const lines: BenchLine[] = [];
  for (const evses of [10, 100])
    for (const underLoad of [false, true]) lines.push(...linesOf(evses, underLoad, await measure(evses, underLoad)));
  return lines;
}

/** The controller as a process of its own, on the sockets of a simulated building that lives in this one. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";
import { realClock } from "../../src/app/clock.ts";
import { silentLog } from "../../src/app/log.ts";
import { hashPassword } from "../../src/app/password.ts";
import { startDemoSite } from "../../src/sim/demo.ts";
import type { BenchLine } from "./line.ts";
import { forgetMostResident, mostResidentMb, residentMb } from "./resident.ts";

const BIN = new URL("../../bin/wattledger.mjs", import.meta.url).pathname;
const API_PORT = 18_080;
const OCPP_PORT = 18_887;
/** Charge points come, with passwords that take 16 MB to verify, and the first plans are made. */
const BEGINNING_S = 60;
/** More plug-ins, plans and an overload; the processor is watched after that. */
const LIVELY_S = 70;
const WATCHED_S = 60;
const TICKS_PER_S = 100;

const seconds = (count: number) => new Promise((resolve) => setTimeout(resolve, count * 1000));

async function healthy(untilMs: number): Promise<boolean> {
  while (performance.now() < untilMs) {
    const answer = await fetch(`http://127.0.0.1:${API_PORT}/healthz`).catch(() => undefined);
    if (answer?.ok) return true;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return false;
}

/** Starts the controller; the time until its first healthy tick, ms. */
async function start(directory: string): Promise<{ readonly child: ChildProcess; readonly startMs: number }> {
  const startedMs = performance.now();
  const child = spawn(process.execPath, [BIN, "run", "--config", "site.yaml"], { cwd: directory, stdio: "ignore" });
  if (!(await healthy(startedMs + 30_000))) throw new Error("The controller was not healthy within 30 s");
  return { child, startMs: performance.now() - startedMs };
}

/** Seconds of processor that a process has used. */
function processorS(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(" ");
  return (Number(fields[13]) + Number(fields[14])) / TICKS_PER_S;
}

async function stopped(child: ChildProcess): Promise<void> {
  const exit = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGTERM");
  await exit;
}

export async function benchProcess(): Promise<BenchLine[]> {
  const directory = mkdtempSync(join(tmpdir(), "wattledger-bench-"));
  const ports = { meter: 0, garageMeter: 0, hybrid: 0, control: 0, ocpp: OCPP_PORT, api: API_PORT };
  const simulated = await startDemoSite({
    host: "127.0.0.1",
    directory,
    ports,
    clock: realClock(),
    log: silentLog,
    hashPassword,
  });
  writeFileSync(join(directory, "site.yaml"), stringify(simulated.configuration));
  const first = await start(directory);
  await stopped(first.child);
  const { child, startMs } = await start(directory);
  const pid = child.pid!;
  simulated.connect({ ocppPort: OCPP_PORT, apiPort: API_PORT });
  await seconds(BEGINNING_S);
  const mostAtStartMb = mostResidentMb(pid);
  forgetMostResident(pid);
  await seconds(LIVELY_S);
  const before = processorS(pid);
  await seconds(WATCHED_S);
  const processor = ((processorS(pid) - before) / WATCHED_S) * 100;
  const detail = `10 EVSEs, after ${BEGINNING_S + LIVELY_S + WATCHED_S} s with plug-ins, plans and an overload`;
  const lines: BenchLine[] = [
    { name: "first start to a healthy tick", value: Math.round(first.startMs), unit: "ms", limit: 3000 },
    { name: "start to a healthy tick", value: Math.round(startMs), unit: "ms", limit: 3000 },
    { name: "resident memory", value: residentMb(pid), unit: "MB", limit: 120, detail },
    { name: "most of it in the first minute", value: mostAtStartMb, unit: "MB" },
    { name: "most of it later, while plans are solved", value: mostResidentMb(pid), unit: "MB", limit: 120 },
    { name: "resident memory, shared pages by share", value: residentMb(pid, "Pss"), unit: "MB", limit: 120, detail },
    { name: "processor", value: Math.round(processor * 10) / 10, unit: "% of one core", limit: 5, detail },
  ];
  await stopped(child);
  await simulated.close();
  rmSync(directory, { recursive: true, force: true });
  return lines;
}

/** The demonstration as a process of its own: time to the first tick, resident memory, processor. */
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { BenchLine } from "./line.ts";

const PORT = 18_080;
const WATCHED_S = 30;

async function healthy(untilMs: number): Promise<boolean> {
  while (performance.now() < untilMs) {
    const answer = await fetch(`http://127.0.0.1:${PORT}/healthz`).catch(() => undefined);
    if (answer?.ok) return true;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return false;
}

export async function benchProcess(): Promise<BenchLine[]> {
  const directory = mkdtempSync(join(tmpdir(), "wattledger-bench-"));
  const bin = new URL("../../bin/wattledger.mjs", import.meta.url).pathname;
  const args = [
    "start",
    "--directory",
    join(directory, "demo"),
    "--api-port",
    String(PORT),
    "--ocpp-port",
    "18887",
    "--meter-port",
    "15020",
    "--control-port",
    "18090",
  ];
  const startedMs = performance.now();
  const child = spawn(process.execPath, [bin, ...args], { stdio: "ignore", cwd: directory });
  const ok = await healthy(startedMs + 30_000);
  const startMs = performance.now() - startedMs;
  await new Promise((resolve) => setTimeout(resolve, WATCHED_S * 1000));
  const status = ok ? readFileSync(`/proc/${child.pid}/status`, "utf8") : "";
  const [, , , , , , , , , , , , , user = "0", system = "0"] = ok
    ? readFileSync(`/proc/${child.pid}/stat`, "utf8").split(" ")
    : [];
  child.kill("SIGKILL");
  rmSync(directory, { recursive: true, force: true });
  const rssMb = Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? Number.NaN) / 1024;
  return [
    {
      name: "start to a healthy tick",
      value: Math.round(startMs),
      unit: "ms",
      limit: 3000,
      detail: "simulated site and controller in one process",
    },
    {
      name: "resident memory",
      value: Math.round(rssMb),
      unit: "MB",
      limit: 120,
      detail: "10 EVSEs, the simulated site included",
    },
    {
      name: "processor",
      value: Math.round(((Number(user) + Number(system)) / WATCHED_S) * 10) / 10,
      unit: "% of one core",
      limit: 5,
      detail: "first 30 s with the start, the simulated site included",
    },
  ];
}

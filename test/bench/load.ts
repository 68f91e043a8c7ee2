/** All charge points of a large site come back at once after a power cut, each with a session to tell. */
import { readFileSync } from "node:fs";
import { loadavg } from "node:os";
import { hashPassword } from "../../src/app/password.ts";
import { ChildSite, until } from "../live-site.ts";
import { LoadStation } from "../load/stations.ts";
import type { BenchLine } from "./line.ts";

const COUNT = Number(process.env.LOAD_CHARGE_POINTS ?? 250);
const SAMPLES = Number(process.env.LOAD_SAMPLES ?? 20);
const PASSWORD = "a-long-password";
/** Older readings count as stale. */
const STALE_MS = 5_000;
/** Budget of a site of 250 EVSEs. */
const MEMORY_MB = 250;

/** Whether it was let in, had its safe current, and its session was taken. */
async function comeBack(port: number, id: string): Promise<boolean> {
  const station = new LoadStation({ port, id, password: PASSWORD });
  if (!(await station.opened)) return false;
  await station.boot();
  if (!(await station.tellQueued(Date.now() - 3_600_000, SAMPLES))) return false;
  return until(() => station.called.includes("SetChargingProfile"));
}

/** Time until all are back, the longest time between two looks of the guard meanwhile, and memory afterwards. */
export async function benchLoad(): Promise<BenchLine[]> {
  const ids = Array.from({ length: COUNT }, (_, index) => `cp${index}`);
  const hashes = await Promise.all(ids.map(() => hashPassword(PASSWORD)));
  const passwordHashes = Object.fromEntries(ids.map((id, index) => [id, hashes[index]!]));
  const site = await new ChildSite({ chargePoints: ids, passwordHashes }).start();
  await until(async () => (await site.live()).meter.quality === "good");
  const startedMs = performance.now();
  const back = await Promise.all(ids.map((id) => comeBack(site.ocppPort, id)));
  const tookMs = Math.round(performance.now() - startedMs);
  const gapMs = Math.round(1000 * (await site.metric("wattledger_longest_tick_gap_seconds")));
  const rollup = readFileSync(`/proc/${site.child.pid}/smaps_rollup`, "utf8");
  const residentMb = Math.round(Number(/^Rss:\s+(\d+)/m.exec(rollup)?.[1]) / 1024);
  const served = back.filter(Boolean).length;
  await site.close();
  const detail = `${served} of ${COUNT} served, one password hash and ${SAMPLES + 3} messages each, all from one address; load of the machine ${loadavg()[0]!.toFixed(1)}`;
  return [
    { name: `${COUNT} charge points back after a power cut`, value: tookMs, unit: "ms", detail },
    { name: "longest time between two ticks meanwhile", value: gapMs, unit: "ms", limit: STALE_MS },
    { name: "resident memory after it", value: residentMb, unit: "MB", limit: MEMORY_MB },
  ];
}

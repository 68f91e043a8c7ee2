/** All charge points of a large site come back at once after a power cut, each with a session to tell. */
import { loadavg } from "node:os";
import { hashPassword } from "../../src/app/password.ts";
import { ChildSite } from "../live-site.ts";
import { LoadStation } from "../load/stations.ts";
import { until } from "../until.ts";
import type { BenchLine } from "./line.ts";
import { forgetMostResident, mostResidentMb, residentMb } from "./resident.ts";

const COUNT = Number(process.env.LOAD_CHARGE_POINTS ?? 250);
const SAMPLES = Number(process.env.LOAD_SAMPLES ?? 20);
const PASSWORD = "a-long-password";
/** Older readings count as stale. */
const STALE_MS = 5_000;
/** Budget of a site of 250 EVSEs. */
const MEMORY_MB = 250;

/** A thread that solved a plan ends ten seconds later. */
const SETTLED_S = 20;

/** It was let in, had its safe current, and its session was taken; undefined where it was not. */
async function comeBack(port: number, id: string): Promise<LoadStation | undefined> {
  const station = new LoadStation({ port, id, password: PASSWORD });
  if (!(await station.opened)) return undefined;
  await station.boot();
  if (!(await station.tellQueued(Date.now() - 3_600_000, SAMPLES))) return undefined;
  await until(() => station.called.includes("SetChargingProfile"));
  return station;
}

/** How many cars the plan in force is for. */
async function planned(site: ChildSite): Promise<number> {
  const plan = (await (await fetch(site.url("/api/v1/plan"))).json()) as {
    readonly result?: { readonly evses: object[] };
  };
  return plan.result?.evses.length ?? 0;
}

/** A car comes to each; the most memory until a plan for all is in force and the one after it made, MB. */
async function planForAll(
  site: ChildSite,
  stations: readonly LoadStation[],
): Promise<{ mostMb: number; afterMb: number }> {
  const pid = site.child.pid!;
  forgetMostResident(pid);
  await Promise.all(stations.map((station) => station.plugIn()));
  await until(async () => (await planned(site)) >= stations.length);
  await new Promise((resolve) => setTimeout(resolve, SETTLED_S * 1000));
  return { mostMb: mostResidentMb(pid), afterMb: residentMb(pid) };
}

/**
 * Time until all are back, the longest time between two looks of the guard meanwhile, and memory afterwards; then what
 * it takes to plan for a car at each.
 */
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
  const backMb = residentMb(site.child.pid!);
  const stations = back.filter((station) => station !== undefined);
  const served = stations.length;
  const { mostMb, afterMb } = await planForAll(site, stations);
  await site.close();
  const detail = `${served} of ${COUNT} served, one password hash and ${SAMPLES + 3} messages each, all from one address; load of the machine ${loadavg()[0]!.toFixed(1)}`;
  return [
    { name: `${COUNT} charge points back after a power cut`, value: tookMs, unit: "ms", detail },
    { name: "longest time between two ticks meanwhile", value: gapMs, unit: "ms", limit: STALE_MS },
    { name: "resident memory after it", value: backMb, unit: "MB", limit: MEMORY_MB },
    { name: "most of it while plans for all are solved", value: mostMb, unit: "MB", limit: MEMORY_MB },
    { name: "resident memory while all charge", value: afterMb, unit: "MB", limit: MEMORY_MB },
  ];
}

/**
 * Charge points whose clocks are wrong, and one that takes Relative profiles only, at a whole controller over real
 * sockets, ten times faster than time. They enforce what they were sent by their own clocks.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parseConfiguration } from "../src/app/configuration/configuration.ts";
import { silentLog } from "../src/app/log.ts";
import { type RunningSite, runSite } from "../src/app/run.ts";
import type { Envelope } from "../src/core/facts/fact.ts";
import type { Clock } from "../src/core/ports.ts";
import type { PerPhase } from "../src/core/quantity.ts";
import type { LiveSite } from "../src/core/view/view.ts";
import { startSimulatedMeter } from "../src/sim/servers/modbus-meter.ts";
import type { ModbusServer } from "../src/sim/servers/modbus-server.ts";
import { Station } from "../src/sim/servers/station.ts";
import { fastClock } from "./peers/fast-clock.ts";
import { until } from "./until.ts";

const SPEED = 10;
/** A busy machine makes readings late, and limits rise later. */
const PATIENCE_MS = 120_000;
const MINUTE_MS = 60_000;
const ODD = [
  { id: "slow", protocol: "ocpp1.6", aheadMs: -7 * MINUTE_MS, quirks: [] },
  { id: "fast", protocol: "ocpp2.0.1", aheadMs: 120 * MINUTE_MS, quirks: [] },
  { id: "relative", protocol: "ocpp1.6", aheadMs: 0, quirks: ["relative-profiles"] },
  { id: "relative-slow", protocol: "ocpp2.0.1", aheadMs: -20 * MINUTE_MS, quirks: ["relative-profiles"] },
] as const;
const SAFE_A = 6;

/** The same clock, set wrong. */
function wrong(clock: Clock, aheadMs: number): Clock {
  return { ...clock, wallMs: () => clock.wallMs() + aheadMs };
}

describe("charge points with wrong clocks, or without absolute profiles", { timeout: PATIENCE_MS }, () => {
  const directories = [0, 1].map(() => mkdtempSync(join(tmpdir(), "wattledger-odd-")));
  const clock = fastClock(SPEED);
  const stations: Station[] = [];
  let meter: ModbusServer;
  let site: RunningSite;
  let readings = 0;
  let closed = false;
  const offeredA = (index: number) => stations[index]?.offeredA(1) ?? 0;
  const currentsOf = (index: number): PerPhase => [offeredA(index), offeredA(index), offeredA(index)];
  const get = async (path: string) => (await fetch(`http://127.0.0.1:${site.apiPort}/api/v1${path}`)).json();

  beforeAll(async () => {
    meter = await startSimulatedMeter({
      host: "127.0.0.1",
      port: 0,
      unitId: 1,
      values: () => {
        readings += 1;
        const voltageV = 230 + (readings % 10) / 10;
        const currentA = 4 + ODD.reduce((sum, _, index) => sum + offeredA(index), 0);
        const phases = (value: number): PerPhase => [value, value, value];
        return {
          voltageV: phases(voltageV),
          currentA: phases(currentA),
          powerW: phases(voltageV * currentA),
          importWh: 0,
          exportWh: 0,
        };
      },
    });
    site = await run(directories[0]!, 0);
    for (const [index, { id, protocol, aheadMs }] of ODD.entries())
      stations.push(
        new Station({
          ...{ id, protocol, voltageV: 230, clock: wrong(clock, aheadMs) },
          url: `ws://127.0.0.1:${site.ocppPort}/ocpp`,
          connectors: [
            {
              ...{ connector: 1, maxA: 16, registerWh: () => 1_000 + readings, socPercent: () => undefined },
              currentA: () => currentsOf(index),
            },
          ],
        }),
      );
    for (const station of stations) station.plug(1, "CAFE");
  }, PATIENCE_MS);
  /** A controller with a ledger of its own. */
  async function run(directory: string, ocppPort: number): Promise<RunningSite> {
    const text = JSON.stringify({
      site: { id: "odd", timeZone: "UTC", country: "NL" },
      gridConnection: { mainFuseA: 100, meter: "grid-meter", worstBuildingLoadA: 50 },
      chargePoints: ODD.map(({ id, quirks }) => ({
        id,
        quirks,
        leaseSeconds: 60,
        evses: [{ id, maxCurrentA: 16, safeCurrentA: SAFE_A }],
      })),
      devices: [
        {
          id: "grid-meter",
          role: "meter",
          profile: "eastron-sdm630",
          connection: { tcp: { host: "127.0.0.1", port: meter.port } },
        },
      ],
      tariff: { import: { kind: "fixed", eurPerKwh: 0.3 } },
      ocpp: { host: "127.0.0.1", port: ocppPort },
      api: { host: "127.0.0.1", port: 0 },
      ledger: { directory },
    });
    const parsed = parseConfiguration(text, "odd");
    if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
    const options = { configurationHash: "", directory, clock, log: silentLog, simulated: true };
    return runSite({ configuration: parsed.configuration, ...options });
  }
  const close = async () => {
    if (!closed) await site?.close("test");
    closed = true;
  };
  async function overrideAll(): Promise<void> {
    await until(async () => ((await get("/site")) as LiveSite).evses.every(({ transactionId }) => transactionId));
    for (const { id } of ODD) {
      const body = JSON.stringify({ active: true });
      const init = { method: "POST", headers: { "content-type": "application/json" }, body };
      const answer = await fetch(`http://127.0.0.1:${site.apiPort}/api/v1/evses/${id}/override`, init);
      expect(answer.status).toBe(200);
    }
    await until(() => ODD.every((_, index) => offeredA(index) === 16));
  }
  const facts = async () => ((await get("/events?limit=1000")) as { events: Envelope[] }).events;
  afterAll(async () => {
    await close();
    for (const station of stations) station.close();
    await meter?.close();
    for (const directory of directories) rmSync(directory, { recursive: true, force: true });
  }, PATIENCE_MS);

  test("are read as of now, and get full power by limits that hold in their own time", async () => {
    await overrideAll();
    await until(async () => ((await get("/site")) as LiveSite).evses.every(({ powerW = 0 }) => powerW > 10_000));
    const clocks = (await facts()).flatMap(({ type, data }) => {
      const { action, chargePointId } = data as { action?: string; chargePointId: string };
      return type === "message-violated" && action === "clock" ? [chargePointId] : [];
    });
    expect([...new Set(clocks)].sort()).toEqual(["fast", "relative-slow", "slow"]);
  });

  test("fall to their safe current when the controller is gone", async () => {
    await close();
    await until(() => ODD.every((_, index) => offeredA(index) === SAFE_A));
  });

  test("are taken over by another controller, which knows nothing of them, with the cars that charge", async () => {
    site = await run(directories[1]!, site.ocppPort);
    closed = false;
    await overrideAll();
    const started = (await facts()).filter(({ type }) => type === "transaction-started");
    expect(started.map(({ data }) => (data as { adopted?: boolean }).adopted)).toEqual([true, true, true, true]);
    for (const station of stations) station.unplug(1);
    await until(async () => (await facts()).filter(({ type }) => type === "transaction-ended").length === 4);
  });
});

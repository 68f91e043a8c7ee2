/** Charge points of both OCPP versions that give one phase when they are told so, at a whole controller over real sockets. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parseConfiguration } from "../src/app/configuration/configuration.ts";
import { silentLog } from "../src/app/log.ts";
import { type RunningSite, runSite } from "../src/app/run.ts";
import type { PerPhase } from "../src/core/quantity.ts";
import type { LiveSite } from "../src/core/view/view.ts";
import { startSimulatedMeter } from "../src/sim/servers/modbus-meter.ts";
import type { ModbusServer } from "../src/sim/servers/modbus-server.ts";
import { Station } from "../src/sim/servers/station.ts";
import { fastClock } from "./peers/fast-clock.ts";
import { until } from "./until.ts";

const SPEED = 10;
const PATIENCE_MS = 120_000;
const PROTOCOLS = ["ocpp1.6", "ocpp2.0.1"] as const;
const BUILDING_A = 1;

describe.each(PROTOCOLS)(
  "a charge point of %s whose month's peak is paid for",
  { timeout: PATIENCE_MS },
  (protocol) => {
    const directory = mkdtempSync(join(tmpdir(), "wattledger-phases-"));
    const clock = fastClock(SPEED);
    let station: Station | undefined;
    let meter: ModbusServer;
    let site: RunningSite;
    const carA = (): PerPhase => {
      const currentA = station?.offeredA(1) ?? 0;
      const phases = currentA < 6 ? 0 : (station?.offeredPhases(1) ?? 0);
      return [phases > 0 ? currentA : 0, phases > 1 ? currentA : 0, phases > 2 ? currentA : 0];
    };
    const live = async () => (await (await fetch(`http://127.0.0.1:${site.apiPort}/api/v1/site`)).json()) as LiveSite;

    beforeAll(async () => {
      let readings = 0;
      meter = await startSimulatedMeter({
        host: "127.0.0.1",
        port: 0,
        unitId: 1,
        values: () => {
          // A meter that stands still is doubted.
          const voltageV = 230 + (readings++ % 10) / 10;
          const currentA = carA().map((value) => value + BUILDING_A) as unknown as PerPhase;
          const powerW = currentA.map((value) => value * voltageV) as unknown as PerPhase;
          return { voltageV: [voltageV, voltageV, voltageV] as const, currentA, powerW, importWh: 0, exportWh: 0 };
        },
      });
      const text = JSON.stringify({
        site: { id: "phases", timeZone: "UTC", country: "BE" },
        gridConnection: { mainFuseA: 40, meter: "grid-meter", worstBuildingLoadA: 20 },
        chargePoints: [
          { id: "cp", leaseSeconds: 60, evses: [{ id: "a", maxCurrentA: 16, safeCurrentA: 6, phaseSwitching: true }] },
        ],
        devices: [
          {
            id: "grid-meter",
            role: "meter",
            profile: "eastron-sdm630",
            connection: { tcp: { host: "127.0.0.1", port: meter.port } },
          },
        ],
        // Beyond what costs nothing more a quarter-hour is dear: one phase of 6 A at least fits below, three do not.
        tariff: {
          import: { kind: "fixed", eurPerKwh: 0.3 },
          capacity: [{ name: "peak", floorKw: 2.5, eurPerKwMonth: 100 }],
        },
        charging: { defaultEnergyWh: 6000, defaultStayHours: 12 },
        ocpp: { host: "127.0.0.1", port: 0 },
        api: { host: "127.0.0.1", port: 0 },
        ledger: { directory },
      });
      const parsed = parseConfiguration(text, "phases");
      if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
      const options = { configurationHash: "", directory, clock, log: silentLog, simulated: true };
      site = await runSite({ configuration: parsed.configuration, ...options });
      station = new Station({
        ...{ id: "cp", protocol, voltageV: 230, clock },
        url: `ws://127.0.0.1:${site.ocppPort}/ocpp`,
        connectors: [
          { connector: 1, maxA: 16, registerWh: () => 1_000 + readings, socPercent: () => undefined, currentA: carA },
        ],
      });
      station.plug(1, "CAFE");
    }, PATIENCE_MS);
    afterAll(async () => {
      station?.close();
      await site?.close("test");
      await meter?.close();
      rmSync(directory, { recursive: true, force: true });
    });

    test("is told one phase and charges there, and all of them when its driver is in a hurry", async () => {
      await until(() => station!.offeredPhases(1) === 1 && station!.offeredA(1) >= 6);
      await until(async () => (await live()).evses[0]!.phasesInUse === 1);
      expect((await live()).evses[0]!.limitA).toBeGreaterThanOrEqual(6);
      const init = { method: "POST", headers: { "content-type": "application/json" }, body: '{"active":true}' };
      const answer = await fetch(`http://127.0.0.1:${site.apiPort}/api/v1/evses/a/override`, init);
      expect(answer.status).toBe(200);
      await until(async () => (await live()).evses[0]!.phasesInUse === 3 && station!.offeredA(1) === 16);
    });

    test("and when the controller is gone it falls back to its safe current on all phases", async () => {
      await site.close("test");
      await until(() => station!.offeredA(1) === 6 && station!.offeredPhases(1) === 3);
    });
  },
);

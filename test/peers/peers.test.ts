/**
 * Charge points of another make charge at the running controller and obey it: the Mobility House's `ocpp` package for
 * Python, in processes of their own, over real sockets; a simulated Modbus meter measures what they draw. Twenty times
 * real time. `pip install ocpp websockets`, for the python3 of PEER_PYTHON where that is another.
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parseConfiguration } from "../../src/app/configuration/configuration.ts";
import { silentLog } from "../../src/app/log.ts";
import { hashPassword } from "../../src/app/password.ts";
import { type RunningSite, runSite } from "../../src/app/run.ts";
import type { LiveSite } from "../../src/core/view/view.ts";
import { startSimulatedMeter } from "../../src/sim/servers/modbus-meter.ts";
import type { ModbusServer } from "../../src/sim/servers/modbus-server.ts";
import { until } from "../until.ts";
import { fastClock } from "./fast-clock.ts";

const PYTHON = process.env.PEER_PYTHON ?? "python3";
const HAS_PEER = spawnSync(PYTHON, ["-c", "import ocpp.v201, websockets"]).status === 0;
const STATION = fileURLToPath(new URL("./station.py", import.meta.url));
const SPEED = 20;
const FUSE_A = 35;
const PASSWORD = "a-peer-password";
const PEERS = [
  { id: "peer-16", version: "1.6" },
  { id: "peer-201", version: "2.0.1" },
] as const;

interface Said {
  readonly identity: string;
  readonly [field: string]: unknown;
}

class Peer {
  readonly said: Said[] = [];
  readonly id: string;
  readonly #child: ChildProcess;
  errors = "";
  #wake = () => {};

  constructor(id: string, version: string, port: number) {
    this.id = id;
    const url = `ws://127.0.0.1:${port}/ocpp/${id}`;
    this.#child = spawn(PYTHON, [STATION, version, url, PASSWORD, String(SPEED)]);
    createInterface({ input: this.#child.stdout! }).on("line", (line) => {
      this.said.push(JSON.parse(line));
      this.#wake();
    });
    this.#child.stderr!.on("data", (chunk) => {
      this.errors += chunk;
    });
  }
  get drawsA(): number {
    return Number(this.said.findLast((said) => said.drawsA !== undefined)?.drawsA ?? 0);
  }
  async until(what: (said: Said) => boolean): Promise<Said> {
    for (;;) {
      const found = this.said.find(what);
      if (found) return found;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
  unplug(): void {
    this.#child.stdin!.write("unplug\n");
  }
  close(): void {
    this.#child.kill("SIGKILL");
  }
}

async function configuration(meterPort: number, directory: string) {
  const passwordHash = await hashPassword(PASSWORD);
  return {
    site: { id: "peers", timeZone: "UTC", country: "NL" },
    gridConnection: { mainFuseA: FUSE_A, meter: "grid-meter", worstBuildingLoadA: 22 },
    chargePoints: PEERS.map(({ id }) => ({ id, passwordHash, evses: [{ id, maxCurrentA: 16, safeCurrentA: 6 }] })),
    devices: [
      {
        id: "grid-meter",
        role: "meter",
        profile: "eastron-sdm630",
        connection: { tcp: { host: "127.0.0.1", port: meterPort } },
      },
    ],
    tariff: { import: { kind: "fixed", eurPerKwh: 0.3 } },
    ocpp: { host: "127.0.0.1", port: 0 },
    api: { host: "127.0.0.1", port: 0 },
    ledger: { directory },
  };
}

describe.skipIf(!HAS_PEER)("charge points of another make (skipped without Python's ocpp and websockets)", () => {
  const directory = mkdtempSync(join(tmpdir(), "wattledger-peers-"));
  let buildingA = 4;
  let readings = 0;
  let peers: Peer[] = [];
  let meter: ModbusServer;
  let site: RunningSite;
  const gridA = () => buildingA + peers.reduce((sum, peer) => sum + peer.drawsA, 0);
  const api = (path: string) => `http://127.0.0.1:${site.apiPort}/api/v1${path}`;
  const live = async () => (await (await fetch(api("/site"))).json()) as LiveSite;

  beforeAll(async () => {
    meter = await startSimulatedMeter({
      host: "127.0.0.1",
      port: 0,
      unitId: 1,
      values: () => {
        // No real meter shows the same for ever: one that does counts as silent.
        readings += 1;
        const voltageV = 230 + (readings % 10) / 10;
        return {
          voltageV: [voltageV, voltageV, voltageV],
          currentA: [gridA(), gridA(), gridA()],
          powerW: [voltageV * gridA(), voltageV * gridA(), voltageV * gridA()],
          importWh: 0,
          exportWh: 0,
        };
      },
    });
    const text = JSON.stringify(await configuration(meter.port, directory));
    const parsed = parseConfiguration(text, "peers");
    if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
    site = await runSite({
      configuration: parsed.configuration,
      configurationHash: "",
      directory,
      clock: fastClock(SPEED),
      log: silentLog,
      simulated: true,
    });
    peers = PEERS.map(({ id, version }) => new Peer(id, version, site.ocppPort));
  });
  afterAll(async () => {
    for (const peer of peers) peer.close();
    await site?.close("test");
    await meter?.close();
    rmSync(directory, { recursive: true, force: true });
  });

  test("boot, are authorised, start a transaction, and get the full current that the fuse bears", async () => {
    for (const peer of peers) {
      await peer.until(({ booted }) => booted === "Accepted");
      await peer.until(({ token }) => token === "Accepted");
      // What is cheapest is the plan's business; here it is about who obeys.
      const body = JSON.stringify({ active: true });
      const headers = { "content-type": "application/json" };
      expect((await fetch(api(`/evses/${peer.id}/override`), { method: "POST", headers, body })).status).toBe(200);
    }
    await until(() => peers.every(({ drawsA }) => drawsA >= 14));
    expect(gridA()).toBeLessThanOrEqual(FUSE_A);
    const { evses } = await live();
    expect(evses.map(({ status }) => status)).toEqual(["charging", "charging"]);
    for (const { errors } of peers) expect(errors).toBe("");
  });

  test("obey when a load in the building overloads the fuse, by profiles that end by themselves", async () => {
    buildingA = 20;
    expect(gridA()).toBeGreaterThan(FUSE_A);
    await until(() => gridA() <= FUSE_A);
    const { evses } = await live();
    expect(evses.every(({ limitA }) => limitA < 16)).toBe(true);
    for (const peer of peers) {
      const profiles = peer.said.filter(({ told, purpose }) => told === "profile" && purpose === "TxProfile");
      expect(profiles.length).toBeGreaterThan(1);
      expect(profiles.every(({ durationS, periods }) => Number(durationS) > 0 && Number(periods) > 1)).toBe(true);
      expect(peer.said.some(({ told, purpose }) => told === "profile" && purpose === "TxDefaultProfile")).toBe(true);
    }
  });

  test("answer the commands of the operator", async () => {
    for (const { id } of PEERS) {
      for (const command of [
        { type: "trigger", message: "status" },
        { type: "unlock", connector: 1 },
        { type: "change-availability", connector: 1, operative: true },
      ]) {
        const answer = await fetch(api(`/charge-points/${id}/commands`), {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify(command),
        });
        expect(await answer.json()).toMatchObject({ status: "accepted" });
      }
    }
  });

  test("end their sessions, whose energy is what their meters say", async () => {
    for (const peer of peers) peer.unplug();
    for (const peer of peers) await peer.until(({ stoppedWh }) => stoppedWh !== undefined);
    const ended = async () => {
      const { sessions } = (await (await fetch(api("/sessions?open=false"))).json()) as {
        sessions: { evseId: string; energyWh: number; stopReason: string }[];
      };
      return sessions;
    };
    await until(async () => (await ended()).length === 2);
    for (const { evseId, energyWh, stopReason } of await ended()) {
      const peer = peers.find(({ id }) => id === evseId)!;
      expect(energyWh).toBe(Number(peer.said.at(-1)!.stoppedWh) - 5000);
      expect(stopReason).toBe("EVDisconnected");
    }
    for (const { errors } of peers) expect(errors).toBe("");
  });
});

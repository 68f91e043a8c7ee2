/** A controller in a process of its own on a site of simulated meters, for what cannot be seen from inside. */
import { type ChildProcess, fork } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Envelope } from "../src/core/facts/fact.ts";
import type { LiveSite } from "../src/core/view/view.ts";
import { startSimulatedMeter } from "../src/sim/servers/modbus-meter.ts";
import type { ModbusServer } from "../src/sim/servers/modbus-server.ts";
import { freePort } from "./free-port.ts";
import { until } from "./until.ts";

const BIN = fileURLToPath(new URL("../bin/wattledger.mjs", import.meta.url));
const HOST = "127.0.0.1";

function meterOf(currentA: () => number): Promise<ModbusServer> {
  const phases = (value: number) => [value, value, value] as const;
  const values = () => ({
    voltageV: phases(230),
    currentA: phases(currentA()),
    powerW: phases(230 * currentA()),
    importWh: 1_000,
    exportWh: 0,
  });
  return startSimulatedMeter({ host: HOST, port: 0, unitId: 1, values });
}

export interface ChildSiteOptions {
  /** The program; wattledger's own without one. It is told `run --config site.yaml`. */
  readonly program?: string;
  readonly chargePoints?: readonly string[];
  /** By charge point; without one it is let in without a password. */
  readonly passwordHashes?: Readonly<Record<string, string>>;
  readonly tariff?: object;
  readonly more?: object;
}

/** A site with a grid meter and a garage meter, each on a line of its own; both read `currentA` on all phases. */
export class ChildSite {
  readonly directory = mkdtempSync(join(tmpdir(), "wattledger-child-"));
  readonly output: string[] = [];
  currentA = 5;
  apiPort = 0;
  ocppPort = 0;
  child!: ChildProcess;
  /** Resolves with code or signal when the process ended. */
  ended!: Promise<number | string>;
  readonly #options: ChildSiteOptions;
  #meters: ModbusServer[] = [];

  constructor(options: ChildSiteOptions = {}) {
    this.#options = options;
  }

  /** Meters, ports and site.yaml, without a controller. */
  async prepare(): Promise<this> {
    this.#meters = [await meterOf(() => this.currentA), await meterOf(() => this.currentA)];
    [this.apiPort, this.ocppPort] = [await freePort(), await freePort()];
    // YAML takes JSON.
    writeFileSync(join(this.directory, "site.yaml"), JSON.stringify(this.#configuration()));
    return this;
  }

  async start(): Promise<this> {
    await this.prepare();
    this.run();
    const healthy = until(async () => (await fetch(this.url("/healthz"))).ok);
    await Promise.race([healthy, this.ended]);
    if (this.child.exitCode !== null) throw new Error(`It was not started: ${this.output.join("")}`);
    await healthy;
    return this;
  }

  /** Host and port of the garage meter's line. */
  get garageLine(): string {
    return `${HOST}:${this.#meters[1]!.port}`;
  }

  /** Starts the process; on the ledger of the one before, where there was one. */
  run(): void {
    this.child = fork(this.#options.program ?? BIN, ["run", "--config", "site.yaml"], {
      cwd: this.directory,
      stdio: ["ignore", "pipe", "pipe", "ipc"],
      execArgv: [],
    });
    for (const stream of [this.child.stdout!, this.child.stderr!])
      stream.setEncoding("utf8").on("data", (text: string) => this.output.push(text));
    this.ended = new Promise((resolve) => this.child.once("exit", (code, signal) => resolve(code ?? signal ?? "?")));
  }

  #configuration() {
    const { chargePoints = [], passwordHashes = {}, tariff, more } = this.#options;
    const device = (id: string, index: number) => ({
      id,
      role: "meter",
      profile: "eastron-sdm630",
      connection: { tcp: { host: HOST, port: this.#meters[index]!.port } },
      pollMs: 250,
    });
    return {
      site: { id: "child", timeZone: "UTC", country: "NL" },
      gridConnection: { mainFuseA: 63 + 10 * chargePoints.length, meter: "grid-meter", worstBuildingLoadA: 10 },
      circuits: [{ id: "garage", fuseA: 40 + 10 * chargePoints.length, meter: "garage-meter" }],
      chargePoints: chargePoints.map((id) => ({
        id,
        passwordHash: passwordHashes[id],
        evses: [{ id: `evse-${id}`, circuit: "garage", safeCurrentA: 6, maxCurrentA: 16 }],
      })),
      devices: [device("grid-meter", 0), device("garage-meter", 1)],
      tariff: tariff ?? { import: { kind: "fixed", eurPerKwh: 0.3 } },
      ocpp: { host: HOST, port: this.ocppPort },
      api: { host: HOST, port: this.apiPort },
      ...more,
    };
  }

  url(path: string): string {
    return `http://${HOST}:${this.apiPort}${path}`;
  }

  async live(): Promise<LiveSite> {
    return (await (await fetch(this.url("/api/v1/site"))).json()) as LiveSite;
  }

  /** All facts, or those of a type. */
  async events(type?: string): Promise<Envelope[]> {
    const all: Envelope[] = [];
    for (let more = true; more; ) {
      const answer = await fetch(this.url(`/api/v1/events?after=${all.length}&limit=1000`));
      const { events } = (await answer.json()) as { events: Envelope[] };
      all.push(...events);
      more = events.length === 1000;
    }
    return all.filter((event) => type === undefined || event.type === type);
  }

  async metric(name: string): Promise<number> {
    const text = await (await fetch(this.url("/metrics"))).text();
    return Number(new RegExp(`^${name} (.+)$`, "m").exec(text)?.[1]);
  }

  /** The garage meter is gone. */
  async closeGarageMeter(): Promise<void> {
    await this.#meters.pop()?.close();
  }

  async close(): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) this.child.kill("SIGKILL");
    await this.ended;
    for (const meter of this.#meters) await meter.close();
    rmSync(this.directory, { recursive: true, force: true });
  }
}

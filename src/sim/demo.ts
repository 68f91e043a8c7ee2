/**
 * The demonstration that `npm start` drives when no site is configured: a building whose devices answer on real
 * sockets, in real time, on measured input. In the first two minutes a car comes, a load overloads a phase, a car goes.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Clock, Log } from "../core/ports.ts";
import { type PhaseIndex, phaseIndex } from "../core/quantity.ts";
import { type MeasuredSession, measuredWeek } from "./data.ts";
import { type DemoControls, startDemoControls } from "./demo/control-server.ts";
import { type DemoDay, demoDay, pricesCsv, sessionsAround } from "./demo/day.ts";
import {
  BATTERY_W,
  BATTERY_WH,
  BUILDING_MEAN_W,
  DEMO_STALLS,
  type DemoStall,
  demoConfiguration,
  GUESTS,
  PV_PEAK_W,
  SILENT_STALL,
  VOLTAGE_V,
} from "./demo/layout.ts";
import { Battery } from "./models/battery.ts";
import { Building } from "./models/building.ts";
import { Car } from "./models/car.ts";
import { WiredSite } from "./models/site.ts";
import { startSimulatedHybrid } from "./servers/modbus-hybrid.ts";
import { startSimulatedMeter } from "./servers/modbus-meter.ts";
import { Station } from "./servers/station.ts";

export interface DemoOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly host: string;
  /** Where the price file is written. */
  readonly directory: string;
  readonly ports: {
    readonly meter: number;
    readonly garageMeter: number;
    readonly hybrid: number;
    readonly control: number;
    readonly ocpp: number;
    readonly api: number;
  };
  readonly hashPassword: (secret: string) => Promise<string>;
}

export interface DemoSite {
  /** In the shape of a site.yaml. */
  readonly configuration: unknown;
  readonly controlPort: number;
  readonly meterPort: number;
  /** Connects the charge points; `apiPort` is where drivers state their wishes. */
  connect(where: { readonly ocppPort: number; readonly apiPort: number }): void;
  describe(): readonly string[];
  close(): Promise<void>;
}

const DEMO_PASSWORD = "demo-password";
const STEP_MS = 250;
/** Seconds after the start: a car comes, a load for a while, a car goes. */
const SCRIPT = { arrivalS: 15, loadS: 45, loadForS: 40, loadW: 12_000, departureS: 90 } as const;
/** Drivers who want to leave soon: what the measured ones said of their departure was often wrong. */
const HURRIED = new Set(["stall-1", "stall-5", "stall-6", "stall-7"]);
/** Drivers who say nothing until somebody opens the page of their EVSE. */
const SILENT = new Set([SILENT_STALL, "stall-8"]);
const CARS_AT_START = 6;
/** One car is announced: the first that comes so long after the start, and for this EVSE. */
const ANNOUNCED = { aheadS: 3 * 3600, evseId: "stall-8" } as const;

class Demo {
  readonly #options: DemoOptions;
  readonly #day: DemoDay;
  readonly #startMs: number;
  readonly #wired: WiredSite;
  readonly #battery: Battery;
  readonly #stations = new Map<string, Station>();
  readonly #cancels: (() => void)[] = [];
  #apiPort = 0;

  constructor(options: DemoOptions) {
    this.#options = options;
    this.#startMs = options.clock.wallMs();
    this.#day = demoDay(this.#startMs);
    this.#battery = new Battery(
      {
        capacityWh: BATTERY_WH,
        maxChargeW: BATTERY_W,
        maxDischargeW: BATTERY_W,
        minEnergyWh: 0.1 * BATTERY_WH,
        efficiency: 0.95,
      },
      0.45 * BATTERY_WH,
    );
    const week = measuredWeek();
    this.#wired = new WiredSite({
      voltageV: VOLTAGE_V,
      evses: DEMO_STALLS.map((stall) => ({
        id: stall.evseId,
        circuitPath: stall.circuit === "garage" ? ["garage", "grid"] : ["grid"],
        phases: stall.phases.map(phaseIndex),
      })),
      building: new Building((atMs) => BUILDING_MEAN_W * (week.loadPerMean[this.#day.slotOf(atMs)] ?? 1)),
      pvW: (atMs) => (PV_PEAK_W / 1000) * (week.pvWPerKwp[this.#day.slotOf(atMs)] ?? 0),
      battery: this.#battery,
      offeredA: (evseId) => this.#offeredA(evseId),
    });
    for (const [index, stall] of DEMO_STALLS.entries())
      this.#wired.setRegister(stall.evseId, 1_000_000 + 123_456 * index);
    this.#wired.step(this.#startMs, 0.001);
  }

  get day(): DemoDay {
    return this.#day;
  }

  get wired(): WiredSite {
    return this.#wired;
  }

  hybridValues() {
    return {
      pvPowerW: this.#wired.pvW,
      pvEnergyWh: 25_000_000 + this.#wired.pvWh,
      batteryPowerW: this.#battery.powerW,
      socPercent: this.#battery.socPercent,
      maxBatteryPowerW: BATTERY_W,
    };
  }

  limitPv(limitW: number | undefined, seconds: number): void {
    this.#wired.limitPv(limitW, this.#options.clock.wallMs() + seconds * 1000);
  }

  commandBattery(powerW: number | undefined, seconds: number): void {
    this.#battery.command(powerW, seconds);
  }

  #offeredA(evseId: string): number {
    const stall = DEMO_STALLS.find((entry) => entry.evseId === evseId)!;
    return this.#stations.get(stall.chargePointId)?.offeredA(stall.connector) ?? 0;
  }

  connect(where: { readonly ocppPort: number; readonly apiPort: number }): void {
    this.#apiPort = where.apiPort;
    for (const id of new Set(DEMO_STALLS.map((stall) => stall.chargePointId))) {
      const stalls = DEMO_STALLS.filter((stall) => stall.chargePointId === id);
      this.#stations.set(
        id,
        new Station({
          id,
          protocol: stalls[0]!.protocol,
          url: `ws://${this.#options.host}:${where.ocppPort}/ocpp`,
          password: DEMO_PASSWORD,
          clock: this.#options.clock,
          voltageV: VOLTAGE_V,
          connectors: stalls.map((stall) => ({
            connector: stall.connector,
            maxA: 16,
            currentA: () => this.#wired.evseCurrentA(stall.evseId),
            registerWh: () => this.#wired.registerWh(stall.evseId),
            socPercent: () => this.#wired.car(stall.evseId)?.socPercent,
          })),
        }),
      );
    }
    this.#live();
  }

  #live(): void {
    const { clock } = this.#options;
    let lastMonoMs = clock.monoMs();
    const step = () => {
      const seconds = (clock.monoMs() - lastMonoMs) / 1000;
      lastMonoMs = clock.monoMs();
      this.#wired.step(clock.wallMs(), seconds);
    };
    this.#cancels.push(clock.every(STEP_MS, "demo-physics", step));
    const { present, coming } = sessionsAround(this.#day.secondsOf(this.#startMs));
    for (const [index, session] of present.slice(0, CARS_AT_START).entries()) {
      this.#at(1 + index * 0.5, () => this.arrive(DEMO_STALLS[index]!, session));
    }
    this.#at(SCRIPT.arrivalS, () => this.arrive(DEMO_STALLS[CARS_AT_START]!, coming[0] ?? present[0]!));
    this.#at(SCRIPT.loadS, () => this.addLoad(1, SCRIPT.loadW, SCRIPT.loadForS));
    this.#at(SCRIPT.departureS, () => this.leave(DEMO_STALLS[1]!));
    const inS = ({ arrivalS }: MeasuredSession) => arrivalS - this.#day.secondsOf(this.#startMs);
    const later = coming.slice(1).filter((session) => inS(session) > SCRIPT.departureS && inS(session) < 86_400);
    const announced = later.find((session) => inS(session) > ANNOUNCED.aheadS);
    for (const session of later) {
      const evseId = session === announced ? ANNOUNCED.evseId : undefined;
      this.#at(inS(session), () => this.#arriveAnywhere(session, evseId));
    }
    if (announced) this.#at(1, () => void this.#announce(announced, inS(announced)));
  }

  /** Its driver says beforehand what the measured driver said. */
  async #announce(session: MeasuredSession, inS: number): Promise<void> {
    const staysS = (session.statedDepartureS ?? session.departureS) - session.arrivalS;
    await this.#put("visits/demo", {
      evseId: ANNOUNCED.evseId,
      arrivalMs: Math.round(this.#startMs + inS * 1000),
      departureMs: Math.round(this.#startMs + (inS + Math.max(1800, staysS)) * 1000),
      energyWh: Math.round(session.requestedWh ?? session.energyWh),
    });
  }

  #at(seconds: number, run: () => void): void {
    this.#cancels.push(this.#options.clock.after(seconds * 1000, "demo-script", run));
  }

  /** At the stall that was said, where it is free; nobody else comes to that one. */
  #arriveAnywhere(session: MeasuredSession, evseId?: string): void {
    const allFree = DEMO_STALLS.filter((stall) => !this.#wired.car(stall.evseId));
    const said = allFree.find((stall) => stall.evseId === evseId);
    const free = said ?? allFree.find((stall) => stall.evseId !== ANNOUNCED.evseId);
    if (free) this.arrive(free, session);
  }

  /** A car with the energy need of a measured session; it leaves when the measured one left. */
  arrive(stall: DemoStall, session: MeasuredSession): void {
    const capacityWh = 64_000;
    const needWh = Math.min(session.requestedWh ?? session.energyWh, 0.8 * capacityWh);
    const car = new Car({
      capacityWh,
      energyWh: capacityWh - Math.max(needWh, session.energyWh, 6_000),
      phases: stall.carPhases,
      maxCurrentA: 16,
      obeySeconds: 2,
      rampAPerS: 6,
    });
    this.#wired.plugIn(stall.evseId, car);
    this.#stations.get(stall.chargePointId)?.plug(stall.connector, `DEMO${stall.evseId.replace("stall-", "000")}`);
    const staysS = session.departureS - this.#day.secondsOf(this.#options.clock.wallMs());
    this.#at(Math.max(600, staysS), () => this.leave(stall));
    this.#at(2, () => void this.#stateWish(stall, session, needWh));
  }

  /** The driver says what the measured driver said, over the API like anyone else. */
  async #stateWish(stall: DemoStall, session: MeasuredSession, needWh: number): Promise<void> {
    if (session.statedDepartureS === undefined || SILENT.has(stall.evseId)) return;
    const nowMs = this.#options.clock.wallMs();
    const departureMs = nowMs + Math.max(1800, session.statedDepartureS - this.#day.secondsOf(nowMs)) * 1000;
    await this.#put(`evses/${stall.evseId}/wish`, {
      energyWh: Math.round(needWh),
      departureMs: Math.round(departureMs),
      preference: HURRIED.has(stall.evseId) ? "fast" : "regular",
    });
  }

  async #put(path: string, body: object): Promise<void> {
    if (this.#apiPort === 0) return;
    await fetch(`http://${this.#options.host}:${this.#apiPort}/api/v1/${path}`, {
      method: "PUT",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(5_000),
    }).catch(() => undefined);
  }

  leave(stall: DemoStall): boolean {
    if (!this.#wired.unplug(stall.evseId)) return false;
    this.#stations.get(stall.chargePointId)?.unplug(stall.connector);
    return true;
  }

  plug(evseId: string): boolean {
    const stall = DEMO_STALLS.find((entry) => entry.evseId === evseId);
    if (!stall || this.#wired.car(evseId)) return false;
    this.arrive(
      stall,
      sessionsAround(this.#day.secondsOf(this.#options.clock.wallMs())).present[0] ?? measuredWeek().sessions[0]!,
    );
    return true;
  }

  addLoad(phase: PhaseIndex, powerW: number, seconds: number): void {
    this.#wired.addLoad({ phase, powerW, untilMs: this.#options.clock.wallMs() + seconds * 1000 });
  }

  close(): void {
    for (const cancel of this.#cancels.splice(0)) cancel();
    for (const station of this.#stations.values()) station.close();
  }
}

function helpText(controlPort: () => number): readonly string[] {
  const at = `http://127.0.0.1:${controlPort()}`;
  return [
    "The simulated site takes these:",
    `  curl -X POST ${at}/meter/stop            the smart meter dies (and /meter/start)`,
    // Not on the phase of the script's own load: both together are more than the fuse bears without any car.
    `  curl -X POST '${at}/load?phase=3&watts=9000&seconds=60'   a load in the building`,
    `  curl -X POST ${at}/evses/stall-8/plug    a car comes (and /unplug)`,
    `Charge points of other makes may connect as ${GUESTS.join(" or ")} with the password ${DEMO_PASSWORD};`,
    "their current is not part of the simulated meter.",
  ];
}

/** Starts the devices; the charge points come when `connect` says where. */
export async function startDemoSite(options: DemoOptions): Promise<DemoSite> {
  const { host, ports, directory } = options;
  const demo = new Demo(options);
  const modbus = { host, unitId: 1 };
  const meter = await startSimulatedMeter({ ...modbus, port: ports.meter, values: () => demo.wired.meter("grid") });
  const garageMeter = await startSimulatedMeter({
    ...modbus,
    port: ports.garageMeter,
    values: () => demo.wired.meter("garage"),
  });
  const hybrid = await startSimulatedHybrid({
    ...modbus,
    port: ports.hybrid,
    values: () => demo.hybridValues(),
    onBatteryCommand: (powerW, seconds) => demo.commandBattery(powerW, seconds),
    onPvLimit: (limitW, seconds) => demo.limitPv(limitW, seconds),
  });
  let controlPort = ports.control;
  const controls: DemoControls = {
    describe: () => helpText(() => controlPort),
    stopMeter: () => meter.stop(),
    startMeter: () => meter.start(),
    addLoad: ({ phase, watts, seconds }) => demo.addLoad((phase - 1) as PhaseIndex, watts, seconds),
    plug: (evseId) => demo.plug(evseId),
    unplug: (evseId) => {
      const stall = DEMO_STALLS.find((entry) => entry.evseId === evseId);
      return stall !== undefined && demo.leave(stall);
    },
  };
  const control = await startDemoControls({ host, port: ports.control, controls });
  controlPort = control.port;
  const pricesFile = join(directory, "demo-prices.csv");
  writeFileSync(pricesFile, pricesCsv(demo.day, options.clock.wallMs()));
  const addresses = {
    host,
    meterPort: meter.port,
    garageMeterPort: garageMeter.port,
    hybridPort: hybrid.port,
    ocppPort: ports.ocpp,
    apiPort: ports.api,
  };
  const passwordHash = await options.hashPassword(DEMO_PASSWORD);
  return {
    configuration: demoConfiguration(addresses, { passwordHash, day: demo.day, pricesFile }),
    controlPort,
    meterPort: meter.port,
    connect: (where) => demo.connect(where),
    describe: controls.describe,
    async close() {
      demo.close();
      await Promise.all([meter.close(), garageMeter.close(), hybrid.close(), control.close()]);
    },
  };
}

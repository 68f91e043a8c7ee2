/** A whole site in virtual time: the real controller behind its ports, simulated cars and wires in front of them. */

import { parseConfiguration } from "../src/app/configuration/configuration.ts";
import { silentLog } from "../src/app/log.ts";
import { Recorder } from "../src/app/recording/recorder.ts";
import { Controller } from "../src/app/tick/controller.ts";
import type { ChargePointCommand, CommandResult, LimitSchedule } from "../src/core/charge-point-input.ts";
import type { SiteFact } from "../src/core/facts/index.ts";
import type { MeterReading } from "../src/core/image.ts";
import type { Prices, Solver } from "../src/core/ports.ts";
import { type PerPhase, phaseIndex } from "../src/core/quantity.ts";
import { type SiteModel, siteModel } from "../src/core/site/site-model.ts";
import { evolve, initialState } from "../src/core/state/state.ts";
import { ruleBasedPlan } from "../src/planner/rules/rules.ts";
import { Building } from "../src/sim/models/building.ts";
import { Car } from "../src/sim/models/car.ts";
import { WiredSite } from "../src/sim/models/site.ts";
import { settle, VirtualClock } from "../src/sim/virtual-clock.ts";
import { MemoryLedger } from "./memory-ledger.ts";
import { configurationOf, type RigOptions } from "./rig-configuration.ts";

const START_MS = Date.UTC(2026, 5, 10, 12, 2);
const VOLTAGE = 230;
const ACCEPTED: CommandResult = { status: "accepted", detail: "" };

interface RigEvse {
  schedule?: LimitSchedule;
  /** When that began; a charge point has a clock of its own. */
  scheduleMonoMs: number;
  safeA: number;
  transactionId?: number;
  online: boolean;
  /** Ignores limits. */
  disobeys: boolean;
  readonly mute: boolean;
  sampledS: number;
}

/** A solver that plans by rules: stories about the guard do not depend on GLPK. */
const ruleSolver: Solver = { solve: async (input) => ruleBasedPlan(input, "rig"), close: async () => {} };
const prices: Prices = { importEurPerKwh: () => 0.3, exportEurPerKwh: () => 0.08 };

export class SiteRig {
  readonly clock = new VirtualClock(START_MS);
  readonly ledger = new MemoryLedger();
  readonly wired: WiredSite;
  readonly commands: { readonly second: number; readonly command: ChargePointCommand }[] = [];
  controller: Controller;
  recorder!: Recorder;
  model!: SiteModel;
  second = 0;
  /** Ticks that went through to their end. */
  completedTicks = 0;
  /** Every tick fails near its end from now on. */
  tickBreaks = false;
  /** What the tape was given last. */
  sample: Readonly<Record<string, number>> = {};
  readonly meters = new Set(["grid-meter", "garage-meter"]);
  /** What the grid meter tells instead of the truth. */
  lie: (reading: MeterReading) => MeterReading = (reading) => reading;
  #options: RigOptions;
  readonly #evses = new Map<string, RigEvse>();
  #extraA: PerPhase = [0, 0, 0];

  constructor(options: RigOptions) {
    this.#options = options;
    for (const stall of options.stalls)
      this.#evses.set(stall.id, {
        safeA: stall.safeCurrentA ?? 6,
        online: true,
        disobeys: false,
        mute: stall.mute ?? false,
        sampledS: -1000,
        scheduleMonoMs: 0,
      });
    const idle = new Building(() => 0, []);
    this.wired = new WiredSite({
      voltageV: VOLTAGE,
      evses: options.stalls.map((stall) => ({
        id: stall.id,
        circuitPath: stall.circuit === "garage" ? ["garage", "grid"] : ["grid"],
        phases: (stall.phases ?? ["L1", "L2", "L3"]).map(phaseIndex),
      })),
      building: Object.assign(idle, { powerW: () => this.#buildingW() }),
      pvW: () => 0,
      offeredA: (id) => this.offeredA(id),
    });
    this.controller = this.#controller();
  }

  #controller(): Controller {
    const parsed = parseConfiguration(JSON.stringify(configurationOf(this.#options)), "rig");
    if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems[0]));
    const site = siteModel(parsed.configuration);
    this.model = site;
    const { clock, ledger } = this;
    const state = ledger.facts.reduce(evolve, initialState());
    const recorder = new Recorder({ ledger, state, boot: `boot-${this.second}`, clock, log: silentLog });
    this.recorder = recorder;
    const write = (_: number, __: number, samples: Readonly<Record<string, number>>) => {
      this.sample = samples;
      if (this.tickBreaks) throw new Error("a tick that breaks off");
    };
    const tape = { write, flush() {}, close() {} };
    const controller = new Controller({
      site,
      recorder,
      tape,
      clock,
      log: this.#options.log ?? silentLog,
      prices,
      solver: this.#options.solver ?? ruleSolver,
      simulated: true,
      onTick: () => {
        this.completedTicks++;
      },
    });
    controller.attach({
      chargePoints: { send: (command) => this.#send(command), close: async () => {} },
      devices: { setBattery: async () => ACCEPTED, limitPv: async () => ACCEPTED, close: async () => {} },
    });
    return controller;
  }

  #buildingW(): PerPhase {
    const [l1, l2, l3] = this.#options.buildingA?.(this.second) ?? [5, 5, 5];
    return [(l1 + this.#extraA[0]) * VOLTAGE, (l2 + this.#extraA[1]) * VOLTAGE, (l3 + this.#extraA[2]) * VOLTAGE];
  }

  /** A load on top of the building, A. */
  load(currentA: PerPhase): void {
    this.#extraA = currentA;
  }

  offeredA(id: string): number {
    const evse = this.#evses.get(id)!;
    if (evse.disobeys) return 16;
    const { schedule } = evse;
    const elapsedS = (this.clock.monoMs() - evse.scheduleMonoMs) / 1000;
    if (!schedule || elapsedS >= schedule.durationS) return evse.safeA;
    const { periods, halfway } = schedule;
    const currentA = periods.findLast((period) => period.offsetS <= elapsedS)?.currentA ?? evse.safeA;
    return halfway && elapsedS >= halfway.offsetS ? Math.min(currentA, halfway.currentA) : currentA;
  }

  /** What a charge point says to a command, where that is not that it accepts it. */
  onCommand: (command: ChargePointCommand) => CommandResult | undefined | Promise<CommandResult> = () => undefined;

  async #send(command: ChargePointCommand): Promise<CommandResult> {
    const stall = command.chargePointId.slice(3);
    const evse = this.#evses.get(stall)!;
    this.commands.push({ second: this.second, command });
    if (!evse.online) return { status: "offline", detail: "" };
    const result = await this.onCommand(command);
    if (result) return result;
    if (command.type === "set-limit") {
      evse.schedule = command.schedule;
      evse.scheduleMonoMs = this.clock.monoMs() - (this.clock.wallMs() - command.schedule.startMs);
    }
    if (command.type === "install-safe-default") evse.safeA = command.currentA;
    return ACCEPTED;
  }

  async connectAll(): Promise<void> {
    for (const id of this.#evses.keys()) await this.connect(id);
  }

  async connect(id: string): Promise<void> {
    this.#evses.get(id)!.online = true;
    await this.controller.handle({ type: "connected", chargePointId: `cp-${id}`, protocol: "rig", remote: "" });
  }

  async disconnect(id: string): Promise<void> {
    this.#evses.get(id)!.online = false;
    await this.controller.handle({ type: "disconnected", chargePointId: `cp-${id}`, reason: "cable" });
  }

  disobey(id: string, disobeys = true): void {
    this.#evses.get(id)!.disobeys = disobeys;
  }

  async plugIn(
    id: string,
    car: { phases?: 1 | 3; maxCurrentA?: number; obeySeconds?: number; token?: string; override?: boolean } = {},
  ): Promise<void> {
    const { phases = 3, maxCurrentA = 16, obeySeconds = 2, token, override = true } = car;
    this.wired.plugIn(
      id,
      new Car({ capacityWh: 80_000, energyWh: 10_000, phases, maxCurrentA, obeySeconds, rampAPerS: 8, tapers: false }),
    );
    const meterStartWh = Math.round(this.wired.registerWh(id));
    const input = { chargePointId: `cp-${id}`, connector: 1 } as const;
    await this.controller.handle({ type: "status", ...input, status: "charging" });
    const answer = await this.controller.handle({
      type: "transaction-started",
      ...input,
      meterStartWh,
      ...(token === undefined ? {} : { token }),
      atMs: this.clock.wallMs(),
      replayed: false,
    });
    this.#evses.get(id)!.transactionId = answer.transactionId!;
    if (override)
      await this.controller.record([
        { type: "override-changed", source: "test", data: { evseId: id, active: true, by: "test" } },
      ]);
  }

  async unplug(id: string): Promise<void> {
    const evse = this.#evses.get(id)!;
    this.wired.unplug(id);
    delete evse.schedule;
    await this.controller.handle({
      type: "transaction-ended",
      chargePointId: `cp-${id}`,
      transactionId: evse.transactionId!,
      meterStopWh: Math.round(this.wired.registerWh(id)),
      atMs: this.clock.wallMs(),
      reason: "EVDisconnected",
      replayed: false,
    });
  }

  /** Lives for so many seconds; `each` looks at every one of them after the tick. */
  async run(seconds: number, each: () => void = () => {}): Promise<void> {
    for (let step = 0; step < seconds; step++) {
      this.second++;
      await this.clock.advance(1000);
      this.wired.step(this.clock.wallMs(), 1);
      const lived = this.#report().then(() => this.controller.tick());
      if (this.ledger.isHeld) {
        await settle();
        void this.controller.tick();
      } else await lived;
      each();
    }
  }

  /** The process stands still while the world goes on. */
  async standStill(seconds: number, each: () => void = () => {}): Promise<void> {
    for (let step = 0; step < seconds; step++) {
      this.second++;
      await this.clock.advance(1000);
      this.wired.step(this.clock.wallMs(), 1);
      each();
    }
  }

  async #report(): Promise<void> {
    const atMonoMs = this.clock.monoMs();
    for (const [deviceId, circuit] of [
      ["grid-meter", "grid"],
      ["garage-meter", "garage"],
    ] as const) {
      if (!this.meters.has(deviceId)) continue;
      const { powerW, currentA } = this.wired.meter(circuit);
      const reading = { deviceId, atMonoMs, powerW: powerW[0] + powerW[1] + powerW[2], currentA };
      this.controller.sink.meter(deviceId === "grid-meter" ? this.lie(reading) : reading);
    }
    for (const [id, evse] of this.#evses) {
      if (
        !evse.online ||
        evse.mute ||
        evse.transactionId === undefined ||
        this.second - evse.sampledS < (this.#options.sampleEveryS ?? 10)
      )
        continue;
      evse.sampledS = this.second;
      const currentA = this.wired.evseCurrentA(id);
      const powerW = (currentA[0] + currentA[1] + currentA[2]) * VOLTAGE;
      const sample = { atMs: this.clock.wallMs(), currentA, powerW, energyWh: Math.round(this.wired.registerWh(id)) };
      await this.controller.handle({ type: "metered", chargePointId: `cp-${id}`, connector: 1, samples: [sample] });
    }
  }

  /** The controller dies and is started again from the ledger. */
  restart(): void {
    this.controller = this.#controller();
  }

  /** The same with another configuration. */
  reconfigure(changes: Partial<RigOptions>): void {
    this.#options = { ...this.#options, ...changes };
    this.restart();
  }

  gridA(): PerPhase {
    return this.wired.meter("grid").currentA;
  }

  limitA(id: string): number {
    return this.controller.decisions().find((decision) => decision.evseId === id)!.currentA;
  }

  reason(id: string) {
    return this.controller.decisions().find((decision) => decision.evseId === id)!.reason;
  }

  facts<T extends SiteFact["type"]>(type: T): Extract<SiteFact, { type: T }>[] {
    return this.ledger.facts.filter((fact) => fact.type === type) as Extract<SiteFact, { type: T }>[];
  }
}

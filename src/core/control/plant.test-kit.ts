/**
 * A small virtual site for the tests of the control step: a building, cars that obey after a while, charge points that
 * hold leases, meters that lag, and a checker that watches the true currents. It knows nothing of how the guard works.
 */
import type { ChargePointCommand } from "../charge-point-input.ts";
import type { SiteDraft, SiteFact } from "../facts/index.ts";
import type { EvseReading, MeterReading, ProcessImage } from "../image.ts";
import { type PerPhase, PHASE_INDEXES, type PhaseIndex } from "../quantity.ts";
import type { SiteModel } from "../site/site-model.ts";
import { evolve, initialState, type SiteState } from "../state/state.ts";
import type { ControlInput, ControlStep, EvseDecision } from "./control.ts";
import { PlantBatteries } from "./plant-batteries.test-kit.ts";
import { type CarOptions, givenPhases, liveCar, offeredA, type Station } from "./plant-station.test-kit.ts";
import { VOLTAGE_V } from "./site.test-kit.ts";
import { type ControlMemory, controlStep, initialControlMemory } from "./step.ts";

export const START_MS = Date.UTC(2026, 5, 3, 8, 0, 0);

export type Step = (input: ControlInput, memory: ControlMemory) => ControlStep<ControlMemory>;

export interface PlantOptions {
  readonly site: SiteModel;
  /** Load of the building, A by phase, at a second; by circuit, its own loads only. PV makes it negative. */
  readonly building?: (second: number) => PerPhase;
  readonly circuitLoads?: Readonly<Record<string, (second: number) => PerPhase>>;
  /** Grid phases of its batteries; left out: all. */
  readonly batteryPhases?: readonly PhaseIndex[];
  readonly meterEveryS?: number;
  readonly commandDelayS?: number;
  /** The step under test; a mutant shows that the checker notices. */
  readonly step?: Step;
}

const NONE: PerPhase = [0, 0, 0];

export class Plant {
  readonly site: SiteModel;
  readonly options: PlantOptions;
  state: SiteState;
  memory: ControlMemory = initialControlMemory();
  second = 0;
  readonly facts: SiteFact[] = [];
  readonly commands: { readonly second: number; readonly command: ChargePointCommand }[] = [];
  last: ControlStep<ControlMemory> | undefined;
  readonly stations = new Map<string, Station>();
  /** Meters that do not answer. */
  readonly deadMeters = new Set<string>();
  readonly meters = new Map<string, MeterReading>();
  readonly batteries: PlantBatteries;
  #inFlight: { readonly dueS: number; readonly command: ChargePointCommand }[] = [];
  #transactions = 0;

  constructor(options: PlantOptions) {
    this.options = options;
    this.site = options.site;
    this.batteries = new PlantBatteries(options.site, options.batteryPhases);
    this.state = initialState();
    this.#record([
      { type: "booted", source: "test", data: { release: "test", cleanStop: true, configurationHash: "" } },
    ]);
    for (const evse of this.site.evses) {
      this.stations.set(evse.id, { safeA: evse.safeCurrentA, fault: {} });
      this.connect(evse.id);
    }
  }

  nowMs(): number {
    return START_MS + this.second * 1000;
  }

  /** What the battery of a site with one was told, and does. */
  get batteryW(): number | undefined {
    return this.batteries.toldW.get("battery");
  }

  get batteryActualW(): number {
    return this.batteries.actualW.get("battery") ?? 0;
  }

  station(evseId: string): Station {
    return this.stations.get(evseId)!;
  }

  #record(drafts: readonly SiteDraft[]): void {
    for (const draft of drafts) {
      const fact = {
        ...draft,
        seq: this.state.seq + 1,
        atMs: this.nowMs(),
        monoMs: this.second * 1000,
        wallTrusted: true,
        boot: "b",
        version: 1,
      } as SiteFact;
      this.facts.push(fact);
      this.state = evolve(this.state, fact);
    }
  }

  record(draft: SiteDraft): void {
    this.#record([draft]);
  }

  connect(evseId: string): void {
    const data = { chargePointId: `cp-${evseId}`, protocol: "1.6", remote: "test" };
    this.#record([{ type: "charge-point-connected", source: "test", data }]);
    const station = this.station(evseId);
    station.fault = { ...station.fault, offline: false };
  }

  disconnect(evseId: string): void {
    const data = { chargePointId: `cp-${evseId}`, reason: "gone" };
    this.#record([{ type: "charge-point-disconnected", source: "test", data }]);
    this.station(evseId).fault = { ...this.station(evseId).fault, offline: true };
  }

  /** A car comes and starts a transaction, which is recorded unless `recorded` is false. */
  plug(evseId: string, { recorded = true, ...options }: CarOptions & { readonly recorded?: boolean } = {}): number {
    const transactionId = ++this.#transactions;
    const chargePointId = `cp-${evseId}`;
    const at = { chargePointId, evseId };
    const started: SiteDraft = {
      type: "transaction-started",
      source: "test",
      data: { ...at, transactionId, connectorId: 1, atMs: this.nowMs(), meterStartWh: 0, replayed: false },
    };
    this.#record([
      ...(recorded ? [started] : []),
      { type: "evse-status-changed", source: "test", data: { ...at, status: "charging" } },
    ]);
    const station = this.station(evseId);
    if (!station.fault.keepsLimit) delete station.schedule;
    station.car = {
      transactionId,
      phases: 3,
      takesA: () => 32,
      obeyS: 3,
      rampAPerS: 4,
      ...options,
      currentA: 0,
      offeredA: 0,
      reactsInS: 0,
    };
    return transactionId;
  }

  unplug(evseId: string): void {
    const station = this.station(evseId);
    if (!station.car) return;
    const { transactionId } = station.car;
    const at = { chargePointId: `cp-${evseId}`, evseId };
    delete station.car;
    if (!station.fault.keepsLimit) delete station.schedule;
    this.#record([
      {
        type: "transaction-ended",
        source: "test",
        data: { ...at, transactionId, atMs: this.nowMs(), reason: "Local", replayed: false },
      },
      { type: "evse-status-changed", source: "test", data: { ...at, status: "available" } },
    ]);
  }

  /** The controller starts again: memory gone, everybody disconnected; charge points keep their leases. */
  restart(): void {
    this.memory = initialControlMemory();
    this.#inFlight = [];
    this.meters.clear();
    for (const station of this.stations.values()) delete station.reading;
    this.#record([
      { type: "booted", source: "test", data: { release: "test", cleanStop: false, configurationHash: "" } },
    ]);
    for (const station of this.stations.values()) station.fault = { ...station.fault, offline: true };
  }

  /** What the charge point offers its car by its own clock, A. */
  offeredA(evseId: string): number {
    return offeredA(this.station(evseId), this.nowMs());
  }

  /** On how many phases the charge point gives its car current. */
  givenPhases(evseId: string): number {
    return givenPhases(this.station(evseId), this.nowMs());
  }

  /** Grid phases that a car loads. */
  phasesOf(evseId: string): readonly PhaseIndex[] {
    const car = this.station(evseId).car;
    const phases = car ? Math.min(car.phases, this.givenPhases(evseId)) : 0;
    return this.site.evseById.get(evseId)!.phases.slice(0, phases);
  }

  /** True currents of the cars below a circuit, A. */
  carsA(circuitId: string): PerPhase {
    const sum: [number, number, number] = [0, 0, 0];
    for (const id of this.site.circuitById.get(circuitId)!.evseIds) {
      const currentA = this.station(id).car?.currentA ?? 0;
      for (const phase of this.phasesOf(id)) sum[phase] += currentA;
    }
    return sum;
  }

  /** True currents of everything else on a circuit and below it, A. */
  othersA(circuitId: string): PerPhase {
    const sum: [number, number, number] = [0, 0, 0];
    const add = (load: PerPhase) => {
      for (const phase of PHASE_INDEXES) sum[phase] += load[phase];
    };
    for (const circuit of this.site.circuits) {
      if (circuit.id !== circuitId && !this.#isBelow(circuit.id, circuitId)) continue;
      if (circuit.id === "grid") add(this.options.building?.(this.second) ?? NONE);
      else add(this.options.circuitLoads?.[circuit.id]?.(this.second) ?? NONE);
      add(this.batteries.currentA(circuit.id));
    }
    return sum;
  }

  #isBelow(id: string, ancestor: string): boolean {
    const parent = this.site.circuitById.get(id)?.parentId;
    return parent !== undefined && (parent === ancestor || this.#isBelow(parent, ancestor));
  }

  trueA(circuitId: string): PerPhase {
    const cars = this.carsA(circuitId);
    const others = this.othersA(circuitId);
    return [cars[0] + others[0], cars[1] + others[1], cars[2] + others[2]];
  }

  #readMeters(): void {
    for (const circuit of this.site.circuits) {
      if (circuit.meterId === undefined || this.deadMeters.has(circuit.meterId)) continue;
      const currentA = this.trueA(circuit.id).map((value) => Math.round(value * 10) / 10) as unknown as PerPhase;
      const powerW = Math.round((currentA[0] + currentA[1] + currentA[2]) * VOLTAGE_V);
      this.meters.set(circuit.meterId, {
        deviceId: circuit.meterId,
        atMonoMs: this.second * 1000,
        powerW,
        currentA,
      });
    }
    const everyS = this.options.meterEveryS ?? 10;
    this.site.evses.forEach((evse, index) => {
      const station = this.station(evse.id);
      if ((this.second + index) % everyS !== 0 || station.fault.offline || station.fault.mute || !station.car) return;
      const a = Math.round(station.car.currentA * 10) / 10;
      const count = this.phasesOf(evse.id).length;
      const currentA: PerPhase = [a, count > 1 ? a : 0, count > 2 ? a : 0];
      const { socPercent } = station.car;
      const soc = socPercent === undefined ? {} : { socPercent };
      const told = station.fault.powerAlone
        ? { powerW: Math.round((currentA[0] + currentA[1] + currentA[2]) * VOLTAGE_V) }
        : { currentA };
      station.reading = { evseId: evse.id, atMonoMs: this.second * 1000, ...told, ...soc };
    });
  }

  image(): ProcessImage {
    const evses = new Map<string, EvseReading>();
    for (const [id, { reading }] of this.stations) if (reading) evses.set(id, reading);
    const monoMs = this.second * 1000;
    return {
      nowMs: this.nowMs(),
      monoMs,
      wallTrusted: true,
      meters: new Map(this.meters),
      pvs: new Map(),
      batteries: this.batteries.readings(monoMs),
      evses,
    };
  }

  #deliver(command: ChargePointCommand): void {
    const evseId = command.chargePointId.slice(3);
    const station = this.station(evseId);
    if (station.fault.offline) return;
    if (command.type === "install-safe-default") this.#install(command, evseId, station);
    if (command.type === "clear-limits") delete station.schedule;
    if (command.type === "stop-transaction") this.unplug(evseId);
    if (command.type !== "set-limit") return;
    const isBack = (command.schedule.periods[0]?.currentA ?? 0) < 0;
    const { refuses, refusesBack, refusesHalfway } = station.fault;
    const isRefused = refuses || (isBack && refusesBack) || (command.schedule.halfway && refusesHalfway);
    const answer = isRefused ? "rejected" : "accepted";
    if (answer === "accepted" && station.car) station.schedule = command.schedule;
    if ((this.state.limits.byEvse[evseId]?.answer ?? "accepted") === answer) return;
    const currentA = command.schedule.periods[0]!.currentA;
    this.#record([{ type: "limit-answered", source: "test", data: { evseId, currentA, answer, detail: "" } }]);
  }

  #install(
    command: Extract<ChargePointCommand, { type: "install-safe-default" }>,
    evseId: string,
    station: Station,
  ): void {
    const { currentA } = command;
    const answer = station.fault.refusesDefault ? "rejected" : "accepted";
    if (answer === "accepted") station.safeA = currentA;
    if ((this.state.limits.refusedDefaults?.[evseId] ?? "accepted") === answer) return;
    this.#record([{ type: "safe-default-answered", source: "test", data: { evseId, currentA, answer, detail: "" } }]);
  }

  /** One second: physics, readings, decision, record, act. */
  tick(): ControlStep<ControlMemory> {
    this.second++;
    const due = this.#inFlight.filter((entry) => entry.dueS <= this.second);
    this.#inFlight = this.#inFlight.filter((entry) => entry.dueS > this.second);
    for (const { command } of due) this.#deliver(command);
    for (const [id, { car, fault }] of this.stations)
      if (car) liveCar(car, fault.stubbornA ?? this.offeredA(id), this.second);
    this.batteries.step();
    this.#readMeters();
    const step = (this.options.step ?? controlStep)(
      { site: this.site, state: this.state, image: this.image() },
      this.memory,
    );
    this.memory = step.memory;
    this.#record(step.drafts);
    const dueS = this.second + (this.options.commandDelayS ?? 1);
    for (const command of step.commands) {
      this.commands.push({ second: this.second, command });
      this.#inFlight.push({ dueS, command });
    }
    this.batteries.tell(step.batteries);
    this.last = step;
    return step;
  }

  /** Lives for so many seconds; `each` looks after every one. */
  run(seconds: number, each?: (plant: Plant) => void): void {
    for (let i = 0; i < seconds; i++) {
      this.tick();
      each?.(this);
    }
  }

  decision(evseId: string): EvseDecision {
    return this.last!.evses.find((entry) => entry.evseId === evseId)!;
  }

  limitA(evseId: string): number {
    return this.decision(evseId).currentA;
  }

  drawsA(evseId: string): number {
    return this.station(evseId).car?.currentA ?? 0;
  }

  factsOf<T extends SiteFact["type"]>(type: T): Extract<SiteFact, { type: T }>[] {
    return this.facts.filter((fact): fact is Extract<SiteFact, { type: T }> => fact.type === type);
  }
}

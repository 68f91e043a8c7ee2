/**
 * The running site: freezes the inputs, decides once a tick, records, acts. It knows ports and pure functions, no
 * protocol; the same object runs in real time on sockets and in virtual time behind models.
 */
import type {
  ChargePointAnswer,
  ChargePointCommand,
  ChargePointInput,
  CommandResult,
} from "../../core/charge-point-input.ts";
import type { CircuitObservation, EvseDecision } from "../../core/control/control.ts";
import { type ControlMemory, controlStep, initialControlMemory } from "../../core/control/step.ts";
import { decideChargePointInput } from "../../core/decide/charge-point.ts";
import type { DriverVerdict } from "../../core/decide/context.ts";
import { deviceQualityDrafts } from "../../core/device-quality.ts";
import { standingDrafts } from "../../core/drivers/standing.ts";
import type { Envelope } from "../../core/facts/fact.ts";
import type { SiteDraft, SiteFact } from "../../core/facts/index.ts";
import type { ProcessImage } from "../../core/image.ts";
import {
  type GridLimitDraft,
  gridLimitDrafts,
  isGridLimitReduction,
  isGridLimitRenewal,
  withGridLimits,
} from "../../core/limits/grid-limit.ts";
import { initialMeteringMemory, type MeteringMemory, meterTick } from "../../core/metering/metering.ts";
import { importedSoFarWh } from "../../core/metering/site-meter.ts";
import type {
  ChargePoints,
  Clock,
  Devices,
  DriverRegister,
  Log,
  Prices,
  SiteAccess,
  Solver,
  Tape,
} from "../../core/ports.ts";
import type { SiteModel } from "../../core/site/site-model.ts";
import { sitePowers } from "../../core/site/site-powers.ts";
import { gridLimitSource } from "../../core/state/grid-limits.ts";
import { openSessionAt } from "../../core/state/sessions.ts";
import type { SiteState } from "../../core/state/state.ts";
import { describeSite } from "../../core/view/describe.ts";
import type { LiveSite } from "../../core/view/view.ts";
import type { Recorder } from "../recording/recorder.ts";
import { tapeSamples } from "../recording/tape-samples.ts";
import { TickPace } from "../supervision/tick-pace.ts";
import { commandAnswerDraft, createDispatcher, type Dispatcher, remoteStartDraft } from "./dispatch.ts";
import { createExaminer, type Examine } from "./examine.ts";
import { createImageStore, type ImageStore } from "./image-store.ts";
import { createPlanLoop, type PlanLoop } from "./plan-loop.ts";
import { PressingLimits } from "./pressing-limits.ts";
import { untoldCars } from "./untold-cars.ts";

/** Beyond it, a car that changed its current would be taken for a building that did. */
const EVSE_NOW_MS = 15_000;
const CLOCK_STEP_MS = 2_000;
/** A fuse that is overloaded waits no longer for the disk; the next tick no longer than the other. */
const SHED_PATIENCE_MS = 50;
const DISK_PATIENCE_MS = 500;
/** Drafts that compare with the recorded state: they would come again with every tick of a slow disk. */
const COMPARES_WITH_STATE = new Set<string>([
  "site-mode-changed",
  "device-quality-changed",
  "grid-limit-received",
  "meter-doubted",
  "standing-departure-applied",
]);

/** Inputs that measure, or of which nothing is recorded as a rule: what they say does not wait behind a disk that hangs. */
const MEASURES = new Set<ChargePointInput["type"]>(["metered", "heartbeat", "transaction-ended"]);

export interface ControllerOptions {
  readonly site: SiteModel;
  readonly recorder: Recorder;
  readonly tape: Tape;
  readonly clock: Clock;
  readonly log: Log;
  readonly prices: Prices;
  readonly solver: Solver;
  readonly simulated: boolean;
  /** Called after each completed tick: what feeds the watchdog. */
  readonly onTick?: (health: ControllerHealth) => void;
}

export interface ControllerHealth {
  readonly ticks: number;
  readonly lastTickMonoMs: number;
  readonly lastTickDurationMs: number;
  /** From the start of a tick to the start of the next, since the process began. */
  readonly longestTickGapMs: number;
  readonly interventions: number;
}

type Step = ReturnType<typeof controlStep>;

export class Controller implements SiteAccess {
  readonly sink: ImageStore;
  readonly #options: ControllerOptions;
  readonly #dispatcher: Dispatcher;
  readonly #examine: Examine;
  readonly #plans: PlanLoop;
  readonly #pressing = new PressingLimits();
  readonly #untold: ReturnType<typeof untoldCars>;
  #drivers: DriverRegister | undefined;
  readonly #pace: TickPace;
  #chargePoints: ChargePoints | undefined;
  #devices: Devices | undefined;
  #control: ControlMemory = initialControlMemory();
  #metering: MeteringMemory = initialMeteringMemory();
  #circuits: readonly CircuitObservation[] = [];
  #decisions: readonly EvseDecision[] = [];
  #image: ProcessImage;
  #ticking = false;
  #health: ControllerHealth = {
    ticks: 0,
    lastTickMonoMs: 0,
    lastTickDurationMs: 0,
    longestTickGapMs: 0,
    interventions: 0,
  };
  #wallMinusMonoMs: number | undefined;
  /** Notes that are not on disk yet, and the youngest step whose commands have left. */
  #unwritten = 0;
  #actedTick = -1;

  constructor(options: ControllerOptions) {
    const { clock, prices, recorder, log } = options;
    this.#options = options;
    this.#pace = new TickPace(clock, () => this.tick());
    const meters = new Set(options.site.circuits.flatMap((circuit) => circuit.meterId ?? []));
    this.sink = createImageStore(options.site, clock, prices, (deviceId) => {
      if (meters.has(deviceId)) this.#pace.want();
    });
    const isOnRecord = (evseId: string) => openSessionAt(recorder.state().sessions, evseId) !== undefined;
    this.#untold = untoldCars({ site: options.site, clock, isOnRecord, tell: this.sink.untoldCar });
    this.#dispatcher = createDispatcher({
      chargePoints: () => this.#chargePoints,
      state: () => recorder.state(),
      note: (drafts) => void recorder.note(drafts),
      log,
    });
    this.#examine = createExaminer(options.site, log);
    this.#plans = createPlanLoop(options);
    this.#image = this.sink.freeze();
  }

  /** Connects the shells. Devices push into {@link sink}, charge points call {@link handle}. */
  attach(shells: { readonly chargePoints: ChargePoints; readonly devices: Devices }): void {
    this.#chargePoints = shells.chargePoints;
    this.#devices = shells.devices;
  }

  /** Begins to tick. Virtual time calls {@link tick} itself. */
  start(): void {
    this.#pace.start();
  }

  stop(): void {
    this.#pace.stop();
  }

  health(): ControllerHealth {
    return this.#health;
  }

  state(): SiteState {
    return this.#options.recorder.state();
  }

  decisions(): readonly EvseDecision[] {
    return this.#decisions;
  }

  image(): ProcessImage {
    return this.#image;
  }

  live(): LiveSite {
    const { site, simulated, clock } = this.#options;
    const image = { ...this.#image, nowMs: clock.wallMs(), monoMs: clock.monoMs() };
    const { state, circuits, decisions } = {
      state: this.state(),
      circuits: this.#circuits,
      decisions: this.#decisions,
    };
    const ledger = this.#options.recorder.health();
    return describeSite({ site, state, image, circuits, decisions, simulated, ledger });
  }

  /**
   * A limit of the grid operator that is sent again as it is keeps its source alive and is no fact. One that takes
   * something away holds at once, and is taken even while the disk refuses; one that gives has to be on disk.
   */
  async record(drafts: readonly SiteDraft[]): Promise<readonly SiteFact[]> {
    const { recorder, clock } = this.#options;
    const limits = drafts.filter((draft) => draft.type === "grid-limit-received");
    const nowMs = clock.wallMs();
    const known = this.#pressing.over(recorder.state(), nowMs);
    const isPressing = (draft: GridLimitDraft) =>
      isGridLimitReduction(known, draft, nowMs) && !isGridLimitRenewal(known, draft);
    const pressing = limits.filter(isPressing);
    const decide = (state: SiteState) => ({
      drafts: drafts.filter((draft) => draft.type !== "grid-limit-received" || !isGridLimitRenewal(state, draft)),
      answer: undefined,
    });
    if (pressing.length > 0) this.#pace.want();
    const { facts } =
      pressing.length > 0
        ? await this.#pressing.hold(pressing, () => recorder.keep(decide))
        : await recorder.record(decide);
    // Who could not be recorded was not heard.
    for (const { data } of limits) this.sink.heard(gridLimitSource(data.by));
    if (facts.some(({ type }) => type === "grid-limit-received")) this.#pace.want();
    return facts;
  }

  async command(command: ChargePointCommand, by: string): Promise<CommandResult> {
    if (!this.#chargePoints) return { status: "offline", detail: "no charge points are attached" };
    if (command.type === "start-transaction") await this.record([remoteStartDraft(command, by)]);
    const result = await this.#chargePoints.send(command);
    await this.#options.recorder.note([commandAnswerDraft(command, result, by)]);
    return result;
  }

  read(afterSeq: number, limit: number): readonly Envelope[] {
    return this.#options.recorder.read(afterSeq, limit);
  }

  subscribe(onFacts: (facts: readonly SiteFact[]) => void): () => void {
    return this.#options.recorder.subscribe(onFacts);
  }

  /** Drivers of partners are known from now on, or no longer. */
  useDrivers(drivers: DriverRegister | undefined): void {
    this.#drivers = drivers;
  }

  /** The word of a partner on the driver of an input; only a card at a charge point waits for it. */
  #verdictOn(input: ChargePointInput): DriverVerdict | undefined | Promise<DriverVerdict | undefined> {
    const drivers = this.#drivers;
    if (!drivers) return undefined;
    if (input.type === "authorize") return drivers.ask(input.token, input.chargePointId);
    if (input.type !== "transaction-started" || input.token === undefined) return undefined;
    return input.replayed ? drivers.known(input.token) : drivers.begun(input.token, input.chargePointId);
  }

  /**
   * Takes an input from a charge point. Rejects when the ledger refuses a transaction, so that the charge point tells it
   * again; what it tells only once (it is here, it is gone, its status) is kept until the ledger takes it.
   */
  async handle(input: ChargePointInput): Promise<ChargePointAnswer> {
    const { recorder, site, clock } = this.#options;
    const atMonoMs = clock.monoMs();
    const asked = this.#verdictOn(input);
    const verdict = asked instanceof Promise ? await asked : asked;
    const known = verdict ? { verdict } : {};
    const findByKey = (key: string) => recorder.findByKey(key);
    const decide = (state: SiteState) => {
      const context = { site, state, nowMs: clock.wallMs(), findByKey, ...known };
      const { drafts, answer, readings } = decideChargePointInput(context, input);
      // What was measured is known, whether the disk takes the rest or not.
      for (const reading of readings) this.sink.evse({ ...reading, atMonoMs });
      return { drafts, answer, evseIds: readings.map(({ evseId }) => evseId) };
    };
    const isTransaction = input.type === "transaction-started" || input.type === "transaction-ended";
    let ended: readonly string[] = [];
    if (MEASURES.has(input.type)) {
      const { drafts, answer, evseIds } = decide(recorder.state());
      if (isTransaction) ended = evseIds;
      // A transaction is answered when it is on disk, also when it is told again meanwhile.
      if (drafts.length === 0 && !isTransaction) return answer;
    }
    const told = this.#untold(input, ended);
    const recorded = isTransaction ? recorder.record(decide) : recorder.keep(decide);
    const { answer } = await recorded.finally(told);
    if (isTransaction) this.#pace.want();
    return answer;
  }

  /** One tick: freeze, decide, record, act, feed. Resolves when the commands are on their way. */
  async tick(): Promise<void> {
    if (this.#ticking) return;
    this.#ticking = true;
    const startedMonoMs = this.#options.clock.monoMs();
    try {
      await this.#decideAndAct(startedMonoMs);
    } finally {
      this.#ticking = false;
    }
    this.#options.onTick?.(this.#health);
  }

  async #decideAndAct(startedMonoMs: number): Promise<void> {
    const { site, recorder, clock, tape } = this.#options;
    const raw = this.sink.freeze();
    this.#noticeClockStep(raw);
    const known = this.#pressing.over(recorder.state(), raw.nowMs);
    const { image, ...examined } = this.#examine(known, raw);
    const limits = gridLimitDrafts(site, known, image);
    const state = withGridLimits(known, limits, image.nowMs);
    const step = controlStep({ site, state, image }, this.#control);
    const metering = meterTick(this.#metering, { site, state, image, decisions: step.evses });
    this.#control = step.memory;
    this.#metering = metering.memory;
    this.#circuits = step.circuits;
    this.#decisions = step.evses;
    this.#image = image;

    const drafts = [
      ...examined.drafts,
      ...deviceQualityDrafts(site, state, image, new Map([...this.sink.troubles, ...examined.troubles])),
      ...limits,
      ...standingDrafts(site, state, image),
      ...step.drafts,
      ...metering.drafts,
    ];
    await this.#recordThenAct(step, drafts);

    tape.write(image.nowMs, image.monoMs, tapeSamples(raw));
    const { ticks, lastTickMonoMs, longestTickGapMs } = this.#health;
    this.#health = {
      ticks: ticks + 1,
      lastTickMonoMs: startedMonoMs,
      lastTickDurationMs: clock.monoMs() - startedMonoMs,
      longestTickGapMs: Math.max(longestTickGapMs, ticks === 0 ? 0 : startedMonoMs - lastTickMonoMs),
      interventions:
        this.#health.interventions + step.drafts.filter((draft) => draft.type === "guard-intervened").length,
    };
    const importedWh = importedSoFarWh(this.#metering.site, site);
    void this.#plans.consider(image, { buildingW: this.#buildingW(image), importedWh });
  }

  /** What the building draws without cars, sun and battery, W; unknown while a charging EVSE's own reading is behind the meter's. */
  #buildingW(image: ProcessImage): number | undefined {
    const state = this.state();
    const isNow = (evseId: string) => image.monoMs - (image.evses.get(evseId)?.atMonoMs ?? -Infinity) < EVSE_NOW_MS;
    const areNow = Object.values(state.sessions.open).every(({ evseId }) => isNow(evseId));
    return areNow ? sitePowers({ site: this.#options.site, state, image }).buildingW : undefined;
  }

  /** Record, then act. An overload does not wait for a disk that hangs, and neither does the next look at the meter. */
  async #recordThenAct(step: Step, drafts: readonly SiteDraft[]): Promise<void> {
    const { recorder, clock } = this.#options;
    const { ticks } = this.#health;
    const repeats = this.#unwritten > 0;
    this.#unwritten++;
    let acted = false;
    const act = () => {
      if (!acted) this.#act(step, ticks);
      acted = true;
    };
    const written = recorder.note(repeats ? drafts.filter(({ type }) => !COMPARES_WITH_STATE.has(type)) : drafts);
    const done = written.then(() => {
      this.#unwritten--;
      act();
    });
    let stopWaiting = () => {};
    const patience = new Promise<void>((resolve) => {
      stopWaiting = clock.after(step.urgent ? SHED_PATIENCE_MS : DISK_PATIENCE_MS, "disk patience", resolve);
    });
    await Promise.race([done, patience]);
    stopWaiting();
    if (step.urgent) act();
  }

  #act(step: Step, tick: number): void {
    this.#dispatcher.dispatch(step.commands, tick);
    if (tick < this.#actedTick) return;
    this.#actedTick = tick;
    for (const { deviceId, powerW, expiresInMs } of step.batteries) {
      this.#devices
        ?.setBattery(deviceId, powerW, expiresInMs)
        .catch((error) => this.#options.log.warn("The battery was not set", { deviceId, error: String(error) }));
    }
    for (const { deviceId, limitW, expiresInMs } of step.pvs) {
      this.#devices
        ?.limitPv(deviceId, limitW, expiresInMs)
        .catch((error) => this.#options.log.warn("The inverter was not limited", { deviceId, error: String(error) }));
    }
  }

  /** The wall clock against the monotonic one: a jump is a fact, it explains prices and bills. */
  #noticeClockStep(image: ProcessImage): void {
    const difference = image.nowMs - image.monoMs;
    const byMs = this.#wallMinusMonoMs === undefined ? 0 : Math.round(difference - this.#wallMinusMonoMs);
    if (this.#wallMinusMonoMs !== undefined && Math.abs(byMs) < CLOCK_STEP_MS) return;
    this.#wallMinusMonoMs = difference;
    if (byMs === 0) return;
    const data = { byMs, ...(this.#image.wallTrusted ? {} : { set: true }) };
    const draft = { type: "clock-stepped", source: "clock", data } as const;
    void this.#pressing.step(data, this.#options.recorder.note([draft]));
  }
}

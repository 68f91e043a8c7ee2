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
import type { EvseDecision } from "../../core/control/control.ts";
import type { Envelope } from "../../core/facts/fact.ts";
import type { SiteDraft, SiteFact } from "../../core/facts/index.ts";
import type { ProcessImage } from "../../core/image.ts";
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
import type { SiteState } from "../../core/state/state.ts";
import { describeSite } from "../../core/view/describe.ts";
import type { LiveSite } from "../../core/view/view.ts";
import type { Recorder } from "../recording/recorder.ts";
import { tapeSamples } from "../recording/tape-samples.ts";
import { TickPace } from "../supervision/tick-pace.ts";
import { ClockWatch } from "./clock-watch.ts";
import { commandAnswerDraft, createDispatcher, remoteStartDraft } from "./dispatch.ts";
import { createImageStore, type ImageStore } from "./image-store.ts";
import { Intake } from "./intake.ts";
import { Look } from "./look.ts";
import { createPlanLoop, type PlanLoop } from "./plan-loop.ts";
import { PressingLimits } from "./pressing-limits.ts";
import { Acting } from "./record-then-act.ts";
import { recordStatements } from "./statements.ts";
import { type ControllerHealth, TickCount } from "./tick-count.ts";

export type { ControllerHealth } from "./tick-count.ts";

export interface ControllerOptions {
  readonly site: SiteModel;
  readonly recorder: Recorder;
  /** Missing in a simulation, whose samples nobody keeps. */
  readonly tape?: Tape;
  readonly clock: Clock;
  readonly log: Log;
  readonly prices: Prices;
  readonly solver: Solver;
  readonly simulated: boolean;
  /** Called after each completed tick: what feeds the watchdog. */
  readonly onTick?: (health: ControllerHealth) => void;
}

export class Controller implements SiteAccess {
  readonly sink: ImageStore;
  readonly #options: ControllerOptions;
  readonly #pace: TickPace;
  readonly #count: TickCount;
  readonly #clockWatch = new ClockWatch();
  readonly #pressing = new PressingLimits();
  readonly #intake: Intake;
  readonly #look: Look;
  readonly #acting: Acting;
  readonly #plans: PlanLoop;
  readonly #want = () => this.#pace.want();
  #chargePoints: ChargePoints | undefined;
  #devices: Devices | undefined;
  #ticking = false;

  constructor(options: ControllerOptions) {
    const { site, clock, prices, recorder, log } = options;
    this.#options = options;
    this.#pace = new TickPace(clock, () => this.tick());
    this.#count = new TickCount(clock);
    const meters = new Set(site.circuits.flatMap((circuit) => circuit.meterId ?? []));
    this.sink = createImageStore(site, clock, prices, (deviceId) => {
      if (meters.has(deviceId)) this.#want();
    });
    this.#intake = new Intake({ site, recorder, clock, sink: this.sink, want: this.#want });
    const dispatcher = createDispatcher({
      chargePoints: () => this.#chargePoints,
      state: () => recorder.state(),
      note: (drafts) => void recorder.note(drafts),
      log,
    });
    this.#acting = new Acting({ recorder, clock, log, dispatcher, devices: () => this.#devices });
    this.#plans = createPlanLoop(options);
    this.#look = new Look(site, log, this.sink.freeze());
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
    return this.#count.health();
  }

  state(): SiteState {
    return this.#options.recorder.state();
  }

  decisions(): readonly EvseDecision[] {
    return this.#look.decisions;
  }

  image(): ProcessImage {
    return this.#look.image;
  }

  live(): LiveSite {
    const { site, simulated, clock, recorder } = this.#options;
    const { image: last, circuits, decisions } = this.#look;
    const image = { ...last, nowMs: clock.wallMs(), monoMs: clock.monoMs() };
    const planTrouble = this.#plans.trouble();
    return describeSite({
      ...{ site, image, circuits, decisions, simulated, ...(planTrouble ? { planTrouble } : {}) },
      state: this.state(),
      ledger: recorder.health(),
    });
  }

  /** Records what others state. See {@link recordStatements}. */
  async record(drafts: readonly SiteDraft[]): Promise<readonly SiteFact[]> {
    const { recorder, clock } = this.#options;
    return recordStatements({ recorder, clock, sink: this.sink, pressing: this.#pressing, want: this.#want }, drafts);
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
    this.#intake.useDrivers(drivers);
  }

  /** Takes an input from a charge point. See {@link Intake.handle}. */
  handle(input: ChargePointInput): Promise<ChargePointAnswer> {
    return this.#intake.handle(input);
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
    this.#options.onTick?.(this.health());
  }

  async #decideAndAct(startedMonoMs: number): Promise<void> {
    const { recorder, tape } = this.#options;
    const raw = this.sink.freeze();
    this.#noticeClockStep(raw);
    const known = this.#pressing.over(recorder.state(), raw.nowMs);
    const { step, drafts } = this.#look.decide(known, raw, this.sink.troubles);
    await this.#acting.recordThenAct(step, drafts, this.health().ticks);
    tape?.write(raw.nowMs, raw.monoMs, tapeSamples(raw));
    this.#count.completed(startedMonoMs, step.drafts.filter(({ type }) => type === "guard-intervened").length);
    void this.#plans.consider(this.#look.image, this.#look.measured(this.state()));
  }

  #noticeClockStep(image: ProcessImage): void {
    const data = this.#clockWatch.look(image);
    if (!data) return;
    const draft = { type: "clock-stepped", source: "clock", data } as const;
    void this.#pressing.step(data, this.#options.recorder.note([draft]));
  }
}

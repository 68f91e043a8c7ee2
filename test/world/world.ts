/** A world: the physical site, its devices, the controller's process, and time. One second after the other. */
import type { ChargePointCommand, CommandResult } from "../../src/core/charge-point-input.ts";
import type { Log, Solver } from "../../src/core/ports.ts";
import { ruleBasedPlan } from "../../src/planner/rules/rules.ts";
import { settle, VirtualClock } from "../../src/sim/virtual-clock.ts";
import { WallClock } from "./boot-clock.ts";
import { SimulatedChargePoint } from "./charge-point.ts";
import { configurationOf } from "./configuration.ts";
import { SimulatedDisk } from "./disk.ts";
import type { Fault } from "./fault.ts";
import { happens, kindOf } from "./faults/index.ts";
import { Judge } from "./judge.ts";
import { madeUp } from "./made-up-plan.ts";
import { SimulatedMeter } from "./meter.ts";
import { GridOperator } from "./operator.ts";
import { END_S, type Visit, type WorldPlan } from "./plan.ts";
import { Process } from "./process.ts";
import { Draw } from "./random.ts";
import { Shell } from "./shell.ts";
import { PhysicalSite, VOLTAGE } from "./site.ts";

/** When the controller begins to run inside a second: its timers never fall on a reading. */
const BOOT_OFFSET_MS = 130;
const RESTART_S = 5;
const NO_ANSWER_MS = 30_000;
const LATE_MS = 20_000;
const HEARTBEAT_S = 60;
const DRIVER_ASKS_EVERY_S = 20;
const TRIES_AGAIN_S = 60;
/** A charge point sends no more in a second: the server reads one message at a time. */
const MOST_MESSAGES = 50;
const ACCEPTED: CommandResult = { status: "accepted", detail: "" };

/** Changes a command on its way out, or lets it vanish: how a test breaks the guard. */
export type Sabotage = (command: ChargePointCommand, world: World) => ChargePointCommand | undefined;

export interface WorldOptions {
  readonly sabotage?: Sabotage;
  readonly log?: Log;
}

export class World {
  readonly plan: WorldPlan;
  readonly time: VirtualClock;
  readonly wall = new WallClock();
  readonly disk: SimulatedDisk;
  readonly site: PhysicalSite;
  readonly chargePoints: readonly SimulatedChargePoint[];
  readonly meters: readonly SimulatedMeter[];
  readonly judge: Judge;
  /** Draws that happen while it lives. */
  readonly draw: Draw;
  second = 0;
  process: Process | undefined;
  /** No process is started before, s. */
  bootAtS = 1;
  boots = 0;
  /** The planner's answer takes so long, or is broken. */
  solver: { delayMs: number; fails: boolean; boundless: boolean } = { delayMs: 0, fails: false, boundless: false };
  /** The battery does not take setpoints. */
  batteryDeaf = false;
  /** Inverter and battery do not answer polls. */
  devicesSilent = false;
  readonly operator = new GridOperator();
  unanswered = 0;
  readonly #options: WorldOptions;
  readonly #log: Log;
  readonly #pumping = new Set<string>();
  /** By charge point, of the process that runs. */
  readonly #shells = new Map<string, Shell>();
  readonly #endedS = new Map<string, number>();
  readonly #active: Fault[] = [];
  #afterThaw: (() => void)[] = [];

  constructor(plan: WorldPlan, options: WorldOptions = {}) {
    this.plan = plan;
    this.#options = options;
    this.draw = new Draw(plan.seed + 1_000_003);
    this.time = new VirtualClock(plan.startMs);
    this.disk = new SimulatedDisk(plan.disk, this.time);
    this.site = new PhysicalSite(
      plan,
      (stall) => this.chargePoint(stall).offeredA(),
      (stall) => this.chargePoint(stall).offeredPhases(),
    );
    const { wired } = this.site;
    this.chargePoints = plan.stalls.map((stall) => new SimulatedChargePoint(stall, wired, () => this.time.wallMs()));
    for (const chargePoint of this.chargePoints) chargePoint.connectAtS = this.draw.whole(2, 12);
    this.meters = [
      new SimulatedMeter("grid-meter", "grid", wired),
      ...(plan.garage?.metered ? [new SimulatedMeter("garage-meter", "garage", wired)] : []),
    ];
    this.judge = new Judge(this);
    const say = (message: string, details?: Readonly<Record<string, unknown>>) => this.judge.logged(message, details);
    this.#log = options.log ?? { debug() {}, info() {}, warn() {}, error: say };
  }

  chargePoint(stall: string): SimulatedChargePoint {
    return this.chargePoints.find((chargePoint) => chargePoint.stall.id === stall)!;
  }

  /** The controller runs and is not standing still. */
  get isUp(): boolean {
    return this.process?.running === true && !this.process.frozen;
  }

  /** The car that a visit brings is here. */
  visitAt(stall: string): Visit | undefined {
    const { second } = this;
    return this.plan.visits.find((visit) => visit.stall === stall && visit.fromS <= second && second < visit.untilS);
  }

  /** Lives to its end. The judge knows what broke. */
  async live(): Promise<Judge> {
    try {
      while (this.second < END_S && !this.judge.isSure) await this.#nextSecond();
      await this.judge.closeBooks();
    } finally {
      this.process?.kill();
      this.disk.close();
    }
    return this.judge;
  }

  async #nextSecond(): Promise<void> {
    this.second++;
    this.#faults();
    this.#cars();
    await this.time.advance(BOOT_OFFSET_MS);
    this.#maybeBoot();
    await this.quiet();
    await this.time.advance(1000 - BOOT_OFFSET_MS);
    await this.quiet();
    for (const chargePoint of this.chargePoints) chargePoint.work(this.second);
    this.site.step(this.time.wallMs(), this.second);
    this.#devices();
    for (const chargePoint of this.chargePoints) this.#connection(chargePoint);
    this.operator.tell(this);
    await this.quiet();
    await this.judge.look();
  }

  /** Everything that was set off has happened, the file's commits included. */
  async quiet(): Promise<void> {
    for (let turn = 0; turn < 6; turn++) {
      await settle();
      while (this.disk.flight) {
        await this.disk.flight;
        await settle();
      }
    }
  }

  #faults(): void {
    for (const fault of this.plan.faults) {
      if (fault.fromS !== this.second || !happens(this.plan, fault)) continue;
      this.#active.push(fault);
      kindOf(fault).begin(this, fault);
    }
    for (const fault of [...this.#active]) {
      const kind = kindOf(fault);
      if (this.second < fault.fromS + fault.forS) kind.each?.(this, fault);
      else {
        this.#active.splice(this.#active.indexOf(fault), 1);
        kind.end?.(this, fault);
      }
    }
  }

  #cars(): void {
    for (const visit of this.plan.visits) {
      const chargePoint = this.chargePoint(visit.stall);
      if (visit.fromS === this.second) {
        this.site.arrive(visit);
        chargePoint.plugIn(`driver-${visit.stall}-${visit.fromS}`);
      }
      if (visit.untilS === this.second) {
        chargePoint.end("EVDisconnected", "available");
        this.site.wired.unplug(visit.stall);
      }
    }
    for (const chargePoint of this.chargePoints) this.#stopped(chargePoint);
  }

  /** A driver whose charging was stopped asks again after a minute. */
  #stopped(chargePoint: SimulatedChargePoint): void {
    const { id } = chargePoint.stall;
    if (chargePoint.open || !this.visitAt(id)) this.#endedS.delete(id);
    else if (!this.#endedS.has(id)) this.#endedS.set(id, this.second);
    else if (this.second - this.#endedS.get(id)! >= TRIES_AGAIN_S) chargePoint.tryAgain();
  }

  #maybeBoot(): void {
    if (this.process || this.second < this.bootAtS) return;
    const { time, wall, disk } = this;
    const process = new Process({
      configuration: configurationOf(this.plan),
      time,
      wall,
      disk,
      solver: this.#solver(),
      chargePoints: { send: (command) => this.#send(process, command), close: async () => {} },
      devices: {
        setBattery: async (_, powerW, expiresInMs) => this.#setBattery(powerW, expiresInMs),
        limitPv: async () => ACCEPTED,
        close: async () => {},
      },
      log: this.#log,
      boot: `boot-${++this.boots}`,
    });
    this.process = process;
    for (const { id } of this.chargePoints) this.#shells.set(id, new Shell(process.clock));
    process.started.catch(() => {
      if (this.process === process) this.kill(RESTART_S);
    });
  }

  /** The process dies and is started again after so many seconds. */
  kill(restartAfterS: number): void {
    this.process?.kill();
    this.process = undefined;
    this.bootAtS = this.second + restartAfterS;
    this.unanswered = 0;
    this.#afterThaw = [];
    this.#pumping.clear();
    for (const chargePoint of this.chargePoints) this.#dropped(chargePoint, this.bootAtS + this.draw.whole(1, 20));
  }

  #dropped(chargePoint: SimulatedChargePoint, connectAtS: number): void {
    if (chargePoint.connected) chargePoint.drop();
    chargePoint.unanswered();
    chargePoint.connectAtS = Math.max(connectAtS, Number.isFinite(chargePoint.connectAtS) ? 0 : chargePoint.connectAtS);
  }

  /** The socket of a charge point goes; it tries again at this second. The controller sees it. */
  drop(chargePoint: SimulatedChargePoint, connectAtS: number): void {
    const was = chargePoint.connected;
    chargePoint.drop();
    chargePoint.connectAtS = connectAtS;
    this.#pumping.delete(chargePoint.id);
    chargePoint.unanswered();
    const { process } = this;
    if (!was || !process?.running) return;
    const gone = { type: "disconnected", chargePointId: chargePoint.id, reason: "cable" } as const;
    const tell = () => void process.controller.handle(gone).catch(() => undefined);
    if (process.frozen) this.#afterThaw.push(tell);
    else tell();
  }

  /** A process that stood still goes on. */
  thaw(): void {
    this.process?.thaw();
    for (const tell of this.#afterThaw.splice(0)) tell();
  }

  #solver(): Solver {
    return {
      solve: async (input) => {
        const { delayMs, fails, boundless } = this.solver;
        if (delayMs > 0) await new Promise<void>((resolve) => this.time.after(delayMs, "solver", resolve));
        if (fails) throw new Error("the solver's worker died");
        return madeUp(input, ruleBasedPlan(input, "world"), boundless);
      },
      close: async () => {},
    };
  }

  #setBattery(powerW: number | undefined, expiresInMs: number): CommandResult {
    if (this.batteryDeaf) return { status: "no-answer", detail: "timeout" };
    this.site.battery?.command(powerW, expiresInMs / 1000);
    return ACCEPTED;
  }

  async #send(process: Process, command: ChargePointCommand): Promise<CommandResult> {
    const chargePoint = this.chargePoints.find(({ id }) => id === command.chargePointId)!;
    if (this.process !== process || !chargePoint.connected) return { status: "offline", detail: "not connected" };
    const sent = this.#options.sabotage ? this.#options.sabotage(command, this) : command;
    if (!sent) return ACCEPTED;
    this.judge.sent(sent);
    const { halfOpen, silent, answersLate } = chargePoint.trouble;
    if (halfOpen || silent) {
      await this.#wait(NO_ANSWER_MS);
      return { status: "no-answer", detail: "no answer within 30 s" };
    }
    const result = chargePoint.take(this.#shells.get(chargePoint.id)!.sent(sent), this.second);
    if (answersLate) await this.#wait(LATE_MS);
    return result;
  }

  #wait(ms: number): Promise<void> {
    return new Promise((resolve) => this.time.after(ms, "network", resolve));
  }

  /** Meters, sun and battery answer polls, and a process that stands still does not poll. */
  #devices(): void {
    if (!this.isUp) return;
    const { controller, clock } = this.process!;
    const { sink } = controller;
    const atMonoMs = clock.monoMs();
    const { devicesSilent, plan } = this;
    if (plan.pvW !== undefined && !devicesSilent)
      sink.pv({ deviceId: "roof", atMonoMs, powerW: Math.round(this.site.wired.pvW) });
    const { battery } = this.site;
    if (battery && !devicesSilent) {
      const socPercent = Math.round(battery.socPercent);
      sink.battery({ deviceId: "cellar", atMonoMs, powerW: Math.round(battery.powerW), socPercent });
    }
    for (const meter of this.meters) {
      const answer = meter.read(atMonoMs, this.second);
      if (typeof answer === "string") sink.trouble(meter.deviceId, answer);
      else if (answer) {
        meter.answeredS = this.second;
        sink.meter(answer);
      }
    }
  }

  #connection(chargePoint: SimulatedChargePoint): void {
    if (!this.isUp) return;
    if (!chargePoint.connected && !chargePoint.rebooting && this.second >= chargePoint.connectAtS) {
      chargePoint.connect();
      this.#shells.get(chargePoint.id)!.connected();
    }
    if (!chargePoint.connected) return;
    if (chargePoint.stall.followsOurClock && this.second % HEARTBEAT_S === 0)
      chargePoint.clockErrorMs = this.wall.errorMs;
    chargePoint.sample(this.second, VOLTAGE);
    void this.#pump(chargePoint);
    this.#driver(chargePoint);
  }

  /** One message at a time, as the server reads them. */
  async #pump(chargePoint: SimulatedChargePoint): Promise<void> {
    const { process } = this;
    if (!process || this.#pumping.has(chargePoint.id)) return;
    this.#pumping.add(chargePoint.id);
    for (let message = 0; message < MOST_MESSAGES && this.process === process && !process.frozen; message++) {
      const input = chargePoint.next(this.second);
      if (!input) break;
      this.unanswered++;
      const heard = this.#shells.get(chargePoint.id)!.heard(input);
      if (heard.again) chargePoint.take(heard.again, this.second);
      const answer = await process.controller.handle(heard.input).catch(() => undefined);
      if (this.process !== process) return;
      this.unanswered--;
      if (!chargePoint.connected) continue;
      if (answer) chargePoint.answered(answer);
      else chargePoint.refused(this.second);
    }
    this.#pumping.delete(chargePoint.id);
  }

  /** Presses "charge now" on the page until it is done. */
  #driver({ stall }: SimulatedChargePoint): void {
    const { controller } = this.process!;
    if (this.second % DRIVER_ASKS_EVERY_S !== 0 || !this.visitAt(stall.id)?.hurries) return;
    const { open, overrides } = controller.state().sessions;
    if (overrides[stall.id] || !Object.values(open).some(({ evseId }) => evseId === stall.id)) return;
    const data = { evseId: stall.id, active: true, by: "driver" };
    controller.record([{ type: "override-changed", source: "page", data }]).catch(() => undefined);
  }
}

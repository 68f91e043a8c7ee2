/** A simulated charge point with one EVSE: holds limits, keeps its own clock and books, queues what it cannot tell. */
import type {
  ChargePointAnswer,
  ChargePointCommand,
  ChargePointInput,
  CommandResult,
  LimitSchedule,
} from "../../src/core/charge-point-input.ts";
import type { PerPhase } from "../../src/core/quantity.ts";
import type { WiredSite } from "../../src/sim/models/site.ts";
import type { Stall } from "./plan.ts";

/** What is wrong with it at present. */
export interface Trouble {
  /** Nothing gets through, although the socket seems to stand. */
  halfOpen?: boolean;
  /** Accepts every limit and offers its maximum. */
  ignores?: boolean;
  /** Refuses every limit and keeps what it had. */
  rejects?: boolean;
  /** Does neither answer nor do what it is told. */
  silent?: boolean;
  /** Does what it is told, and answers many seconds later. */
  answersLate?: boolean;
  /** Never offers less than the least that a pilot can say: a limit of 0 is 6 A to it. */
  neverPauses?: boolean;
  /** Its pilot, or its car, is a tenth above what it says. */
  generous?: boolean;
  /** Takes what it is told at once, and does it many seconds later. */
  obeysLate?: boolean;
  /** Gives all phases, whatever number it is told. */
  allPhases?: boolean;
  /** Goes on giving back what it was told to give, whatever it is told then. */
  keepsGiving?: boolean;
  /** Takes a negative limit for one without its sign. */
  losesSign?: boolean;
  /** Takes a negative limit, and gives nothing. */
  givesNothing?: boolean;
  /** Refuses every negative limit. */
  refusesBack?: boolean;
  /** Offers its maximum while it has no network. */
  unbound?: boolean;
  /** Its meter shows ten times the current, or none; its register is right. */
  overstates?: boolean;
  understates?: boolean;
  /** Its meter values have no currents. */
  powerAlone?: boolean;
  /** Its meter values do not arrive. */
  mute?: boolean;
  /** Tells everything twice. */
  repeats?: boolean;
  /** Tells meter values and status in the wrong order. */
  disorders?: boolean;
}

/** One charging as the charge point's own books have it. */
export interface OwnTransaction {
  readonly meterStartWh: number;
  readonly startedMs: number;
  readonly remoteId?: string;
  meterStopWh?: number;
  /** As the controller named it. */
  id?: number;
}

interface Waiting {
  readonly input: ChargePointInput;
  readonly transaction?: OwnTransaction;
  notBeforeS: number;
}

const ACCEPTED: CommandResult = { status: "accepted", detail: "" };
const LEAST_OFFER_A = 6;
const OBEYS_LATE_S = 20;
const GENEROUS = 1.1;
const RETRY_S = 10;
const MOST_WAITING = 60;

export class SimulatedChargePoint {
  readonly stall: Stall;
  readonly id: string;
  readonly trouble: Trouble = {};
  /** The socket stands. */
  connected = false;
  /** When it tries to connect, s; never while infinite. */
  connectAtS = 0;
  /** Off: relay open, nothing told. */
  rebooting = false;
  safeA: number;
  schedule: LimitSchedule | undefined;
  readonly books: OwnTransaction[] = [];
  /** Its clock against the true time, ms. */
  clockErrorMs = 0;
  open: OwnTransaction | undefined;
  readonly #wired: WiredSite;
  readonly #trueMs: () => number;
  #token = "";
  #waiting: Waiting[] = [];
  #current: Waiting | undefined;
  #sampledS = -1000;
  /** What it gave back last, A, negative; 0 when it was told otherwise since. */
  #gaveA = 0;
  #inFlight: { readonly dueS: number; readonly command: ChargePointCommand }[] = [];

  constructor(stall: Stall, wired: WiredSite, trueMs: () => number) {
    this.stall = stall;
    this.id = `cp-${stall.id}`;
    this.safeA = stall.safeCurrentA;
    this.#wired = wired;
    this.#trueMs = trueMs;
  }

  nowMs(): number {
    return Math.round(this.#trueMs() + this.clockErrorMs);
  }

  /** The current that it offers its car, A; negative is what the car is to give back. */
  offeredA(): number {
    if (this.rebooting || !this.open) return 0;
    const { ignores, unbound, neverPauses, generous } = this.trouble;
    if (ignores || (unbound && !this.connected)) return this.stall.maxCurrentA;
    const backA = this.#backA();
    if (backA !== undefined) return backA * (generous ? GENEROUS : 1);
    return Math.max(this.toldA(), neverPauses ? LEAST_OFFER_A : 0) * (generous ? GENEROUS : 1);
  }

  /** What it makes of being told to give back, A; `undefined` where it was not. */
  #backA(): number | undefined {
    const { keepsGiving, losesSign, givesNothing } = this.trouble;
    const toldA = this.toldA();
    if (toldA >= 0) return keepsGiving && this.#gaveA < 0 ? this.#gaveA : undefined;
    return losesSign ? -toldA : givesNothing ? 0 : toldA;
  }

  /** What it gives stays until it is told otherwise. */
  #remember(): void {
    const isGiving = this.open !== undefined && !this.rebooting;
    if (!isGiving) this.#gaveA = 0;
    else if (this.toldA() < 0) this.#gaveA = this.toldA();
    else if (!this.trouble.keepsGiving) this.#gaveA = 0;
  }

  /** On how many phases it offers that. */
  offeredPhases(): number {
    const { stall, schedule, trouble } = this;
    if (!stall.phaseSwitching || trouble.allPhases || !schedule || this.scheduledA() === undefined) return 3;
    const elapsedS = (this.nowMs() - schedule.startMs) / 1000;
    return schedule.periods.findLast((period) => period.offsetS <= elapsedS)?.phases ?? 3;
  }

  /** What it was told to offer, A, whether it does or not. */
  toldA(): number {
    return this.scheduledA() ?? this.safeA;
  }

  /** The current of the limit in force, A; `undefined` when none is. */
  scheduledA(): number | undefined {
    const { schedule } = this;
    if (!schedule) return undefined;
    const elapsedS = (this.nowMs() - schedule.startMs) / 1000;
    if (elapsedS < 0 || elapsedS >= schedule.durationS) return undefined;
    const { halfway } = schedule;
    const isHalfway = this.stall.maxPeriods > 2 && halfway !== undefined && elapsedS >= halfway.offsetS;
    const currentA = schedule.periods.findLast((period) => period.offsetS <= elapsedS)?.currentA;
    return currentA === undefined ? undefined : Math.min(currentA, isHalfway ? halfway.currentA : currentA);
  }

  /** Whether what it is told has an effect. */
  obeys(): boolean {
    return this.connected && !this.trouble.halfOpen && !this.refuses;
  }

  /** Takes what it is told, and does not do it. */
  get refuses(): boolean {
    const { ignores, rejects, silent, obeysLate, neverPauses } = this.trouble;
    const toldA = this.toldA();
    const isHeld = neverPauses && toldA >= 0 && toldA < LEAST_OFFER_A;
    return ignores || rejects || silent || obeysLate || isHeld || this.#misgives(toldA) || false;
  }

  /** What it gives back is not what it was told. */
  #misgives(toldA: number): boolean {
    const { keepsGiving, losesSign, givesNothing, refusesBack } = this.trouble;
    if (toldA < 0) return losesSign === true || givesNothing === true;
    return refusesBack === true || (keepsGiving === true && this.#gaveA < 0);
  }

  /** What it tells of its car is wrong or missing, or its answer. */
  get misleads(): boolean {
    const { overstates, understates, mute, answersLate } = this.trouble;
    return this.clockErrorMs !== 0 || [overstates, understates, mute, answersLate].includes(true);
  }

  register(): number {
    return Math.round(this.#wired.registerWh(this.stall.id));
  }

  /** Messages that the controller has not taken yet. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** Tells the controller, now or when it can. */
  tell(input: ChargePointInput, transaction?: OwnTransaction): void {
    const entry = () => ({ input, notBeforeS: 0, ...(transaction ? { transaction } : {}) });
    if (this.trouble.disorders && !transaction) this.#waiting.unshift(entry());
    else this.#waiting.push(entry());
    if (this.trouble.repeats) this.#waiting.push(entry());
    if (this.#waiting.length <= MOST_WAITING) return;
    // Transactions are kept over everything else.
    const spare = this.#waiting.findIndex((waiting) => !waiting.transaction && waiting !== this.#current);
    if (spare >= 0) this.#waiting.splice(spare, 1);
  }

  #at() {
    return { chargePointId: this.id, connector: 1 } as const;
  }

  plugIn(token: string): void {
    this.#token = token;
    const remote = this.stall.protocol === "ocpp2.0.1" ? { remoteId: `tx-${this.stall.id}-${this.books.length}` } : {};
    const own: OwnTransaction = { meterStartWh: this.register(), startedMs: this.nowMs(), ...remote };
    this.open = own;
    this.books.push(own);
    this.tell({ type: "status", ...this.#at(), status: "charging" });
    const start = { type: "transaction-started", ...this.#at(), token, ...remote } as const;
    const { meterStartWh, startedMs: atMs } = own;
    this.tell({ ...start, meterStartWh, atMs, replayed: !this.connected }, own);
  }

  /** The transaction ends: the car leaves, or somebody wants it. */
  end(reason: string, status: "available" | "finishing"): void {
    const own = this.open;
    this.open = undefined;
    this.schedule = undefined;
    this.openRelay();
    if (!own) return;
    own.meterStopWh = this.register();
    const { meterStopWh, remoteId } = own;
    const ended = { type: "transaction-ended", chargePointId: this.id, meterStopWh, atMs: this.nowMs() } as const;
    const remote = remoteId === undefined ? {} : { remoteId };
    this.tell({ ...ended, ...remote, reason, replayed: !this.connected }, own);
    this.tell({ type: "status", ...this.#at(), status });
  }

  /** The car draws nothing from now on. */
  openRelay(): void {
    const car = this.#wired.car(this.stall.id);
    if (car) car.currentA = 0;
  }

  /** The socket is gone; what is live only is not told later. */
  drop(): void {
    this.connected = false;
    this.#waiting = this.#waiting.filter(({ transaction }) => transaction !== undefined);
  }

  /** The socket stands (again). */
  connect(): void {
    this.connected = true;
    const status = this.open ? "charging" : "available";
    const hello: ChargePointInput[] = [
      { type: "connected", chargePointId: this.id, protocol: this.stall.protocol, remote: "" },
      { type: "status", ...this.#at(), status },
    ];
    this.#waiting = [...hello.map((input) => ({ input, notBeforeS: 0 })), ...this.#waiting];
  }

  booted(): void {
    this.tell({ type: "booted", chargePointId: this.id, vendor: "sim", model: "one" });
  }

  /** The next message that is due, one at a time. */
  next(second: number): ChargePointInput | undefined {
    const first = this.#waiting[0];
    const blocked = !this.connected || this.trouble.halfOpen || this.#current !== undefined;
    if (blocked || !first || first.notBeforeS > second) return undefined;
    this.#current = first;
    const { input, transaction } = first;
    if (input.type !== "transaction-ended" || transaction?.id === undefined || input.remoteId !== undefined)
      return input;
    return { ...input, transactionId: transaction.id };
  }

  answered(answer: ChargePointAnswer): void {
    const done = this.#current;
    this.#current = undefined;
    if (!done) return;
    this.#waiting = this.#waiting.filter((entry) => entry !== done);
    if (done.input.type === "transaction-started" && done.transaction && answer.transactionId !== undefined)
      done.transaction.id = answer.transactionId;
  }

  /** The controller could not take it: a transaction is told again, the rest is forgotten. */
  refused(second: number): void {
    const failed = this.#current;
    this.#current = undefined;
    if (!failed) return;
    if (failed.transaction) failed.notBeforeS = second + RETRY_S;
    else this.#waiting = this.#waiting.filter((entry) => entry !== failed);
  }

  /** The socket went with the message: nobody will answer. */
  unanswered(): void {
    this.#current = undefined;
  }

  /** Meter values, when they are due. */
  sample(second: number, voltageV: number): void {
    if (!this.connected || !this.open || second - this.#sampledS < this.stall.sampleEveryS) return;
    this.#sampledS = second;
    if (this.trouble.mute || this.rebooting) return;
    // Not -0, which a ledger does not know.
    const tenth = (value: number) => Math.round(value * 10) / 10 + 0;
    const { overstates, understates, powerAlone } = this.trouble;
    const factor = overstates ? 10 : understates ? 0 : 1;
    const drawn = this.#wired.evseCurrentA(this.stall.id).map((value) => value * factor) as unknown as PerPhase;
    const currentA: PerPhase = [tenth(drawn[0]), tenth(drawn[1]), tenth(drawn[2])];
    const powerW = Math.round((drawn[0] + drawn[1] + drawn[2]) * voltageV) + 0;
    const told = powerAlone ? { powerW } : { currentA, powerW };
    const sample = { atMs: this.nowMs(), ...told, energyWh: this.register(), ...this.#tellsOfGiving() };
    this.tell({ type: "metered", ...this.#at(), samples: [sample] });
  }

  #tellsOfGiving() {
    const { gives, id } = this.stall;
    if (!gives) return {};
    const socPercent = this.#wired.car(id)?.socPercent;
    const told = gives.tellsCharge && socPercent !== undefined ? { socPercent: Math.round(socPercent) } : {};
    return { exportWh: Math.round(this.#wired.exportWh(id)), ...told };
  }

  /** Takes a command; it has its effect when the charge point has worked on it. */
  take(command: ChargePointCommand, second: number): CommandResult {
    const isBack = command.type === "set-limit" && command.schedule.periods[0]!.currentA < 0;
    const rejects = this.trouble.rejects || (isBack && this.trouble.refusesBack);
    if (command.type === "set-limit" && rejects) return { status: "rejected", detail: "Rejected" };
    const dueS = second + this.stall.commandDelayS + (this.trouble.obeysLate ? OBEYS_LATE_S : 0);
    // One after the other, as they came.
    this.#inFlight.push({ dueS: Math.max(dueS, this.#inFlight.at(-1)?.dueS ?? 0), command });
    return ACCEPTED;
  }

  /** Commands that are due take effect. */
  work(second: number): void {
    const due = this.#inFlight.filter(({ dueS }) => dueS <= second);
    this.#inFlight = this.#inFlight.filter(({ dueS }) => dueS > second);
    for (const { command } of due) {
      // A limit of a transaction is refused when there is none.
      if (command.type === "set-limit" && this.open) this.schedule = command.schedule;
      if (command.type === "install-safe-default") this.safeA = command.currentA;
      if (command.type === "clear-limits") this.schedule = undefined;
      if (command.type === "stop-transaction") this.end("Remote", "finishing");
    }
    this.#remember();
  }

  /** The driver of a car whose charging was stopped asks again. */
  tryAgain(): void {
    this.plugIn(this.#token);
  }

  /** Forgets every limit, also the one that it was commissioned with. */
  forgetAll(): void {
    this.forget();
    this.safeA = this.stall.maxCurrentA;
  }

  /** Forgets every limit that it was given; what it was commissioned with remains. */
  forget(): void {
    this.schedule = undefined;
    this.safeA = this.stall.safeCurrentA;
    this.#inFlight = [];
  }
}

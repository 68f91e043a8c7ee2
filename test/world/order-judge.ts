/** Promises of every command, bounds of everything that waits, and a site that comes back by itself. */
import type { ChargePointCommand } from "../../src/core/charge-point-input.ts";
import { PHASE_INDEXES } from "../../src/core/quantity.ts";
import type { SimulatedChargePoint } from "./charge-point.ts";
import { WELL_BY_S } from "./plan.ts";
import { ShownPhases } from "./shown-phases.ts";
import { VOLTAGE } from "./site.ts";
import type { World } from "./world.ts";

const MOST_BACKLOG = 5000;
const MOST_TIMERS = 60;
/** A hanging disk answers nobody, and charge points that reconnect ask again. */
const MOST_MESSAGES_EACH = 20;
/** A reading older than this allows no raise (5 s), with a second for the poll. */
const STALE_S = 6;
/** Without a meter every car is at its safe current after this: 10 s until absent, 10 s to obey. */
const SAFE_AFTER_S = 25;
/** Who was stopped has its turn again within so long: a rest and those before it. */
const TURN_S = 300;
/** When turns change, who comes next is told when who was stopped has gone: meanwhile neither charges. */
const BETWEEN_TURNS_S = 15;
/** Somebody who was not reachable, or refused, is told again in so long. */
const REACHED_AFTER_S = 65;
/** Told to begin: charge point up to 2 s, car up to 4 s, ramp. */
const BEGINS_AFTER_S = 15;
const CHARGES_A = 5.5;
const LEAST_A = 6;
/** The least that is given back, and the lease of a limit with its lead. */
const LEAST_BACK_A = 1;
const MOST_BACK_S = 210;
/** Germany, of cars on one or two phases. */
const UNBALANCE_A = 20;
/** What the guard leaves free. */
const SPARE_A = 1;
/** Power comes back in steps of 15 s, to half of those who want it in each. */
const BACK_AFTER_MS = 60_000;
/** Five minutes after the last fault nobody needs a change any more, but by a new plan or quarter-hour. */
const SETTLED_FROM_S = 1300;
const MOST_CALM_TURNS = 5;
/** A start is the safe state: it may stop a car. */
const START_LASTS_S = 40;
/** Stops of one car in ten minutes; a car that is shed again and again is a contactor that dies. */
export const MOST_STOPS_IN_TEN_MINUTES = 5;

/**
 * Limits are written in wall time: after a step of our clock they hold again when the charge point has told its time
 * twice (30 s each), or has set its clock by ours (a heartbeat of 60 s) and told it twice again.
 */
const STEP_LASTS_S = 150;
const STEP_MS = 30_000;

/** Stops for the plan, or to let another car have its turn. */
const MOST_EASY_STOPS = 2;

export class OrderJudge {
  mostBacklog = 0;
  mostStops = 0;
  mostEasyStops = 0;
  /** How often the limit of one EVSE turned from rising to falling, or back, in the calm. */
  mostCalmTurns = 0;
  readonly #calmTurns = new Map<string, { readonly turns: number; readonly rises: boolean }>();
  readonly #world: World;
  readonly #shown = new ShownPhases();
  readonly #lastA = new Map<string, number>();
  /** When it was told last that it may charge, after it might not. */
  readonly #begunS = new Map<string, number>();
  readonly #deafS = new Map<string, number>();
  readonly #stopsS = new Map<string, number[]>();
  readonly #easyStopsS = new Map<string, number[]>();
  #stopsOfBoot = 0;
  /** Told already. */
  readonly #unsafe = new Set<string>();
  readonly #charged = new Map<string, boolean>();
  /** Those that charge because they were told to, and not by a safe current or what they forgot. */
  readonly #ours = new Set<string>();
  #said: string[] = [];
  #clockErrorMs = 0;
  #steppedS = Number.NEGATIVE_INFINITY;
  #upSinceS = 0;
  #boots = 0;
  #slowDiskS = Number.NEGATIVE_INFINITY;

  constructor(world: World) {
    this.#world = world;
  }

  sent(command: ChargePointCommand): void {
    if (command.type !== "set-limit") return;
    const { evseId, schedule } = command;
    const stall = this.#world.chargePoint(evseId).stall;
    const say = (text: string) => this.#said.push(`a limit of ${evseId} ${text}`);
    const currentA = schedule.periods[0]?.currentA ?? Number.NaN;
    const mostBackA = (stall.gives?.maxPowerW ?? 0) / (VOLTAGE * stall.phases.length);
    const isBack = currentA <= -LEAST_BACK_A && currentA >= -mostBackA;
    const isCurrent = currentA === 0 || isBack || (currentA >= 6 && currentA <= stall.maxCurrentA);
    if (!isCurrent) say(`is ${currentA} A`);
    const last = schedule.periods.at(-1)!;
    if (schedule.periods.length < 2 || last.currentA !== stall.safeCurrentA) say("does not end in the safe current");
    if (!(schedule.durationS > last.offsetS && schedule.durationS < 3 * 3600)) say(`lasts ${schedule.durationS} s`);
    if (isBack && last.offsetS > MOST_BACK_S) say(`to give back lasts ${last.offsetS} s`);
    const before = this.#lastA.get(evseId) ?? stall.safeCurrentA;
    // What was decided while the meter was good, and has counted since, may have waited for the disk.
    const waited = this.#world.second - this.#slowDiskS < 3;
    if (currentA > Math.max(before, stall.safeCurrentA) && this.#readingAgeS(stall.circuit) > STALE_S && !waited)
      say(`rises from ${before} to ${currentA} A without a good meter`);
    if (currentA !== before) this.#changed(evseId, currentA > before);
    if (currentA >= LEAST_A && before < LEAST_A) this.#begunS.set(evseId, this.#world.second);
    this.#lastA.set(evseId, currentA);
  }

  /** Give and take without end: each change is a fact on the card, and a write to the flash of the charge point. */
  #changed(evseId: string, rises: boolean): void {
    const { second } = this.#world;
    if (second < SETTLED_FROM_S || second > WELL_BY_S) return;
    const known = this.#calmTurns.get(evseId) ?? { turns: 0, rises };
    const turns = known.turns + (known.rises === rises ? 0 : 1);
    this.#calmTurns.set(evseId, { turns, rises });
    this.mostCalmTurns = Math.max(this.mostCalmTurns, turns);
    if (turns === MOST_CALM_TURNS + 1 && known.turns < turns)
      this.#said.push(`the limit of ${evseId} went up and down ${turns} times in the calm`);
  }

  /** Of the oldest meter on the way to the grid connection, s. */
  #readingAgeS(circuit: string): number {
    const { meters, second } = this.#world;
    const onTheWay = meters.filter(({ circuitId }) => circuitId === "grid" || circuitId === circuit);
    return second - Math.min(...onTheWay.map(({ answeredS }) => answeredS));
  }

  look(): string[] {
    const { isUp, boots, second, chargePoints } = this.#world;
    if (!isUp) this.#upSinceS = second;
    // One that stood still goes on from what it had sent; one that was started anew has sent nothing.
    if (boots !== this.#boots) this.#lastA.clear();
    this.#boots = boots;
    const { errorMs } = this.#world.wall;
    if (Math.abs(errorMs - this.#clockErrorMs) > STEP_MS) this.#steppedS = second;
    this.#clockErrorMs = errorMs;
    if (this.#world.disk.slowMs > 0) this.#slowDiskS = second;
    this.#shown.look(this.#world);
    const said = [...this.#said, ...this.#bounds()];
    this.#said = [];
    for (const chargePoint of chargePoints) said.push(...this.#withoutMeter(chargePoint), ...this.#flaps(chargePoint));
    return second === WELL_BY_S ? [...said, ...this.#well()] : said;
  }

  #bounds(): string[] {
    const { process, unanswered, chargePoints, second } = this.#world;
    if (!process) return [];
    const { backlog, dropped } = process.recorder.health();
    this.mostBacklog = Math.max(this.mostBacklog, backlog);
    const said: string[] = [];
    if (backlog > MOST_BACKLOG || dropped > 0) said.push(`${backlog} facts wait, ${dropped} were given up`);
    if (process.clock.timers > MOST_TIMERS) said.push(`${process.clock.timers} timers wait`);
    if (unanswered > MOST_MESSAGES_EACH * chargePoints.length) said.push(`${unanswered} messages wait`);
    const ageMs = process.clock.monoMs() - process.controller.health().lastTickMonoMs;
    if (second - this.#upSinceS > 5 && process.running && !process.frozen && ageMs > 3000)
      said.push(`the last tick was ${ageMs} ms ago`);
    return said;
  }

  /** A dead meter: every car that can be told draws no more than its safe current. */
  #withoutMeter(chargePoint: SimulatedChargePoint): string[] {
    const { second, isUp, site } = this.#world;
    const { stall } = chargePoint;
    if (!isUp || !chargePoint.obeys()) this.#deafS.set(stall.id, second);
    const deafForS = second - (this.#deafS.get(stall.id) ?? Number.NEGATIVE_INFINITY);
    const ageS = this.#readingAgeS(stall.circuit);
    const isBlind = Number.isFinite(ageS) && ageS >= SAFE_AFTER_S;
    if (!isBlind) this.#unsafe.delete(stall.id);
    const isReached = deafForS >= REACHED_AFTER_S && second - this.#upSinceS >= REACHED_AFTER_S;
    if (!isBlind || !isReached || this.#unsafe.has(stall.id)) return [];
    const drawsA = Math.max(...site.carA(stall.id));
    const mostA = stall.safeCurrentA * (chargePoint.trouble.generous ? 1.1 : 1);
    if (drawsA <= mostA + 0.3) return [];
    this.#unsafe.add(stall.id);
    return [`${stall.id} draws ${drawsA.toFixed(1)} A without a meter, its safe current is ${stall.safeCurrentA} A`];
  }

  /** A car that is switched off and on again and again. */
  #flaps(chargePoint: SimulatedChargePoint): string[] {
    const { second } = this.#world;
    const { id } = chargePoint.stall;
    // Of one car: the next one at the same EVSE knows nothing of it.
    if (!this.#world.visitAt(id)) for (const stops of [this.#stopsS, this.#easyStopsS]) stops.delete(id);
    // A plan after a restart does not know what was paused before it.
    if (this.#stopsOfBoot !== this.#world.boots) this.#easyStopsS.clear();
    this.#stopsOfBoot = this.#world.boots;
    const charges = chargePoint.open !== undefined && chargePoint.offeredA() >= 6;
    const stopped =
      this.#charged.get(id) === true && !charges && chargePoint.open !== undefined && !chargePoint.rebooting;
    this.#charged.set(id, charges);
    const isOurs = this.#ours.has(id);
    if (!charges) this.#ours.delete(id);
    else if ((this.#lastA.get(id) ?? 0) >= 6) this.#ours.add(id);
    if (second - this.#steppedS < STEP_LASTS_S) return [];
    if (!stopped || !isOurs || second - this.#upSinceS < START_LASTS_S) return [];
    const stops = this.#inTenMinutes(this.#stopsS, id);
    this.mostStops = Math.max(this.mostStops, stops);
    const easyStops = this.#world.judge.currents.isEasy ? this.#inTenMinutes(this.#easyStopsS, id) : 0;
    this.mostEasyStops = Math.max(this.mostEasyStops, easyStops);
    if (stops > MOST_STOPS_IN_TEN_MINUTES) return [`${id} was stopped ${stops} times in ten minutes`];
    return easyStops > MOST_EASY_STOPS
      ? [`${id} was stopped ${easyStops} times in ten minutes, and no fuse was near`]
      : [];
  }

  /** How often it was stopped, this time included. */
  #inTenMinutes(stopsS: Map<string, number[]>, id: string): number {
    const { second } = this.#world;
    const recent = [...(stopsS.get(id) ?? []), second].filter((at) => second - at < 600);
    stopsS.set(id, recent);
    return recent.length;
  }

  #hasJustBegun(id: string): boolean {
    return this.#world.second - (this.#begunS.get(id) ?? Number.NEGATIVE_INFINITY) < BEGINS_AFTER_S;
  }

  #stoppedLately(id: string): boolean {
    return this.#sinceStopS(id) < TURN_S;
  }

  #hasJustStopped(id: string): boolean {
    return this.#sinceStopS(id) < BETWEEN_TURNS_S;
  }

  #sinceStopS(id: string): number {
    return this.#world.second - (this.#stopsS.get(id)?.at(-1) ?? Number.NEGATIVE_INFINITY);
  }

  /** After the last fault everything is as if nothing had been. */
  #well(): string[] {
    const { process, chargePoints, site } = this.#world;
    if (!process?.running) return ["the controller does not run"];
    const said: string[] = [];
    const { failure, backlog } = process.recorder.health();
    if (failure !== undefined || backlog > 0) said.push(`the ledger is not well: ${failure}, ${backlog} facts wait`);
    const state = process.controller.state();
    // What was installed wrongly shows no room, or is not used: somebody has to put it right.
    const wrong = this.#world.meters.filter(({ distortions }) => distortions.size > 0);
    const circuits = new Set<string | undefined>(wrong.map(({ circuitId }) => circuitId));
    // An EVSE on other phases than it should be makes the meter above it show too little: its building counts with its worst.
    const isMiswired = chargePoints.some(({ stall }) => site.isMiswired(stall.id));
    // The cars of an EVSE that shows on other phases may load any.
    const isExchanged = Object.values(state.site.doubts).some(({ kind }) => kind === "swapped");
    const doubted = new Set(Object.values(state.site.doubts).map(({ deviceId }) => deviceId));
    for (const { circuitId, deviceId } of this.#world.meters)
      if (isMiswired && doubted.has(deviceId)) circuits.add(circuitId);
    const mayBeWrong = wrong.length > 0 || isMiswired;
    const doubts = Object.values(state.site.doubts).filter(
      ({ deviceId }) => !isMiswired && !wrong.some((meter) => meter.deviceId === deviceId),
    );
    for (const { deviceId, kind } of doubts) said.push(`${deviceId} is doubted still: ${kind}`);
    if (!mayBeWrong && state.site.mode === "safe")
      said.push(`the site is in safe mode: ${JSON.stringify(state.site.modeReason)}`);
    for (const [id, { quality }] of Object.entries(state.site.devices))
      if (quality !== "good" && !wrong.some(({ deviceId }) => deviceId === id) && !(isMiswired && doubted.has(id)))
        said.push(`${id} is ${quality}`);
    for (const { stall, connected, open } of chargePoints) {
      if (!connected) said.push(`${stall.id} is not connected`);
      if (!this.#world.visitAt(stall.id)?.hurries) continue;
      const drawsA = Math.max(...site.carA(stall.id));
      const decision = process.controller.decisions().find(({ evseId }) => evseId === stall.id);
      // A meter that is wrong, or shows an EVSE on other phases, is believed now and then: power is coming back, the last car is next.
      const circuitId = mayBeWrong ? this.#believedAgain() : undefined;
      const comesBack = decision?.reason.kind === "raising" || decision?.reason.circuitId === circuitId;
      const isNext = circuitId !== undefined && comesBack;
      // It was stopped for what is wrong, as its turn was over, rests as after any stop, and has its turn again.
      const isStopped = mayBeWrong ? this.#stoppedLately(stall.id) : this.#hasJustStopped(stall.id);
      const rests = decision?.reason.kind === "paused" && isStopped;
      // Of two limits that leave no room the fuse may be the one that is told.
      const isNamed = decision?.reason.limitA === UNBALANCE_A;
      // Behind a meter that is wrong, and for the balance, cars take turns: it was told to, and its car has not done it yet.
      const begins = (mayBeWrong || isNamed) && this.#hasJustBegun(stall.id);
      const isUneven = this.#shown.of(this.#world, stall).length < 3;
      const isLeftOut = (isNamed && isExchanged) || ((isNamed || isUneven) && this.#wouldUnbalance(stall.id));
      const mayWait = isLeftOut || isNext || rests || begins || circuits.has(decision?.reason.circuitId);
      if ((!open || drawsA < CHARGES_A) && !mayWait)
        said.push(`${stall.id} does not charge (${drawsA.toFixed(1)} A; ${JSON.stringify(decision)})`);
    }
    return said;
  }

  /** The circuit of the meter of which a doubt has ended a moment ago. */
  #believedAgain(): string | undefined {
    const { judge, time, meters } = this.#world;
    const doubted = judge.books.facts.findLast(({ type }) => type === "meter-doubted");
    if (doubted?.type !== "meter-doubted" || doubted.data.active) return undefined;
    if (time.wallMs() - doubted.atMs >= BACK_AFTER_MS) return undefined;
    return meters.find(({ deviceId }) => deviceId === doubted.data.deviceId)?.circuitId;
  }

  /**
   * With the least current it would load a phase, with those that charge, were just told to or just stopped, and as they showed
   * last, by more than the country lets cars on one or two phases. A car whose charge point tells power alone may be on any, and evens nothing out.
   */
  #wouldUnbalance(id: string): boolean {
    const { plan, chargePoints, site } = this.#world;
    const cars: [number, number, number] = [0, 0, 0];
    const seen: [number, number, number] = [0, 0, 0];
    for (const { stall, trouble } of chargePoints) {
      const phases = this.#shown.of(this.#world, stall);
      // What is given back on one phase is a difference to the others.
      if (phases.length < 3)
        for (const phase of PHASE_INDEXES) seen[phase] += Math.min(0, site.carA(stall.id)[phase]) / LEAST_A;
      const draws = Math.max(...site.carA(stall.id)) >= CHARGES_A;
      const isInTurn = draws || this.#hasJustBegun(stall.id) || this.#hasJustStopped(stall.id);
      const charges = stall.id === id || isInTurn;
      if (!charges || phases.length === 3) continue;
      const isTold = !trouble.powerAlone || stall.phases.length === 1;
      for (const phase of isTold ? phases : PHASE_INDEXES) cars[phase] += 1;
      if (isTold) for (const phase of phases) seen[phase] += 1;
    }
    return plan.country === "DE" && LEAST_A * (Math.max(...cars) - Math.min(...seen)) > UNBALANCE_A - SPARE_A;
  }
}

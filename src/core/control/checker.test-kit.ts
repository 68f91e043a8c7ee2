/** Watches a plant from outside: true currents against fuses, and the promises that every decision has to keep. */

import { Compile } from "typebox/compile";
import { PHASE_INDEXES, type PhaseIndex } from "../quantity.ts";
import { ReasonSchema } from "../reason.ts";
import { Plant, type PlantOptions, START_MS } from "./plant.test-kit.ts";

/** Time to obey (10 s) and 2 s for reading and command. */
export const MOST_SECONDS_OVER = 12;
const METER_ERROR_A = 0.2;
const ReasonCheck = Compile(ReasonSchema);
/** A report of its phases (up to 30 s), the time to obey, and a second round where that report came too early. */
const MOST_SECONDS_UNBALANCED = 60;

interface Over {
  since: number;
  othersA: number;
}

export class Checker {
  readonly violations: string[] = [];
  longestOverS = 0;
  longestUnbalanceS = 0;
  #unbalancedSince: number | undefined;
  readonly #plant: Plant;
  readonly #mostSecondsOver: number;
  readonly #over = new Map<string, Over>();
  #limits = new Map<string, number>();
  #seenCommands = 0;
  readonly #deaf = new Map<string, number>();

  constructor(plant: Plant, mostSecondsOver = MOST_SECONDS_OVER) {
    this.#plant = plant;
    this.#mostSecondsOver = mostSecondsOver;
  }

  /** To be called after every tick. */
  look(): void {
    for (const { id, limitA } of this.#plant.site.circuits)
      for (const phase of PHASE_INDEXES) this.#fuse(id, phase, limitA);
    this.#withoutMeter();
    this.#unbalance();
    this.#decisions();
    this.#schedules();
  }

  #say(text: string): void {
    if (this.violations.length < 20) this.violations.push(`${this.#plant.second} s: ${text}`);
  }

  /** What the guard cannot lower on a circuit: other loads, and cars at charge points that do not listen, A. */
  #fixedA(circuitId: string, phase: PhaseIndex): number {
    let sumA = this.#plant.othersA(circuitId)[phase];
    for (const id of this.#plant.site.circuitById.get(circuitId)!.evseIds) {
      const { fault } = this.#plant.station(id);
      const deaf = fault.offline || fault.refuses || fault.stubbornA !== undefined;
      if (deaf && this.#plant.phasesOf(id).includes(phase)) sumA += this.#plant.drawsA(id);
    }
    return sumA;
  }

  /** A charge point that does not listen, or has only just begun to. */
  #isDeaf(evseId: string): boolean {
    const { second } = this.#plant;
    const { fault } = this.#plant.station(evseId);
    if (fault.offline || fault.refuses || fault.stubbornA !== undefined) this.#deaf.set(evseId, second);
    return second - (this.#deaf.get(evseId) ?? Number.NEGATIVE_INFINITY) < 15;
  }

  #ageMs(circuitId: string): number {
    const { meterId } = this.#plant.site.circuitById.get(circuitId)!;
    if (meterId === undefined) return 0;
    return this.#plant.second * 1000 - (this.#plant.meters.get(meterId)?.atMonoMs ?? Number.NEGATIVE_INFINITY);
  }

  /** A meter that is gone for 15 s: every EVSE below has been told its safe current; 5 s later cars draw no more. */
  #withoutMeter(): void {
    for (const { id, evseIds } of this.#plant.site.circuits) {
      const ageMs = this.#ageMs(id);
      if (ageMs <= 11_000 || !Number.isFinite(ageMs)) continue;
      for (const evseId of evseIds) {
        const { safeCurrentA } = this.#plant.site.evseById.get(evseId)!;
        const deaf = this.#isDeaf(evseId);
        if (this.#plant.limitA(evseId) > safeCurrentA)
          this.#say(`${evseId} is not at its safe current without a meter`);
        if (deaf) continue;
        if (ageMs > 20_000 && this.#plant.drawsA(evseId) > safeCurrentA + METER_ERROR_A)
          this.#say(`${evseId} draws ${this.#plant.drawsA(evseId)} A without a meter`);
      }
    }
  }

  /** Cars can cure an overload while the others alone are below the fuse; a new load is a new overload. */
  #fuse(circuitId: string, phase: PhaseIndex, limitA: number): void {
    const { second } = this.#plant;
    const key = `${circuitId}/${phase}`;
    const totalA = this.#plant.trueA(circuitId)[phase];
    const othersA = this.#fixedA(circuitId, phase);
    if (totalA <= limitA + METER_ERROR_A || othersA > limitA || this.#ageMs(circuitId) > 5_000) {
      this.#over.delete(key);
      return;
    }
    const over = this.#over.get(key);
    if (!over || othersA > over.othersA + METER_ERROR_A) {
      this.#over.set(key, { since: over && othersA <= over.othersA ? over.since : second, othersA });
      return;
    }
    const forS = second - over.since;
    this.longestOverS = Math.max(this.longestOverS, forS);
    if (forS > this.#mostSecondsOver)
      this.#say(`${key} carries ${totalA.toFixed(1)} A of ${limitA} A for ${forS} s, others ${othersA.toFixed(1)} A`);
  }

  /**
   * What cars on one or two phases draw on a phase above what such cars draw on another. How many phases a car uses is
   * known from its first report on, and one that is not told (or reports seldom) is found out by its next.
   */
  #unbalance(): void {
    const { site, second } = this.#plant;
    if (site.unbalanceLimitA === undefined) return;
    const sumA: [number, number, number] = [0, 0, 0];
    let deaf = false;
    for (const { id } of site.evses) {
      const phases = this.#plant.phasesOf(id);
      if (phases.length === 0 || phases.length === 3) continue;
      deaf ||= this.#isDeaf(id);
      for (const phase of phases) sumA[phase] += this.#plant.drawsA(id);
    }
    const differsA = Math.max(...sumA) - Math.min(...sumA);
    if (deaf || differsA <= site.unbalanceLimitA + METER_ERROR_A) this.#unbalancedSince = undefined;
    else this.#unbalancedSince ??= second;
    const forS = second - (this.#unbalancedSince ?? second);
    this.longestUnbalanceS = Math.max(this.longestUnbalanceS, forS);
    if (forS > MOST_SECONDS_UNBALANCED) this.#say(`phases differ by ${differsA.toFixed(1)} A for ${forS} s`);
  }

  #mayRise(evseId: string): boolean {
    const { site, meters, second } = this.#plant;
    return site.evseById.get(evseId)!.circuitPath.every((id) => {
      const { meterId } = site.circuitById.get(id)!;
      const reading = meterId === undefined ? undefined : meters.get(meterId);
      return meterId === undefined || (reading !== undefined && second * 1000 - reading.atMonoMs <= 5000);
    });
  }

  #decisions(): void {
    const { last, site } = this.#plant;
    const limits = new Map<string, number>();
    for (const { evseId, currentA, reason } of last!.evses) {
      const { minCurrentA, maxCurrentA, safeCurrentA } = site.evseById.get(evseId)!;
      limits.set(evseId, currentA);
      if (currentA !== 0 && (currentA < minCurrentA || currentA > maxCurrentA || !Number.isFinite(currentA)))
        this.#say(`${evseId} gets ${currentA} A, neither 0 nor ${minCurrentA} to ${maxCurrentA}`);
      if (!ReasonCheck.Check(reason)) this.#say(`${evseId} has no reason: ${JSON.stringify(reason)}`);
      const before = this.#limits.get(evseId);
      if (before !== undefined && currentA > before && currentA > safeCurrentA && !this.#mayRise(evseId))
        this.#say(`${evseId} is raised from ${before} to ${currentA} A without a good meter`);
    }
    if (limits.size !== site.evses.length) this.#say("an EVSE has no decision");
    this.#limits = limits;
  }

  #schedules(): void {
    const { commands, site, second } = this.#plant;
    const limitsNow = new Map<string, number>();
    for (let at = this.#seenCommands; at < commands.length; at++) {
      const { command } = commands[at]!;
      if (command.type !== "set-limit") continue;
      const { schedule, evseId } = command;
      limitsNow.set(evseId, (limitsNow.get(evseId) ?? 0) + 1);
      const last = schedule.periods.at(-1);
      const inSafe = last?.currentA === site.evseById.get(evseId)!.safeCurrentA && schedule.periods.length > 1;
      if (!inSafe) this.#say(`a schedule of ${evseId} does not end in its safe current`);
      if (!(schedule.durationS > (last?.offsetS ?? 0))) this.#say(`a schedule of ${evseId} has no duration`);
      if (schedule.startMs > START_MS + second * 1000) this.#say(`a schedule of ${evseId} starts in the future`);
    }
    for (const [evseId, count] of limitsNow) if (count > 1) this.#say(`${evseId} got ${count} limits in one tick`);
    this.#seenCommands = commands.length;
  }

  /** Limits and the rest fit below every fuse: what must hold when nothing has changed for a while. */
  steady(): void {
    for (const { id, limitA, evseIds } of this.#plant.site.circuits) {
      for (const phase of PHASE_INDEXES) {
        let sumA = 0;
        for (const evseId of evseIds) {
          if (this.#plant.station(evseId).car && this.#plant.phasesOf(evseId).includes(phase))
            sumA += Math.max(this.#plant.limitA(evseId), this.#plant.drawsA(evseId));
        }
        const othersA = this.#plant.othersA(id)[phase];
        if (sumA > 0 && othersA <= limitA && sumA + othersA > limitA + METER_ERROR_A * 3)
          this.#say(`${id}/${phase}: limits ${sumA.toFixed(1)} A and others ${othersA.toFixed(1)} A above ${limitA} A`);
      }
    }
  }
}

/** A plant that is looked at every second. */
export function watched(options: PlantOptions) {
  const plant = new Plant(options);
  const checker = new Checker(plant);
  return { plant, checker, run: (seconds: number) => plant.run(seconds, () => checker.look()) };
}

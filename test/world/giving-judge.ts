/**
 * Watches what cars give back: no more through a fuse than it carries and no more to the grid than may be exported, nothing without
 * the grid meter, and no car below its least charge. What is given where it could not be told counts as the sun does.
 */
import { heatAfter } from "../../src/core/control/circuits/thermal.ts";
import { PHASE_INDEXES, PHASE_NAMES, type PhaseIndex } from "../../src/core/quantity.ts";
import type { Protection } from "../../src/core/site/site.ts";
import type { SimulatedChargePoint } from "./charge-point.ts";
import {
  MISLEADING,
  MOST_SECONDS_OVER,
  MOST_SECONDS_OVER_IN_TROUBLE,
  MOST_SECONDS_OVER_MISLED,
} from "./currents-judge.ts";
import { LEAST_CHARGE_PERCENT } from "./giving.ts";
import { VOLTAGE } from "./site.ts";
import type { World } from "./world.ts";

/** Who counts on what others give overloads nothing yet: limits that together are above what is free are lowered after this. */
const OVERCOMMITTED_S = 20;
/** Then they are told and obeyed in one round: reading 1 s, charge point up to 2 s, car up to 4 s, ramp. */
const OBEYED_S = 8;
/** Last digits of meters. */
const METER_ERROR_A = 0.3;
/** The same of a power, and cars that round their current, W. */
const ALLOWED_W = 300;
/** Without a meter nothing is given back after this: 10 s until absent, 10 s to obey. */
const NOTHING_AFTER_S = 25;
/** Difference between phases of cars on one or two of them that Germany allows, A; and for so long as each needs to show its own. */
const UNBALANCE_A = 20;
const MOST_SECONDS_UNBALANCED = 45;
/** Somebody who refused, or did not do it, is reached again after so long: the slowest retry of a refused limit. */
const REACHED_AFTER_S = 65;
/** A charge is told in whole percent. */
const ROUNDED_PERCENT = 1;
/** Above this part of the heat by what nobody can lower, an opening is not the guard's. */
const NOT_TO_BLAME = 0.6;

interface Pole {
  readonly circuitId: "grid" | "garage";
  readonly phase: PhaseIndex;
  readonly ratingA: number;
  readonly protection: Protection;
  readonly stalls: readonly SimulatedChargePoint[];
  readonly over: Over;
  readonly hidden: Over;
  heat: number;
  fixedHeat: number;
}

/** Seconds above a limit, while cars that can be told are part of it; what others add begins them anew. */
class Over {
  #sinceS: number | undefined;
  #fixed = 0;

  seconds(second: number, now: { isOver: boolean; fixed: number; tolerance: number }): number {
    if (!now.isOver) this.#sinceS = undefined;
    else if (this.#sinceS === undefined || now.fixed > this.#fixed + now.tolerance) this.#sinceS = second;
    else return second - this.#sinceS + 1;
    this.#fixed = now.fixed;
    return now.isOver ? 1 : 0;
  }
}

export class GivingJudge {
  /** Longest time that cars gave more through a fuse than it carries, and more than may be exported, s. */
  longestBackS = 0;
  longestExportS = 0;
  /** Longest time that a fuse would have carried more than its rating, had cars stopped giving, s. */
  longestHiddenS = 0;
  /** Longest time that phases differed by more than they may, as cars gave on one of them, s. */
  longestUnbalancedS = 0;
  mostGivenW = 0;
  readonly #world: World;
  readonly #poles: readonly Pole[];
  readonly #export = new Over();
  #unbalancedS = 0;
  #uneven = "";
  readonly #deafS = new Map<string, number>();
  #upSinceS = 0;
  /** Told already. */
  readonly #said = new Set<string>();

  constructor(world: World) {
    this.#world = world;
    const { garage, fuseA, protection } = world.plan;
    const of = (circuitId: "grid" | "garage", device: { fuseA: number; protection: Protection }) =>
      PHASE_INDEXES.map((phase): Pole => {
        const stalls = world.chargePoints.filter(({ stall }) => circuitId === "grid" || stall.circuit === circuitId);
        const { fuseA: ratingA, protection: kind } = device;
        const over = { over: new Over(), hidden: new Over() };
        return { circuitId, phase, ratingA, protection: kind, stalls, ...over, heat: 0.5, fixedHeat: 0.5 };
      });
    this.#poles = [...of("grid", { fuseA, protection }), ...(garage ? of("garage", garage) : [])];
  }

  /** Violations of this second. */
  look(): string[] {
    const { plan, second, isUp, chargePoints } = this.#world;
    if (!plan.stalls.some(({ gives }) => gives)) return [];
    if (!isUp) this.#upSinceS = second;
    for (const chargePoint of chargePoints)
      if (!isUp || !chargePoint.obeys()) this.#deafS.set(chargePoint.stall.id, second);
    const givenW = chargePoints.reduce((sumW, chargePoint) => sumW + this.#givenW(chargePoint), 0);
    this.mostGivenW = Math.max(this.mostGivenW, givenW);
    return [
      ...this.#poles.flatMap((pole) => [...this.#back(pole), ...this.#hidden(pole)]),
      ...this.#exported(),
      ...this.#unbalanced(),
      ...chargePoints.flatMap((chargePoint) => [...this.#blindly(chargePoint), ...this.#emptied(chargePoint)]),
    ];
  }

  #givenA({ stall }: SimulatedChargePoint, phase: PhaseIndex): number {
    return Math.max(0, -this.#world.site.carA(stall.id)[phase]);
  }

  #givenW(chargePoint: SimulatedChargePoint): number {
    return PHASE_INDEXES.reduce<number>((sumW, phase) => sumW + this.#givenA(chargePoint, phase) * VOLTAGE, 0);
  }

  #mostS(circuitId: string): number {
    if (this.#world.plan.faults.some(({ family }) => MISLEADING.has(family))) return MOST_SECONDS_OVER_MISLED;
    return this.#world.judge.currents.isTroubled(circuitId) ? MOST_SECONDS_OVER_IN_TROUBLE : MOST_SECONDS_OVER;
  }

  #mostHiddenS(circuitId: string): number {
    const mostS = this.#mostS(circuitId);
    return OVERCOMMITTED_S + (mostS === MOST_SECONDS_OVER ? OBEYED_S : mostS);
  }

  /** Its meter shows on another phase what is given on one: nobody sees it there, until it stops and the overload shows. */
  #isSwapped(circuitId: string): boolean {
    const { meters, plan } = this.#world;
    const swapped = plan.faults.filter(({ family, kind }) => family === "meter-lie" && kind === "swapped");
    return meters.some(
      (meter) => meter.circuitId === circuitId && swapped.some((fault) => meter.distortions.has(fault)),
    );
  }

  #canBeTold(chargePoint: SimulatedChargePoint): boolean {
    return !this.#world.judge.currents.isDeaf(chargePoint.id);
  }

  /** What flows back through a fuse. */
  #back(pole: Pole): string[] {
    const { circuitId, phase, ratingA, stalls, protection } = pole;
    const { site, second } = this.#world;
    const backA = -site.currentA(circuitId)[phase];
    const told = stalls.filter((chargePoint) => this.#canBeTold(chargePoint));
    const cars = told.reduce((sumA, chargePoint) => sumA + this.#givenA(chargePoint, phase), 0);
    const fixedA = backA - cars;
    pole.heat = heatAfter(pole.heat, protection, Math.max(0, backA) / ratingA, 1);
    pole.fixedHeat = heatAfter(pole.fixedHeat, protection, Math.max(0, fixedA) / ratingA, 1);
    const isOver = backA > ratingA + METER_ERROR_A && cars > METER_ERROR_A;
    const forS = pole.over.seconds(second, { isOver, fixed: fixedA, tolerance: METER_ERROR_A });
    this.longestBackS = Math.max(this.longestBackS, forS);
    const text = `${circuitId} ${PHASE_NAMES[phase]} carries ${backA.toFixed(1)} A back, of ${ratingA} A, ${cars.toFixed(1)} A of it from cars`;
    const opens = pole.heat >= 1 && pole.fixedHeat < NOT_TO_BLAME;
    if (pole.heat >= 1) pole.heat = pole.fixedHeat = 0.5;
    return [
      ...(opens ? [`${text}: its ${protection} may open`] : []),
      ...(forS === this.#mostS(circuitId) + 1 ? [`${text}, for ${forS} s`] : []),
    ];
  }

  /** What a fuse would carry if all cars stopped giving: that may be the next second, and others are told no more than it bears. */
  #hidden({ circuitId, phase, ratingA, stalls, hidden }: Pole): string[] {
    const { site, second } = this.#world;
    const givenA = stalls.reduce((sumA, chargePoint) => sumA + this.#givenA(chargePoint, phase), 0);
    const told = stalls.filter((chargePoint) => this.#canBeTold(chargePoint));
    const drawnA = told.reduce((sumA, { stall }) => sumA + Math.max(0, site.carA(stall.id)[phase]), 0);
    const withoutA = site.currentA(circuitId)[phase] + givenA;
    const isSeen = givenA > METER_ERROR_A && !this.#isSwapped(circuitId);
    const isOver = isSeen && drawnA > METER_ERROR_A && withoutA > ratingA + METER_ERROR_A;
    const forS = hidden.seconds(second, { isOver, fixed: withoutA - drawnA, tolerance: METER_ERROR_A });
    this.longestHiddenS = Math.max(this.longestHiddenS, forS);
    if (forS !== this.#mostHiddenS(circuitId) + 1) return [];
    return [
      `${circuitId} ${PHASE_NAMES[phase]} would carry ${withoutA.toFixed(1)} A of ${ratingA} A without the ${givenA.toFixed(1)} A that cars give back, for ${forS} s`,
    ];
  }

  /** What goes to the grid. */
  #exported(): string[] {
    const { site, plan, operator, chargePoints, judge, second } = this.#world;
    const operatorW = operator.exportKnownS === undefined ? undefined : operator.exportLimitW;
    const capW = Math.min(plan.exportLimitW ?? Number.POSITIVE_INFINITY, operatorW ?? Number.POSITIVE_INFINITY);
    const exportW = -site.currentA("grid").reduce((sumW, currentA) => sumW + currentA * VOLTAGE, 0);
    const told = chargePoints.filter((chargePoint) => this.#canBeTold(chargePoint));
    const carsW = told.reduce((sumW, chargePoint) => sumW + this.#givenW(chargePoint), 0);
    const isOver = exportW > capW + ALLOWED_W && carsW > ALLOWED_W && !judge.currents.isGridMeterTroubled;
    const forS = this.#export.seconds(second, { isOver, fixed: exportW - carsW, tolerance: ALLOWED_W });
    this.longestExportS = Math.max(this.longestExportS, forS);
    if (forS !== this.#mostS("grid") + 1) return [];
    return [
      `the site exports ${Math.round(exportW)} W of ${capW} W, ${Math.round(carsW)} W of it from cars, for ${forS} s`,
    ];
  }

  /** What cars on one or two phases draw on one above what others give on another; who begins or ends anything begins it anew. */
  #unbalanced(): string[] {
    const { plan, site, chargePoints, judge } = this.#world;
    // Whose transaction could not be recorded yet, nobody knows of.
    const known = chargePoints.filter(({ open }) => open?.id !== undefined);
    const cars = known.map(({ id, stall }) => ({ id, stall: stall.id, currentA: site.carA(stall.id) }));
    const uneven = cars.filter(
      ({ currentA }) => currentA.some((a) => Math.abs(a) >= 1) && currentA.some((a) => Math.abs(a) < 1),
    );
    const sumA = PHASE_INDEXES.map((phase) => uneven.reduce((sum, { currentA }) => sum + currentA[phase], 0));
    const byA = Math.max(...sumA) - Math.min(...sumA);
    const gives = uneven.some(({ currentA }) => Math.min(...currentA) < -1);
    const isTold =
      !judge.currents.isTroubled("grid") &&
      !uneven.some(({ id, stall }) => judge.currents.isDeaf(id) || site.isMiswired(stall));
    const before = this.#uneven;
    this.#uneven = uneven.map(({ id, currentA }) => `${id} ${currentA.map((a) => Math.sign(Math.round(a)))}`).join();
    const isOver = plan.country === "DE" && gives && isTold && byA > UNBALANCE_A + METER_ERROR_A;
    this.#unbalancedS = isOver ? (this.#uneven === before ? this.#unbalancedS : 0) + 1 : 0;
    this.longestUnbalancedS = Math.max(this.longestUnbalancedS, this.#unbalancedS);
    if (this.#unbalancedS !== MOST_SECONDS_UNBALANCED + 1) return [];
    return [
      `phases differ by ${byA.toFixed(1)} A while cars give back on one or two of them, for ${this.#unbalancedS} s`,
    ];
  }

  /** Without the grid meter. */
  #blindly(chargePoint: SimulatedChargePoint): string[] {
    const { meters, second } = this.#world;
    const { id } = chargePoint.stall;
    const answeredS = meters.find(({ circuitId }) => circuitId === "grid")!.answeredS;
    const isBlind = Number.isFinite(answeredS) && second - answeredS >= NOTHING_AFTER_S;
    return this.#once(`blind ${id}`, isBlind && this.#isReached(id) && this.#givenW(chargePoint) > ALLOWED_W, () => {
      return `${id} gives ${Math.round(this.#givenW(chargePoint))} W back, the grid meter was silent for ${second - answeredS} s`;
    });
  }

  /** Below its least charge, where the charge point tells that. */
  #emptied(chargePoint: SimulatedChargePoint): string[] {
    const { stall, trouble, misleads } = chargePoint;
    const { socPercent = 100 } = this.#world.site.wired.car(stall.id) ?? {};
    const isTold = stall.gives?.tellsCharge === true && trouble.mute !== true && !misleads && this.#isReached(stall.id);
    const isBelow = socPercent < LEAST_CHARGE_PERCENT - ROUNDED_PERCENT && this.#givenW(chargePoint) > ALLOWED_W;
    return this.#once(`empty ${stall.id}`, isTold && isBelow, () => {
      return `${stall.id} gives back at ${socPercent.toFixed(1)} %, its least is ${LEAST_CHARGE_PERCENT} %`;
    });
  }

  /** It can be told, and could for so long that it was. */
  #isReached(id: string): boolean {
    const { second } = this.#world;
    const deafForS = second - (this.#deafS.get(id) ?? Number.NEGATIVE_INFINITY);
    return deafForS >= REACHED_AFTER_S && second - this.#upSinceS >= REACHED_AFTER_S;
  }

  #once(what: string, isBroken: boolean, text: () => string): string[] {
    if (!isBroken) this.#said.delete(what);
    if (!isBroken || this.#said.has(what)) return [];
    this.#said.add(what);
    return [text()];
  }
}

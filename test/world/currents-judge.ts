/**
 * Watches the true currents: no protective device opens, and no circuit stays above its rating for longer than stated
 * while cars that can be told still draw. It knows the wires and the faults, and nothing of what the controller believes.
 */
import { heatAfter } from "../../src/core/control/circuits/thermal.ts";
import { type PerPhase, PHASE_INDEXES, PHASE_NAMES, type PhaseIndex } from "../../src/core/quantity.ts";
import type { Protection } from "../../src/core/site/site.ts";
import type { SimulatedChargePoint } from "./charge-point.ts";
import type { World } from "./world.ts";

/** Last digits of meters and registers, A. */
const METER_ERROR_A = 0.3;
/** Told to obeyed: reading 1 s, charge point up to 2 s, car up to 4 s, ramp; then a second round where an estimate was wrong. */
export const MOST_SECONDS_OVER = 16;
/** With readings that lie or are missing, or a charge point that was found out to be deaf in that time. */
export const MOST_SECONDS_OVER_IN_TROUBLE = 40;
/**
 * What was installed wrongly is known when cars have shown it: a minute of raises, two reports of each at 30 s, and then
 * as long as in trouble.
 */
export const MOST_SECONDS_OVER_MISLED = 120;
export const MISLEADING: ReadonlySet<string> = new Set(["meter-lie", "wiring"]);
/** Somebody who refused, or did not do it, is reached again after so long: the slowest retry of a refused limit. */
const REACHED_AFTER_S = 65;
/** Somebody who was cut off is told as soon as he is back, and obeys like everybody. */
const OBEYS_AFTER_S = 15;
const TROUBLE_LASTS_S = 60;
/** So near to a rating it may have to be cured soon. */
const NEAR_A = 6;
const EASY_AFTER_S = 60;
/** Above this part of the heat by loads that nobody can lower, an opening is not the guard's. */
const NOT_TO_BLAME = 0.5;

/**
 * The difference between phases of one- and two-phase cars that Germany allows, A; known by the cars' own meters, 30 s
 * after each began to draw.
 */
const UNBALANCE_A = 20;
const MOST_SECONDS_UNBALANCED = 45;

interface Circuit {
  readonly id: "grid" | "garage";
  readonly ratingA: number;
  readonly protection: Protection;
  readonly stalls: readonly SimulatedChargePoint[];
}

interface Pole {
  heat: number;
  /** From what nobody can lower. */
  fixedHeat: number;
  overSinceS?: number;
  /** The most of this overload that nobody could lower, A. */
  fixedA: number;
}

export class CurrentsJudge {
  /** Longest time above a rating that cars could have cured, s. */
  longestOverS = 0;
  longestOverInTroubleS = 0;
  hottest = 0;
  longestUnbalancedS = 0;
  /** Devices that opened by loads that nobody can lower. */
  unavoidable = 0;
  readonly #world: World;
  readonly #circuits: readonly Circuit[];
  readonly #unbalancedS: [number, number, number] = [0, 0, 0];
  /** Transaction and phases that each charge point was seen to draw in. */
  readonly #drew = new Map<string, { readonly open: unknown; readonly phases: number }>();
  /** When a car went over to more phases while it charged, s. */
  readonly #widenedS = new Map<string, number>();
  readonly #poles = new Map<string, Pole>();
  readonly #deafUntilS = new Map<string, number>();
  #tightS = Number.NEGATIVE_INFINITY;
  #gridMeterUntilS = 0;
  readonly #troubleUntilS = new Map<string, number>();

  constructor(world: World) {
    this.#world = world;
    const { garage, fuseA, protection } = world.plan;
    const inGarage = world.chargePoints.filter(({ stall }) => stall.circuit === "garage");
    this.#circuits = [
      { id: "grid", ratingA: fuseA, protection, stalls: world.chargePoints },
      ...(garage
        ? [{ id: "garage" as const, ratingA: garage.fuseA, protection: garage.protection, stalls: inGarage }]
        : []),
    ];
  }

  /** Nothing was near a rating for a while, and nothing was wrong: whoever is stopped now is not stopped for safety. */
  get isEasy(): boolean {
    const { second } = this.#world;
    const isTroubled = this.#circuits.some(({ id }) => this.isTroubled(id));
    return !isTroubled && second - this.#tightS > EASY_AFTER_S;
  }

  /** The grid operator limits the site: that may stop cars. */
  tight(): void {
    this.#tightS = this.#world.second;
  }

  /** The charge point cannot be told, or could not be until a moment ago. */
  isDeaf(chargePointId: string): boolean {
    return this.#deafUntilS.has(chargePointId);
  }

  /** Nobody can know what flows at the grid connection, or could not until a moment ago. */
  get isGridMeterTroubled(): boolean {
    return this.#world.second <= this.#gridMeterUntilS;
  }

  isTroubled(circuitId: string): boolean {
    return this.#world.second <= (this.#troubleUntilS.get(circuitId) ?? 0);
  }

  /** Violations of this second. */
  look(): string[] {
    const { second, isUp } = this.#world;
    for (const chargePoint of this.#world.chargePoints) {
      if (isUp && chargePoint.obeys()) continue;
      const untilS = second + (chargePoint.refuses ? REACHED_AFTER_S : OBEYS_AFTER_S);
      this.#deafUntilS.set(chargePoint.id, Math.max(untilS, this.#deafUntilS.get(chargePoint.id) ?? 0));
    }
    for (const [id, untilS] of this.#deafUntilS) if (untilS < second) this.#deafUntilS.delete(id);
    for (const circuit of this.#circuits)
      if (!isUp || this.#hasTrouble(circuit)) this.#troubleUntilS.set(circuit.id, second + TROUBLE_LASTS_S);
    return [
      ...this.#circuits.flatMap((circuit) => PHASE_INDEXES.flatMap((phase) => this.#pole(circuit, phase))),
      ...this.#unbalance(),
    ];
  }

  /** What cars on one or two phases that can be told draw on a phase above the least loaded one. */
  #unbalance(): string[] {
    // Whose transaction could not be recorded yet, nobody knows of: the fuse's meter shows it, its phases are not told.
    const known = this.#world.chargePoints.filter(({ open }) => open?.id !== undefined);
    const cars = known.map(({ id, stall }) => ({ id, currentA: this.#world.site.carA(stall.id) }));
    const drawing = cars.filter(({ currentA }) => Math.max(...currentA) >= 1);
    const begins = new Set(drawing.filter((car) => this.#beginsToDraw(car)).map(({ id }) => id));
    if (this.#world.plan.country !== "DE") return [];
    const uneven = cars.filter(({ currentA }) => Math.min(...currentA) < 1 && Math.max(...currentA) >= 1);
    const drawn = PHASE_INDEXES.map((phase) => uneven.reduce((sumA, { currentA }) => sumA + currentA[phase], 0));
    // Which phases a new car loads, nobody can know before it reports: as a new load, it is a new difference.
    const isNew = uneven.some(({ id }) => begins.has(id));
    const isMiswired = known.some(({ stall }) => this.#world.site.isMiswired(stall.id));
    const isTold = !isMiswired && !uneven.some(({ id }) => this.#deafUntilS.has(id)) && !this.isTroubled("grid");
    return PHASE_INDEXES.flatMap((phase) => {
      const byA = drawn[phase]! - Math.min(...drawn);
      const forS = isTold && byA > UNBALANCE_A + METER_ERROR_A ? (isNew ? 0 : this.#unbalancedS[phase]) + 1 : 0;
      this.#unbalancedS[phase] = forS;
      this.longestUnbalancedS = Math.max(this.longestUnbalancedS, forS);
      const text = `one-phase cars load ${PHASE_NAMES[phase]} by ${byA.toFixed(1)} A more than another phase, for ${forS} s`;
      return forS === MOST_SECONDS_UNBALANCED + 1 ? [text] : [];
    });
  }

  #beginsToDraw({ id: chargePointId, currentA }: { readonly id: string; readonly currentA: PerPhase }): boolean {
    const { open } = this.#world.chargePoints.find(({ id }) => id === chargePointId)!;
    const phases = currentA.filter((value) => value >= 1).length;
    const before = this.#drew.get(chargePointId);
    this.#drew.set(chargePointId, { open, phases });
    if (before && before.open === open && phases > before.phases) this.#widenedS.set(chargePointId, this.#world.second);
    return before?.open !== open || before?.phases !== phases;
  }

  /** A meter that lies or is silent, a charge point that cannot be told, or whose own meter misleads. */
  #hasTrouble({ id, stalls }: Circuit): boolean {
    const lies = this.#isLiedTo(id);
    if (id === "grid" && lies) this.#gridMeterUntilS = this.#world.second + TROUBLE_LASTS_S;
    return lies || stalls.some((stall) => stall.misleads || this.#deafUntilS.has(stall.id) || this.#isUnseen(stall));
  }

  /** Without a meter of the circuit only its own, with its next report, shows that a car went over to more phases. */
  #isUnseen({ id, stall }: SimulatedChargePoint): boolean {
    if (stall.circuit === "grid" || this.#world.plan.garage?.metered === true) return false;
    return this.#world.second - (this.#widenedS.get(id) ?? Number.NEGATIVE_INFINITY) <= stall.sampleEveryS;
  }

  /** What nobody can lower now: everything but the cars whose charge point can be told. */
  #fixedA({ id, stalls }: Circuit, phase: PhaseIndex): number {
    let fixedA = this.#world.site.currentA(id)[phase];
    for (const chargePoint of stalls)
      if (!this.#deafUntilS.has(chargePoint.id))
        fixedA -= Math.max(0, this.#world.site.carA(chargePoint.stall.id)[phase]);
    return fixedA;
  }

  #pole(circuit: Circuit, phase: PhaseIndex): string[] {
    const key = `${circuit.id} ${PHASE_NAMES[phase]}`;
    const pole = this.#poles.get(key) ?? { heat: 0.5, fixedHeat: 0.5, fixedA: 0 };
    this.#poles.set(key, pole);
    const totalA = this.#world.site.currentA(circuit.id)[phase];
    const fixedA = this.#fixedA(circuit, phase);
    const { ratingA, protection } = circuit;
    if (totalA > ratingA - NEAR_A) this.#tightS = this.#world.second;
    pole.heat = heatAfter(pole.heat, protection, totalA / ratingA, 1);
    pole.fixedHeat = heatAfter(pole.fixedHeat, protection, fixedA / ratingA, 1);
    this.hottest = Math.max(this.hottest, pole.heat);
    const text = `${key} carries ${totalA.toFixed(1)} A of ${ratingA} A, ${fixedA.toFixed(1)} A of it not to be lowered`;
    return [
      ...this.#opens(pole, `${text}: its ${protection} may open`),
      ...this.#over(pole, { circuit, phase, totalA, fixedA, text }),
    ];
  }

  #opens(pole: Pole, text: string): string[] {
    if (pole.heat < 1) return [];
    const toBlame = pole.fixedHeat < NOT_TO_BLAME + 0.1;
    if (!toBlame) this.unavoidable++;
    pole.heat = 0.5;
    pole.fixedHeat = 0.5;
    return toBlame ? [text] : [];
  }

  /** Nothing but cars' own meters tells what flows in it. */
  #isBlind({ id }: Circuit): boolean {
    if (id === "garage" && this.#world.plan.garage?.metered !== true) return true;
    return this.#isLiedTo(id);
  }

  #isLiedTo(id: string): boolean {
    return this.#world.meters.some(({ circuitId, distortions }) => circuitId === id && distortions.size > 0);
  }

  /** What cars draw on a phase above what was promised for them, A, where nobody can see that. */
  #concealedA(circuit: Circuit, phase: PhaseIndex): number {
    if (!this.#isBlind(circuit)) return 0;
    return circuit.stalls.reduce((concealedA, chargePoint) => {
      const aboveA = this.#world.site.carA(chargePoint.stall.id)[phase] - chargePoint.toldA();
      return concealedA + (aboveA > 0 && this.#conceals(chargePoint) ? aboveA : 0);
    }, 0);
  }

  /** It is gone, or tells power alone that may be spread over all phases, each within its limit. */
  #conceals(chargePoint: SimulatedChargePoint): boolean {
    const { stall, trouble, connected, refuses } = chargePoint;
    if (!connected) return trouble.unbound === true;
    const currentA = this.#world.site.carA(stall.id);
    const isWithin = currentA[0] + currentA[1] + currentA[2] <= chargePoint.toldA() * stall.phases.length;
    return trouble.powerAlone === true && refuses && isWithin;
  }

  /** Cars that can be told still draw while it lasts, whatever the others do; a new load is a new overload. */
  #over(
    pole: Pole,
    now: { circuit: Circuit; phase: PhaseIndex; totalA: number; fixedA: number; text: string },
  ): string[] {
    const { circuit, phase, fixedA, text } = now;
    const totalA = now.totalA - this.#concealedA(circuit, phase);
    const { ratingA } = circuit;
    const { second } = this.#world;
    if (totalA <= ratingA + METER_ERROR_A || totalA - fixedA < METER_ERROR_A) {
      delete pole.overSinceS;
      pole.fixedA = fixedA;
      return [];
    }
    if (pole.overSinceS === undefined || fixedA > pole.fixedA + METER_ERROR_A) {
      pole.overSinceS = second;
      pole.fixedA = fixedA;
    }
    const forS = second - pole.overSinceS + 1;
    const inTrouble = this.isTroubled(circuit.id);
    if (inTrouble) this.longestOverInTroubleS = Math.max(this.longestOverInTroubleS, forS);
    else this.longestOverS = Math.max(this.longestOverS, forS);
    const isMisled = this.#world.plan.faults.some(({ family }) => MISLEADING.has(family));
    const mostS = isMisled ? MOST_SECONDS_OVER_MISLED : inTrouble ? MOST_SECONDS_OVER_IN_TROUBLE : MOST_SECONDS_OVER;
    return forS === mostS + 1 ? [`${text}, for ${forS} s`] : [];
  }
}

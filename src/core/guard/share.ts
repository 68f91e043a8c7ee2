/** Shares what is available: minimum currents first, then evenly upwards until something binds. */
import type { Constraint } from "./constraints.ts";

export interface Claim {
  readonly index: number;
  readonly minA: number;
  readonly wantedA: number;
  /** Lower goes first when not all can have their minimum. */
  readonly rank: number;
}

const TINY = 1e-6;

/** What is left of each constraint; reduced as currents are given. */
export class Slack {
  readonly #left: number[];
  readonly #weights: readonly (readonly { readonly constraint: number; readonly weight: number }[])[];
  readonly constraints: readonly Constraint[];

  constructor(constraints: readonly Constraint[], count: number, available: (constraint: Constraint) => number) {
    this.constraints = constraints;
    this.#left = constraints.map(available);
    const weights: { constraint: number; weight: number }[][] = Array.from({ length: count }, () => []);
    constraints.forEach((entry, constraint) => {
      for (const { index, weight } of entry.members) weights[index]!.push({ constraint, weight });
    });
    this.#weights = weights;
  }

  /** The most that an EVSE may have on top, A, and the constraint that says so. */
  room(index: number): { readonly currentA: number; readonly binding?: Constraint } {
    let currentA = Number.POSITIVE_INFINITY;
    let binding: Constraint | undefined;
    for (const { constraint, weight } of this.#weights[index]!) {
      const left = this.#left[constraint]! / weight;
      if (left < currentA) {
        currentA = left;
        binding = this.constraints[constraint]!;
      }
    }
    return binding ? { currentA, binding } : { currentA };
  }

  /** Gives an EVSE so much more (or takes it, when negative). */
  give(index: number, currentA: number): void {
    for (const { constraint, weight } of this.#weights[index]!) this.#left[constraint]! -= weight * currentA;
  }

  /** Whether every constraint on the way of this EVSE allows a raise. */
  mayRaise(index: number): boolean {
    return this.#weights[index]!.every(({ constraint }) => this.constraints[constraint]!.mayRaise);
  }

  /** The largest step that all of `indexes` can make together. */
  commonStep(indexes: readonly number[]): number {
    const load = new Map<number, number>();
    for (const index of indexes) {
      for (const { constraint, weight } of this.#weights[index]!)
        load.set(constraint, (load.get(constraint) ?? 0) + weight);
    }
    let step = Number.POSITIVE_INFINITY;
    for (const [constraint, weight] of load) step = Math.min(step, this.#left[constraint]! / weight);
    return Math.max(0, step);
  }
}

/** Everybody rises together; who has what was wanted, or is bound, stops; the others go on. */
function fill(claims: readonly Claim[], given: Map<number, number>, slack: Slack): void {
  let active = claims.filter((claim) => claim.wantedA - (given.get(claim.index) ?? 0) > TINY);
  for (let round = 0; active.length > 0 && round < 1000; round++) {
    const wanted = Math.min(...active.map((claim) => claim.wantedA - given.get(claim.index)!));
    const step = Math.min(wanted, slack.commonStep(active.map((claim) => claim.index)));
    for (const { index } of active) {
      given.set(index, given.get(index)! + step);
      slack.give(index, step);
    }
    active = active.filter(
      (claim) => claim.wantedA - given.get(claim.index)! > TINY && slack.room(claim.index).currentA > TINY,
    );
  }
}

/**
 * Gives each claim 0, or between its minimum and what it wants, within the slack. Whole amperes, rounded down, so that
 * the sum holds. By index of the EVSE.
 */
export function share(claims: readonly Claim[], slack: Slack): Map<number, number> {
  const given = new Map<number, number>();
  const charging: Claim[] = [];
  for (const claim of [...claims].sort((a, b) => a.rank - b.rank)) {
    const fits = claim.wantedA >= claim.minA - TINY && slack.room(claim.index).currentA >= claim.minA - TINY;
    given.set(claim.index, fits ? claim.minA : 0);
    if (!fits) continue;
    slack.give(claim.index, claim.minA);
    charging.push(claim);
  }
  fill(charging, given, slack);
  for (const claim of charging) {
    const exact = given.get(claim.index)!;
    const whole = Math.max(claim.minA, Math.floor(exact + TINY));
    given.set(claim.index, whole);
    slack.give(claim.index, whole - exact);
  }
  return given;
}

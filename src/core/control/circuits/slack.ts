/** What is left of each constraint while currents are given away. */
import { type Constraint, weightOf } from "./constraint.ts";

interface Link {
  readonly constraint: number;
  readonly weight: number;
}

/** Which constraints bind which EVSE, by position of the EVSE in the site. Built once a tick. */
export class Bounds {
  readonly constraints: readonly Constraint[];
  readonly #links: (Link[] | undefined)[] = [];

  constructor(constraints: readonly Constraint[]) {
    this.constraints = constraints;
    constraints.forEach((constraint, position) => {
      for (const entry of constraint.members) {
        const link = { constraint: position, weight: weightOf(constraint, entry) };
        const links = this.#links[entry.index];
        if (links) links.push(link);
        else this.#links[entry.index] = [link];
      }
    });
  }

  linksOf(index: number): readonly Link[] {
    return this.#links[index] ?? [];
  }

  /** Whether every constraint on the way of this EVSE allows a raise. */
  mayRaise(index: number): boolean {
    return this.linksOf(index).every(({ constraint }) => this.constraints[constraint]!.mayRaise);
  }

  /** Whether they do, or will in a moment: when what was lowered there has gone. */
  mayRaiseSoon(index: number): boolean {
    return this.linksOf(index).every(({ constraint }) => {
      const { mayRaise, settles } = this.constraints[constraint]!;
      return mayRaise || settles;
    });
  }

  isOverloaded(index: number): boolean {
    return this.linksOf(index).some(({ constraint }) => this.constraints[constraint]!.overload > 0);
  }
}

export class Slack {
  readonly bounds: Bounds;
  readonly #left: number[];

  constructor(bounds: Bounds, left: number[]) {
    this.bounds = bounds;
    this.#left = left;
  }

  static of(bounds: Bounds, available: (constraint: Constraint) => number): Slack {
    return new Slack(bounds, bounds.constraints.map(available));
  }

  /** This part of what is left. */
  part(share: number): Slack {
    return new Slack(
      this.bounds,
      this.#left.map((left) => left * share),
    );
  }

  left(constraint: number): number {
    return this.#left[constraint]!;
  }

  /** The most that an EVSE may have on top, A, and the constraint that says so. */
  room(index: number): { readonly currentA: number; readonly binding?: Constraint } {
    let currentA = Number.POSITIVE_INFINITY;
    let binding = -1;
    for (const { constraint, weight } of this.bounds.linksOf(index)) {
      const left = this.#left[constraint]! / weight;
      if (left < currentA) {
        currentA = left;
        binding = constraint;
      }
    }
    return binding < 0 ? { currentA } : { currentA, binding: this.bounds.constraints[binding]! };
  }

  /** Gives an EVSE so much more (or takes it, when negative). */
  give(index: number, currentA: number): void {
    if (currentA === 0) return;
    for (const { constraint, weight } of this.bounds.linksOf(index)) this.#left[constraint]! -= weight * currentA;
  }

  /** The largest step that all of `indexes` can make together, A. */
  commonStep(indexes: readonly number[]): number {
    const load = new Map<number, number>();
    for (const index of indexes) {
      for (const { constraint, weight } of this.bounds.linksOf(index))
        load.set(constraint, (load.get(constraint) ?? 0) + weight);
    }
    let step = Number.POSITIVE_INFINITY;
    for (const [constraint, weight] of load) step = Math.min(step, this.#left[constraint]! / weight);
    return Math.max(0, step);
  }
}

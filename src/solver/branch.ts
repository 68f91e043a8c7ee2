/**
 * Branch and bound over what a relaxed plan leaves in doubt. Each model goes on from the solution of the one before, a known
 * whole answer says from the start what is not worth a look. The number of models ends the search, and machines that come
 * that far find the same plan; on slow ones the time ends it.
 */
import type { PlanInput } from "../core/facts/plan-facts.ts";
import type { PlanModel } from "../planner/model/model.ts";
import { fixedChoices, fixSlot } from "./dive.ts";
import { brokenChoices, type Doubt, doubts } from "./doubts.ts";
import type { FixedValues, OpenModel, Solution } from "./glpk.ts";

const NEAR = 1e-6;
/** In so many doubts of a step both ways are tried before one is chosen. */
const TRIED_A_STEP = 4;
const OF_ALL = -2;

export interface BranchOptions {
  readonly plan: PlanModel;
  readonly input: PlanInput;
  readonly open: OpenModel;
  readonly relaxed: Solution;
  /** Beside it: what a unit more of each variable costs. */
  readonly relaxedCosts: ArrayLike<number>;
  readonly incumbent: Solution | undefined;
  /** Decided beforehand, for the relaxed solution too; missing is nothing. */
  readonly kept?: FixedValues;
  /** What is better by less is not looked for, EUR. */
  readonly toleranceEur: number;
  readonly leftMs: () => number;
  /** Linear models at most. */
  readonly mostModels: number;
}

export interface Branched {
  readonly best: Solution | undefined;
  /** No whole answer costs less, EUR. */
  readonly boundEur: number;
  /** Linear models that it took. */
  readonly models: number;
}

interface Step {
  readonly fixed: FixedValues;
  readonly boundEur: number;
}

/** What a decision costs by unit of what it changes, as far as it was seen: of each doubt, and of all. */
class Costs {
  readonly #seen = new Map<number, { sum: number; count: number }>();

  learn(choice: number, to: 0 | 1, eurPerUnit: number): void {
    for (const key of [2 * choice + to, OF_ALL + to]) {
      const { sum, count } = this.#seen.get(key) ?? { sum: 0, count: 0 };
      this.#seen.set(key, { sum: sum + eurPerUnit, count: count + 1 });
    }
  }

  isKnown(choice: number): boolean {
    return this.#seen.has(2 * choice) && this.#seen.has(2 * choice + 1);
  }

  expected(choice: number, to: 0 | 1): number {
    const seen = this.#seen.get(2 * choice + to) ?? this.#seen.get(OF_ALL + to);
    return seen ? seen.sum / seen.count : 1;
  }

  /** Doubts that cost much either way come first: whatever is decided, the bound rises. */
  score({ choice, lean }: Doubt): number {
    const down = this.expected(choice, 0) * lean;
    const up = this.expected(choice, 1) * (1 - lean);
    return Math.max(down, NEAR) * Math.max(up, NEAR);
  }
}

class Search {
  best: Solution | undefined;
  readonly #options: BranchOptions;
  readonly #costs = new Costs();
  readonly #steps: Step[];
  #settled: FixedValues = new Map();
  #models = 0;

  constructor(options: BranchOptions) {
    this.#options = options;
    this.#steps = [{ fixed: new Map(), boundEur: options.relaxed.objective }];
    this.best = options.incumbent;
    this.#settle();
  }

  run(): Branched {
    while (this.#steps.length > 0 && this.#goesOn()) this.#plunge(this.#lowest());
    const bounds = this.#steps.map(({ boundEur }) => boundEur);
    // An answer within the tolerance may lie nearer to the relaxed one than that.
    const boundEur = Math.max(this.#options.relaxed.objective, Math.min(this.#cutoff(), ...bounds));
    return { best: this.best, boundEur, models: this.#models };
  }

  #goesOn(): boolean {
    return this.#models < this.#options.mostModels && this.#options.leftMs() > 0;
  }

  #cutoff(): number {
    return this.best ? this.best.objective - this.#options.toleranceEur : Number.POSITIVE_INFINITY;
  }

  /** Takes the step that may be the best. */
  #lowest(): Step {
    const at = this.#steps.reduce((best, { boundEur }, i, all) => (boundEur < all[best]!.boundEur ? i : best), 0);
    return this.#steps.splice(at, 1)[0]!;
  }

  #solve(fixed: FixedValues, cutoff: number): Solution | undefined {
    this.#models++;
    const all = new Map([...this.#settled, ...fixed]);
    const finite = Number.isFinite(cutoff) ? { cutoff } : {};
    const solution = this.#options.open.relax({ fixed: all, limitMs: this.#options.leftMs(), ...finite });
    return solution.status === "optimal" && solution.objective < cutoff ? solution : undefined;
  }

  /** From one step down to a whole answer, or to where none is worth it; the other ways are kept. */
  #plunge(from: Step): void {
    let step: Step | undefined = from;
    while (step && step.boundEur < this.#cutoff()) {
      const solution: Solution | undefined = this.#goesOn() ? this.#solve(step.fixed, this.#cutoff()) : undefined;
      // Out of time, nothing is known of it.
      if (!solution && !this.#goesOn()) this.#steps.push(step);
      step = solution && this.#next(step, solution);
    }
  }

  #next({ fixed }: Step, solution: Solution): Step | undefined {
    const context = this.#options;
    const open = doubts(solution, context).filter(({ choice }) => !fixed.has(choice));
    if (open.length > 0) return this.#branch(fixed, solution, open);
    const whole = this.#completed(fixed, solution);
    if (whole && whole.objective <= solution.objective + NEAR) return undefined;
    // Out of time, nothing is known of it.
    if (!whole && this.#options.leftMs() <= 0) return { fixed, boundEur: solution.objective };
    const broken = brokenChoices(solution, context.plan).filter(({ choice }) => !fixed.has(choice));
    return broken.length > 0 ? this.#branch(fixed, solution, broken) : undefined;
  }

  /** No power is in doubt: the yes-or-no follow from the powers. */
  #completed(fixed: FixedValues, solution: Solution): Solution | undefined {
    const { plan, input } = this.#options;
    const all = new Map(fixedChoices(plan, solution));
    for (let slot = 0; slot < input.binarySlots; slot++)
      for (const [yes, value] of fixSlot(plan, slot, { input, values: solution.values, rounding: 0.5 }))
        all.set(yes, value);
    const whole = this.#solve(new Map([...all, ...fixed]), Number.POSITIVE_INFINITY);
    if (whole && whole.objective < (this.best?.objective ?? Number.POSITIVE_INFINITY)) {
      this.best = whole;
      this.#settle();
    }
    return whole;
  }

  /** What alone would cost more than the best answer is settled for good. */
  #settle(): void {
    const { plan, relaxed, relaxedCosts } = this.#options;
    const roomEur = this.#cutoff() - relaxed.objective;
    const settled = new Map(this.#options.kept);
    for (const [index, { binary }] of plan.model.variables.entries()) {
      const cost = relaxedCosts[index]!;
      if (binary && Math.abs(cost) > roomEur && !settled.has(index)) settled.set(index, cost > 0 ? 0 : 1);
    }
    this.#settled = settled;
  }

  #branch(fixed: FixedValues, solution: Solution, open: readonly Doubt[]): Step | undefined {
    const ranked = [...open].sort((a, b) => this.#costs.score(b) - this.#costs.score(a));
    const unknown = ranked.filter(({ choice }) => !this.#costs.isKnown(choice)).slice(0, TRIED_A_STEP);
    for (const doubt of unknown) {
      const ways = ([0, 1] as const).map((to) => this.#try(fixed, solution, { doubt, to }));
      if (ways.some((way) => way === undefined)) return ways.find((way) => way !== undefined);
      if (!this.#goesOn()) break;
    }
    const chosen = [...open].sort((a, b) => this.#costs.score(b) - this.#costs.score(a))[0]!;
    const [no, yes] = ([0, 1] as const).map((to) => ({
      fixed: new Map([...fixed, [chosen.choice, to]]),
      boundEur: solution.objective,
    }));
    const { choice, lean } = chosen;
    const noIsCheaper = this.#costs.expected(choice, 0) * lean < this.#costs.expected(choice, 1) * (1 - lean);
    this.#steps.push(noIsCheaper ? yes! : no!);
    return noIsCheaper ? no : yes;
  }

  /** What deciding one doubt costs; `undefined` where nothing worth it is left then. */
  #try(fixed: FixedValues, solution: Solution, { doubt, to }: { doubt: Doubt; to: 0 | 1 }): Step | undefined {
    const { choice, lean } = doubt;
    const decided = new Map([...fixed, [choice, to]]);
    const tried = this.#solve(decided, this.#cutoff());
    // Out of time nothing is known: the step stays.
    if (!tried && this.#options.leftMs() <= 0) return { fixed: decided, boundEur: solution.objective };
    const eur = (tried?.objective ?? Math.min(this.#cutoff(), solution.objective + 1e3)) - solution.objective;
    this.#costs.learn(choice, to, Math.max(0, eur) / Math.max(0.01, to === 0 ? lean : 1 - lean));
    return tried && { fixed: decided, boundEur: tried.objective };
  }
}

/** The best whole answer that is found, and what none can beat. */
export function branched(options: BranchOptions): Branched {
  return new Search(options).run();
}

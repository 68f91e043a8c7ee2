/** Looks at a world after each second, and keeps what broke. */
import type { ChargePointCommand } from "../../src/core/charge-point-input.ts";
import { BooksJudge } from "./books-judge.ts";
import { CurrentsJudge } from "./currents-judge.ts";
import { GivingJudge } from "./giving-judge.ts";
import { OperatorJudge } from "./operator-judge.ts";
import { OrderJudge } from "./order-judge.ts";
import type { World } from "./world.ts";

const REFOLD_EVERY_S = 30;
const ENOUGH = 5;
/** Errors that the controller logs because of a kind of fault; any other is a defect. */
const EXPECTED_ERRORS: readonly (readonly [pattern: RegExp, family: string])[] = [
  [/^The ledger refuses facts/, "disk"],
  [/^Planning failed/, "planner"],
];

export interface Violation {
  readonly second: number;
  readonly text: string;
}

export class Judge {
  readonly violations: Violation[] = [];
  readonly currents: CurrentsJudge;
  readonly books: BooksJudge;
  readonly order: OrderJudge;
  readonly operator: OperatorJudge;
  readonly giving: GivingJudge;
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
    this.currents = new CurrentsJudge(world);
    this.books = new BooksJudge(world);
    this.order = new OrderJudge(world);
    this.operator = new OperatorJudge(world);
    this.giving = new GivingJudge(world);
  }

  /** Nothing new would be learnt. */
  get isSure(): boolean {
    return this.violations.length >= ENOUGH;
  }

  #say(texts: readonly string[]): void {
    for (const text of texts) this.violations.push({ second: this.#world.second, text });
  }

  sent(command: ChargePointCommand): void {
    this.order.sent(command);
  }

  /** An error in the log. */
  logged(message: string, details?: Readonly<Record<string, unknown>>): void {
    const { faults } = this.#world.plan;
    const isExpected = EXPECTED_ERRORS.some(
      ([pattern, of]) => pattern.test(message) && faults.some(({ family }) => family === of),
    );
    if (isExpected) return;
    this.#say([`the log says: ${message} ${JSON.stringify(details)}`]);
  }

  async look(): Promise<void> {
    // What it says is obeyed as soon as it is said, and known when the disk has taken it.
    if (this.#world.operator.limitW !== undefined) this.currents.tight();
    this.#say(this.currents.look());
    this.#say(this.operator.look());
    this.#say(this.giving.look());
    // A doubt that ends in this second is in the books before somebody asks for it.
    this.#say(this.books.take());
    this.#say(this.order.look());
    if (this.#world.second % REFOLD_EVERY_S === 0) this.#say(this.books.refold());
  }

  /** When all cars have left. */
  async closeBooks(): Promise<void> {
    if (this.isSure) return;
    await this.#world.quiet();
    this.#say(this.books.take());
    this.#say(this.books.refold());
    this.#say(this.books.close());
  }
}

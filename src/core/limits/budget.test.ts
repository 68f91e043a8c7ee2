import { describe, expect, test } from "vitest";
import type { BudgetSlot } from "../facts/budget-facts.ts";
import type { SiteFact } from "../facts/index.ts";
import { budgetInForce, budgetProblem, budgetSeriesW, evolveBudgets } from "./budget.ts";

const START = Date.UTC(2026, 5, 10, 12);
const MINUTE = 60_000;
const slot = (fromMin: number, toMin: number, of: Partial<BudgetSlot>): BudgetSlot => ({
  startMs: START + fromMin * MINUTE,
  endMs: START + toMin * MINUTE,
  ...of,
});
const given = (by: string, slots: BudgetSlot[]) =>
  ({ type: "budget-received", data: { by, slots } }) as unknown as SiteFact;

describe("a budget for all cars", () => {
  test("is power, or energy spent evenly over its time, whichever is less; outside its time there is none", () => {
    const budgets = evolveBudgets(
      {},
      given("bems", [slot(0, 30, { powerW: 8_000 }), slot(30, 60, { powerW: 8_000, energyWh: 2_000 })]),
    );
    expect(budgetInForce(budgets, START)).toEqual({ limitW: 8_000, untilMs: START + 30 * MINUTE, by: "bems" });
    expect(budgetInForce(budgets, START + 45 * MINUTE)?.limitW).toBe(4_000);
    expect(budgetInForce(budgets, START + 60 * MINUTE)).toBeUndefined();
    expect(budgetInForce(budgets, START - 1)).toBeUndefined();
  });

  test("replaces the one of the same giver, an empty one ends it, and of several the lowest holds", () => {
    let budgets = evolveBudgets({}, given("bems", [slot(0, 60, { powerW: 8_000 })]));
    budgets = evolveBudgets(budgets, given("api:token", [slot(0, 60, { powerW: 5_000 })]));
    expect(budgetInForce(budgets, START)).toMatchObject({ limitW: 5_000, by: "api" });
    budgets = evolveBudgets(budgets, given("api:local", []));
    expect(budgetInForce(budgets, START)?.limitW).toBe(8_000);
    budgets = evolveBudgets(budgets, given("bems", []));
    expect(budgetSeriesW(budgets, START, 4)).toBeUndefined();
  });

  test("counts in a quarter-hour as its lowest part", () => {
    const budgets = evolveBudgets({}, given("bems", [slot(0, 20, { powerW: 8_000 }), slot(20, 45, { powerW: 3_000 })]));
    expect(budgetSeriesW(budgets, START, 4)).toEqual([8_000, 3_000, 3_000, 1e9]);
  });

  test("must make sense in itself", () => {
    expect(budgetProblem([slot(0, 15, { powerW: 1 })], START)).toBeUndefined();
    expect(budgetProblem([slot(15, 15, { powerW: 1 })], START)).toContain("ends before");
    expect(budgetProblem([slot(0, 15, {})], START)).toContain("neither");
    expect(budgetProblem([slot(0, 15, { powerW: 1 }), slot(10, 20, { powerW: 1 })], START)).toContain("overlap");
    expect(budgetProblem([slot(0, 15, { powerW: 1 })], START + 3_600_000)).toContain("over");
  });
});

/**
 * Budgets for all EVSEs together, in W and Wh over time, as a building's energy management or a controller above gives
 * them. They can only lower; where none speaks of a time, none holds then. Of several the lowest holds.
 */
import type { BudgetSlot } from "../facts/budget-facts.ts";
import type { SiteFact } from "../facts/index.ts";
import { gridLimitSource } from "../state/grid-limits.ts";
import { SLOT_MS } from "../time/slots.ts";

/** By who gave it. */
export type BudgetsState = Readonly<Record<string, readonly BudgetSlot[]>>;

const HOUR_MS = 3_600_000;

/** Folds one fact into the budgets. */
export function evolveBudgets(budgets: BudgetsState, fact: SiteFact): BudgetsState {
  if (fact.type !== "budget-received") return budgets;
  // Everybody who may use the API is one source, as with limits.
  const source = gridLimitSource(fact.data.by);
  const { [source]: _, ...others } = budgets;
  return fact.data.slots.length === 0 ? others : { ...others, [source]: fact.data.slots };
}

export interface BudgetInForce {
  readonly limitW: number;
  readonly untilMs: number;
  readonly by: string;
}

/** Energy is spent evenly over its time: what is left out is not made up for, so that it is never exceeded. */
function powerOf({ startMs, endMs, powerW, energyWh }: BudgetSlot): number {
  const evenW = energyWh === undefined ? Number.POSITIVE_INFINITY : (energyWh * HOUR_MS) / (endMs - startMs);
  return Math.min(powerW ?? Number.POSITIVE_INFINITY, evenW);
}

/** The lowest budget at a time; missing where none speaks of it. */
export function budgetInForce(budgets: BudgetsState, atMs: number): BudgetInForce | undefined {
  let lowest: BudgetInForce | undefined;
  for (const [by, slots] of Object.entries(budgets)) {
    const slot = slots.find(({ startMs, endMs }) => startMs <= atMs && atMs < endMs);
    const limitW = slot ? powerOf(slot) : Number.POSITIVE_INFINITY;
    if (slot && limitW < (lowest?.limitW ?? Number.POSITIVE_INFINITY)) lowest = { limitW, untilMs: slot.endMs, by };
  }
  return lowest;
}

/** The lowest budget in each quarter-hour from `startMs` on, W; missing where no budget holds in any of them. */
export function budgetSeriesW(budgets: BudgetsState, startMs: number, count: number): number[] | undefined {
  // Asked for each second, and most sites have none.
  if (Object.keys(budgets).length === 0) return undefined;
  const series = Array.from({ length: count }, (_, slot) => {
    const [fromMs, toMs] = [startMs + slot * SLOT_MS, startMs + (slot + 1) * SLOT_MS];
    const touching = Object.values(budgets).flatMap((slots) =>
      slots.filter((entry) => entry.startMs < toMs && entry.endMs > fromMs).map(powerOf),
    );
    return Math.min(...touching);
  });
  return series.some(Number.isFinite) ? series.map((limitW) => Math.min(limitW, 1e9)) : undefined;
}

/** What is wrong with a budget in itself; missing where nothing is. */
export function budgetProblem(slots: readonly BudgetSlot[], nowMs: number): string | undefined {
  const ordered = [...slots].sort((a, b) => a.startMs - b.startMs);
  for (const [index, slot] of ordered.entries()) {
    if (slot.endMs <= slot.startMs) return "A slot ends before it begins";
    if (slot.powerW === undefined && slot.energyWh === undefined) return "A slot has neither powerW nor energyWh";
    if ((ordered[index + 1]?.startMs ?? Number.POSITIVE_INFINITY) < slot.endMs) return "Two slots overlap";
  }
  const last = ordered.at(-1);
  return last && last.endMs <= nowMs ? "All of it is over" : undefined;
}

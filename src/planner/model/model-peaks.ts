/** The rows by which a plan knows what a month's peak costs: the mean of the highest days, by kW or by steps. */
import type { PlanInput, PlanPeak } from "../../core/facts/plan-facts.ts";
import { SLOT_HOURS } from "../../core/time/slots.ts";
import { slotHours } from "../input/limits.ts";
import { type ModelBuilder, term } from "./linear-model.ts";
import type { EvseLayout } from "./model-evse.ts";
import { addTrickle } from "./model-trickle.ts";
import { alikeValueKw, dayWeights, isLevel, peakIntervals, reachedValueKw } from "./peaks.ts";

/** The steps of a month: the variable of its value, and a yes-or-no for each step, the cheapest first. */
export interface StepChoice {
  readonly value: number;
  readonly steps: readonly { readonly choice: number; readonly upToKw: number }[];
}

interface Grid {
  readonly input: PlanInput;
  /** Variables of the import by slot, kW, and the most that any of them can be. */
  readonly imports: readonly number[];
  readonly mostKw: number;
  readonly evses: readonly EvseLayout[];
}

/**
 * No load is exactly what was expected: a plan that goes up to what the month has reached goes a little beyond it, and the next
 * one begins there. So each stays a little below.
 */
const BELOW_REACHED = 1.015;

/** Variable of a day's highest counted interval, kW. */
function addDay(
  build: ModelBuilder,
  name: string,
  at: Grid & { peak: PlanPeak; day: PlanPeak["days"][number] },
): number {
  const { peak, day, input, imports } = at;
  const highest = build.variable(`${name}`, { lower: day.reachedKw, upper: Number.POSITIVE_INFINITY });
  const hours = peak.intervalSlots * SLOT_HOURS;
  for (const [index, interval] of peakIntervals(peak, day, input.startMs).entries()) {
    const { slots, beforeWh, weight, contractedKw } = interval;
    const counts = (BELOW_REACHED * weight) / hours;
    const terms = slots.map((slot) => term(imports[slot]!, -counts * slotHours(input, slot)));
    const lower = weight * (beforeWh / 1000 / hours - contractedKw);
    build.row(`${name}_${index}`, { lower }, [term(highest, 1), ...terms]);
  }
  return highest;
}

/** The value is at least what each planned day makes of it, where days like it may follow. */
function addAlike(
  build: ModelBuilder,
  name: string,
  at: { value: number; peak: PlanPeak; days: readonly number[] },
): void {
  const { value, peak, days } = at;
  for (const [index, day] of days.entries())
    for (const [row, { baseKw, share }] of dayWeights(peak, peak.days[index]!).entries())
      build.row(`${name}a${index}_${row}`, { lower: baseKw }, [term(value, 1), term(day, -share)]);
}

/** The value is at least the mean of the `count` highest: t + sum of what is above t, for the best t. */
function addHighest(
  build: ModelBuilder,
  name: string,
  at: { value: number; peak: PlanPeak; days: readonly number[] },
): void {
  const { value, peak, days } = at;
  const threshold = build.variable(`${name}t`, { upper: Number.POSITIVE_INFINITY });
  const share = 1 / peak.count;
  const above = (index: number) => build.variable(`${name}e${index}`, { upper: Number.POSITIVE_INFINITY });
  const parts = [
    ...days.map((day, index) => {
      const over = above(index);
      build.row(`${name}o${index}`, { lower: 0 }, [term(over, 1), term(threshold, 1), term(day, -1)]);
      return over;
    }),
    ...peak.earlierKw.map((kw, index) => {
      const over = above(days.length + index);
      build.row(`${name}o${days.length + index}`, { lower: kw }, [term(over, 1), term(threshold, 1)]);
      return over;
    }),
  ];
  const terms = parts.map((over) => term(over, -share));
  build.row(`${name}mean`, { lower: 0 }, [term(value, 1), term(threshold, -1), ...terms]);
}

/** Variable of the value of the month, kW. */
function addMean(build: ModelBuilder, name: string, peak: PlanPeak, days: readonly number[]): number {
  const value = build.variable(name, {
    lower: reachedValueKw(peak),
    upper: Number.POSITIVE_INFINITY,
    cost: peak.eurPerKw / peak.spreadDays,
  });
  const at = { value, peak, days };
  if (isLevel(peak)) addAlike(build, name, at);
  else addHighest(build, name, at);
  return value;
}

interface SteppedValue {
  readonly value: number;
  readonly reachedKw: number;
  readonly mostKw: number;
  /** What of a step's price this value pays. */
  readonly part: number;
}

function addSteps(
  build: ModelBuilder,
  name: string,
  peak: PlanPeak,
  { value, reachedKw, mostKw, part }: SteppedValue,
): StepChoice[] {
  const open = (peak.steps ?? []).filter(({ upToKw }, index, all) => upToKw >= reachedKw || index === all.length - 1);
  if (open.length < 2) return [];
  const paidEur = open[0]!.eurPerMonth;
  const steps = open.map(({ upToKw, eurPerMonth }, index) => ({
    choice: build.binary(`${name}s${index}`, (part * (eurPerMonth - paidEur)) / peak.spreadDays),
    // What is above the last step costs what that does.
    upToKw: index === open.length - 1 ? Math.max(upToKw, mostKw, reachedKw) : upToKw,
  }));
  build.row(
    `${name}one`,
    { lower: 1, upper: 1 },
    steps.map(({ choice }) => term(choice, 1)),
  );
  build.row(`${name}within`, { upper: 0 }, [
    term(value, 1),
    ...steps.map(({ choice, upToKw }) => term(choice, -upToKw)),
  ]);
  return [{ value, steps }];
}

/** What of a step's price the mean of several days pays as it is billed; the rest pays what days like the planned ones would come to. */
const BILLED_PART = 0.5;

/**
 * Steps of the month's value. Of the mean of several days a month's first ones are a part of the truth: billed alone, they would
 * use up what all that follow need; were all days like them counted alone, an hour a little above an edge would have paid for
 * the next kW. So each has its own step, and pays a part of its price.
 */
function addMonthSteps(
  build: ModelBuilder,
  name: string,
  peak: PlanPeak,
  { value, days, mostKw }: { value: number; days: readonly number[]; mostKw: number },
): StepChoice[] {
  const reachedKw = reachedValueKw(peak);
  if (isLevel(peak)) return addSteps(build, name, peak, { value, reachedKw, mostKw, part: 1 });
  const alikeKw = alikeValueKw(
    peak,
    peak.days.map((day) => day.reachedKw),
  );
  const alike = build.variable(`${name}alike`, { lower: alikeKw, upper: Number.POSITIVE_INFINITY });
  addAlike(build, `${name}alike`, { value: alike, peak, days });
  return [
    ...addSteps(build, name, peak, { value, reachedKw, mostKw, part: BILLED_PART }),
    ...addSteps(build, `${name}alike`, peak, { value: alike, reachedKw: alikeKw, mostKw, part: 1 - BILLED_PART }),
  ];
}

/** Adds all peaks of the input; returns the yes-or-no of their steps. */
export function addPeaks(build: ModelBuilder, grid: Grid): StepChoice[] {
  return (grid.input.peaks ?? []).flatMap((peak, index) => {
    const days = peak.days.map((day, at) => addDay(build, `peak${index}_${at}`, { ...grid, peak, day }));
    const value = addMean(build, `month${index}`, peak, days);
    const context = { input: grid.input, evses: grid.evses, margin: BELOW_REACHED };
    const all = { name: `month${index}`, peak, days: peak.days, value, reachedKw: reachedValueKw(peak) };
    if (peak.count === 1) addTrickle(build, all, context);
    else
      for (const [at, day] of peak.days.entries())
        addTrickle(
          build,
          { name: `peak${index}_${at}`, peak, days: [day], value: days[at]!, reachedKw: day.reachedKw },
          context,
        );
    return addMonthSteps(build, `month${index}`, peak, { value, days, mostKw: grid.mostKw });
  });
}

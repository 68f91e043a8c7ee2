/** Near a whole answer there often is a better one: all but a few yes-or-no stay as they are, and those are branched on. */
import { type BranchOptions, branched } from "./branch.ts";
import { givenPart, partsOf } from "./dive.ts";
import type { FixedValues, Solution } from "./glpk.ts";

/** Linear models for one neighbourhood. */
const MODELS_A_TIME = 60;
/** A window of slots, the next half of one later. */
const WINDOW_SLOTS = 3;
const ROUNDS = 3;
const NEAR = 1e-6;

export interface NearContext extends Omit<BranchOptions, "incumbent" | "kept" | "relaxedCosts"> {
  readonly whole: Solution;
}

/** What a solution leans to in every yes-or-no of a car; none where it is in doubt. */
function leanings({ values }: Solution, { plan, input }: NearContext): Map<number, number> {
  const leans = new Map<number, number>();
  const learn = (yes: number, lean: number, isSure = true) => {
    if (lean < NEAR) leans.set(yes, 0);
    if (lean > 1 - NEAR && isSure) leans.set(yes, 1);
  };
  for (const [index, layout] of plan.layout.evses.entries())
    for (const [slot, yes] of layout.on.entries()) {
      const evse = input.evses[index]!;
      const isSwitched = layout.single[slot] !== undefined;
      const { allKw, oneKw } = isSwitched
        ? partsOf(layout, slot, values)
        : { allKw: values[layout.power[slot]!]!, oneKw: 0 };
      learn(yes, (allKw * 1000) / evse.minPowerW, oneKw < NEAR);
      if (isSwitched) learn(layout.onSingle[slot]!, (oneKw * 1000) / evse.onePhase!.minPowerW, allKw < NEAR);
      const gives = layout.gives[slot];
      if (gives !== undefined) learn(gives, givenPart(layout, slot, { values, evse }));
    }
  return leans;
}

function kept(context: NearContext, isFree: (choice: number) => boolean): FixedValues {
  const { plan, whole } = context;
  return new Map(
    plan.model.variables.flatMap(({ binary }, index): [number, number][] =>
      binary && !isFree(index) ? [[index, Math.round(whole.values[index]!)]] : [],
    ),
  );
}

function searched(
  context: NearContext,
  isFree: (choice: number) => boolean,
): { readonly best: Solution; readonly models: number } {
  const { open, leftMs, whole } = context;
  const fixed = kept(context, isFree);
  const relaxed = open.relax({ fixed, limitMs: leftMs() });
  if (relaxed.status !== "optimal") return { best: whole, models: 1 };
  const mostModels = Math.min(MODELS_A_TIME, context.mostModels);
  const near = { ...context, relaxed, relaxedCosts: open.reducedCosts(), incumbent: whole, kept: fixed, mostModels };
  const { best = whole, models } = branched(near);
  return { best, models: models + 1 };
}

/** Where the relaxed solution and a whole one do not agree; again while that finds a better one. */
export function agreed(context: NearContext): Solution {
  const leans = leanings(context.relaxed, context);
  let best = context.whole;
  for (let round = 0; round < ROUNDS; round++) {
    const whole = best;
    best = searched({ ...context, whole }, (choice) => leans.get(choice) !== Math.round(whole.values[choice]!)).best;
    if (best.objective >= whole.objective - NEAR) return best;
  }
  return best;
}

/** All cars in a few slots, then in the next. */
export function windows(context: NearContext): Solution {
  const { plan, input, mostModels, leftMs } = context;
  let best = context.whole;
  let models = 0;
  for (let from = 0; from < input.binarySlots; from += Math.ceil(WINDOW_SLOTS / 2)) {
    if (models >= mostModels || leftMs() <= 0) return best;
    const free = new Set(
      plan.layout.evses.flatMap(({ on, onSingle, gives }) => [
        ...gives.slice(from, from + WINDOW_SLOTS),
        ...on.slice(from, from + WINDOW_SLOTS),
        ...onSingle.slice(from, from + WINDOW_SLOTS),
      ]),
    );
    const found = searched({ ...context, whole: best }, (choice) => free.has(choice));
    best = found.best;
    models += found.models;
  }
  return best;
}

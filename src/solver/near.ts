/** Near a whole answer there often is a better one: all but a few yes-or-no stay as they are, and those are branched on. */
import { type Branched, type BranchOptions, branched } from "./branch.ts";
import type { FixedValues, Solution } from "./glpk.ts";

/** Linear models for one neighbourhood. */
const MODELS_A_TIME = 60;
/** A window of slots, the next half of one later. */
const WINDOW_SLOTS = 3;

export interface NearContext extends Omit<BranchOptions, "incumbent" | "kept" | "relaxedCosts"> {
  readonly whole: Solution;
}

/** What a solution leans to in every yes-or-no of a car; none where it is in doubt. */
function leanings({ values }: Solution, { plan, input }: NearContext): Map<number, number> {
  const leans = new Map<number, number>();
  for (const [index, { on, power }] of plan.layout.evses.entries())
    for (const [slot, yes] of on.entries()) {
      const lean = (values[power[slot]!]! * 1000) / input.evses[index]!.minPowerW;
      if (lean < 1e-5) leans.set(yes, 0);
      if (lean > 1 - 1e-5) leans.set(yes, 1);
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

function searched(context: NearContext, isFree: (choice: number) => boolean): Branched {
  const { open, leftMs, whole } = context;
  const fixed = kept(context, isFree);
  const relaxed = open.relax({ fixed, limitMs: leftMs() });
  if (relaxed.status !== "optimal") return { best: whole, boundEur: Number.NEGATIVE_INFINITY, models: 1 };
  const mostModels = Math.min(MODELS_A_TIME, context.mostModels);
  const found = branched({
    ...context,
    relaxed,
    relaxedCosts: open.reducedCosts(),
    incumbent: whole,
    kept: fixed,
    mostModels,
  });
  return { ...found, models: found.models + 1 };
}

export interface Improved {
  readonly best: Solution;
  readonly models: number;
}

/** Where the relaxed solution and a whole one do not agree. */
export function agreed(context: NearContext): Improved {
  const leans = leanings(context.relaxed, context);
  const { best = context.whole, models } = searched(
    context,
    (choice) => leans.get(choice) !== Math.round(context.whole.values[choice]!),
  );
  return { best, models };
}

/** All cars in a few slots, then in the next. */
export function windows(context: NearContext): Improved {
  const { plan, input, mostModels, leftMs } = context;
  let best = context.whole;
  let models = 0;
  for (
    let from = 0;
    from < input.binarySlots && models < mostModels && leftMs() > 0;
    from += Math.ceil(WINDOW_SLOTS / 2)
  ) {
    const free = new Set(plan.layout.evses.flatMap(({ on }) => on.slice(from, from + WINDOW_SLOTS)));
    const found = searched({ ...context, whole: best, mostModels: mostModels - models }, (choice) => free.has(choice));
    best = found.best ?? best;
    models += found.models;
  }
  return { best, models };
}

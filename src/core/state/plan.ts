/** The plan in force. */
import type { SiteFact } from "../facts/index.ts";
import type { PlanInput, PlanResult } from "../facts/plan-facts.ts";

export interface PlanState {
  readonly current?: {
    readonly seq: number;
    readonly madeMs: number;
    readonly trigger: string;
    readonly input: PlanInput;
    readonly result: PlanResult;
  };
}

export function initialPlan(): PlanState {
  return {};
}

/** Folds one fact into the plan. */
export function evolvePlan(slice: PlanState, fact: SiteFact): PlanState {
  if (fact.type !== "plan-made") return slice;
  return { current: { seq: fact.seq, madeMs: fact.atMs, ...fact.data } };
}

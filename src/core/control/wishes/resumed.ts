/** Each new plan, and each new number of phases, may see it otherwise; what stops a car time after time wears its contactor. */
import type { EvseMemory } from "../memory.ts";
import { PLAN_LEAST_ON_MS } from "../thresholds.ts";

/** It charges again after a stop, for so short a time that a wish alone does not stop it once more. */
export function hasJustResumed({ stops, limitA, turnSinceMonoMs }: EvseMemory, monoMs: number): boolean {
  return stops > 0 && limitA > 0 && monoMs - turnSinceMonoMs < PLAN_LEAST_ON_MS;
}

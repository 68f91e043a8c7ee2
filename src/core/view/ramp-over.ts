/** What a plan cannot keep of a limited ramp: a driver's need goes before it. */
import type { PlanInput, PlanResult } from "../facts/plan-facts.ts";
import { SLOT_MS } from "../time/slots.ts";

/** Less is not worth a word, W. */
const MATTERS_W = 100;

export interface RampOver {
  readonly limitW: number;
  /** Quarter-hours whose change from the one before is too large, when the worst of them begins, epoch ms, and by how much, W. */
  readonly quarterHours: number;
  readonly worstMs: number;
  readonly worstW: number;
}

/** Missing where the plan keeps the ramp, there is none, or it was made by rules, which say so themselves. */
export function rampOver(input: Pick<PlanInput, "ramp" | "startMs">, result: PlanResult): RampOver | undefined {
  const oversW = result.rampOverW ?? [];
  const worstW = Math.max(0, ...oversW);
  if (!input.ramp || worstW < MATTERS_W || result.status === "rule-based") return undefined;
  return {
    limitW: input.ramp.limitW,
    quarterHours: oversW.filter((overW) => overW >= MATTERS_W).length,
    worstMs: input.startMs + oversW.indexOf(worstW) * SLOT_MS,
    worstW,
  };
}

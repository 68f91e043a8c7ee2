/** What a world's solver answers: the plan without a solver, and on top of it what only a better one would think of. */
import type { PlanInput, PlanResult } from "../../src/core/facts/plan-facts.ts";

const BOUNDLESS_W = 1_000_000_000;
const TURN_MS = 300_000;

/** In every second five minutes, one here and the next there. */
function isItsTurn({ nowMs }: PlanInput, index: number): boolean {
  return (Math.floor(nowMs / TURN_MS) + index) % 2 === 1;
}

/** Who may charge on one phase does so in its turn, and else on all. */
function onOnePhase(input: PlanInput, plan: PlanResult): PlanResult {
  const evses = plan.evses.map((row, index) => {
    const { onePhase, maxPowerW } = input.evses[index]!;
    if (!onePhase) return row;
    const onOne = isItsTurn(input, index);
    const powerW = row.powerW.map(() => (onOne ? onePhase.maxPowerW : maxPowerW));
    return { ...row, powerW, ...(onOne ? { onePhaseSlots: row.powerW.map((_, slot) => slot) } : {}) };
  });
  return { ...plan, evses };
}

/** Who may give energy back gives all that it may in its turn, and charges else. */
function givingBack(input: PlanInput, plan: PlanResult): PlanResult {
  const evses = plan.evses.map((row, index) => {
    const { discharge } = input.evses[index]!;
    if (!discharge || !isItsTurn(input, index)) return row;
    const dischargeW = row.powerW.map(() => discharge.maxPowerW);
    return { ...row, powerW: row.powerW.map(() => 0), dischargeW };
  });
  return { ...plan, evses };
}

/** A gigawatt for everybody, or from those that give. */
function withoutBounds(plan: PlanResult): PlanResult {
  const much = (series: readonly number[]) => series.map(() => BOUNDLESS_W);
  const evses = plan.evses.map((row) =>
    row.dischargeW ? { ...row, dischargeW: much(row.dischargeW) } : { ...row, powerW: much(row.powerW) },
  );
  return { ...plan, evses, batteries: plan.batteries.map((row) => ({ ...row, powerW: much(row.powerW) })) };
}

/** The plan of a world. */
export function madeUp(input: PlanInput, plan: PlanResult, boundless: boolean): PlanResult {
  const made = givingBack(input, onOnePhase(input, plan));
  return boundless ? withoutBounds(made) : made;
}

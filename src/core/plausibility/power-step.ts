/** A step of an EVSE that tells power alone: which of its phases its car loads, nobody says. */
import { mapPhases, type PerPhase, type PhaseIndex } from "../quantity.ts";
import type { EvseModel } from "../site/site-model.ts";

/** A smaller step on a phase could as well be one of the building: there are several ways in which it may show. */
const LEAST_STEP_A = 6;
/** EVSEs give a little more than they are built for. */
const MOST_TIMES_RATING = 1.1;

/** Every choice of phases, the largest first. */
function choices([first, ...rest]: readonly PhaseIndex[]): PhaseIndex[][] {
  if (first === undefined) return [[]];
  const others = choices(rest);
  return [...others.map((chosen) => [first, ...chosen]), ...others];
}

/**
 * The ways in which a step of so much current, all phases together, may be spread over the phases of an EVSE, A: evenly over
 * each choice of them that it is built for. None where it is too small.
 */
export function waysOf({ phases, maxCurrentA }: EvseModel, sumA: number): PerPhase[] {
  return choices(phases)
    .filter(({ length }) => length > 0)
    .map((chosen) => ({ chosen, eachA: sumA / chosen.length }))
    .filter(({ eachA }) => Math.abs(eachA) >= LEAST_STEP_A && Math.abs(eachA) <= maxCurrentA * MOST_TIMES_RATING)
    .map(({ chosen, eachA }) => mapPhases((phase) => (chosen.includes(phase) ? eachA : 0)));
}

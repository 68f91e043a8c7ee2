/** How much cars may give back on one or two phases before phases differ too much: it widens what others draw on the rest. */
import type { PhaseIndex } from "../../quantity.ts";
import type { SiteModel } from "../../site/site-model.ts";
import { PHASE_PAIRS, tilts } from "../circuits/unbalance.ts";
import { MARGIN_A } from "../thresholds.ts";
import type { EvseObservation } from "./observe-evse.ts";

/** What others on `phase`, and not on `other`, draw, may draw or need to begin, A: who charges goes before who gives. */
function drawnApartA(others: readonly EvseObservation[], phase: PhaseIndex, other: PhaseIndex): number {
  // Who has not shown yet which phases it loads may be on the first wire of its EVSE alone.
  const apart = others.filter(
    (entry) => tilts(entry, phase, other) || (entry.unseen && entry.evse.phases[0] === phase),
  );
  return apart.reduce((sumA, { surelyA, memory, evse, session }) => {
    return sumA + Math.max(0, surelyA, memory.limitA, session && !evse.discharge ? evse.minCurrentA : 0);
  }, 0);
}

/**
 * The most that a car may give back, A per phase; endless where nothing is asked of phases. `given` is what others give by
 * this second's decisions, A per phase by position of the EVSE.
 */
export function balancedA(
  { unbalanceLimitA, phases }: Pick<SiteModel, "unbalanceLimitA" | "phases">,
  entry: EvseObservation,
  { active, given }: { readonly active: readonly EvseObservation[]; readonly given: ReadonlyMap<number, number> },
): number {
  if (unbalanceLimitA === undefined || phases === 1) return Number.POSITIVE_INFINITY;
  const others = active.filter((other) => other !== entry);
  const pairs = PHASE_PAIRS.filter(({ phase, other }) => entry.unseen || tilts(entry, phase, other));
  const left = pairs.map(({ phase, other }) => {
    const givers = others.filter((giver) => tilts(giver, phase, other));
    const givenA = givers.reduce((sumA, { index, surelyA }) => sumA + Math.max(given.get(index) ?? 0, -surelyA, 0), 0);
    return unbalanceLimitA - MARGIN_A - drawnApartA(others, other, phase) - givenA;
  });
  return Math.min(Number.POSITIVE_INFINITY, ...left);
}

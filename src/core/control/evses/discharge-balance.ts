/** How much cars may give back on one or two phases before phases differ too much: it widens what others draw on the rest. */
import type { PhaseIndex } from "../../quantity.ts";
import type { SiteModel } from "../../site/site-model.ts";
import { PHASE_PAIRS, tilts } from "../circuits/unbalance.ts";
import { MARGIN_A } from "../thresholds.ts";
import type { Wish } from "../wishes/wishes.ts";
import type { EvseObservation } from "./observe-evse.ts";

/** Whom a car gives back beside: what they want, and what others give by this second's decisions, A, by position of the EVSE. */
export interface Beside {
  readonly active: readonly EvseObservation[];
  readonly wishes: ReadonlyMap<number, Pick<Wish, "currentA">>;
  readonly given: ReadonlyMap<number, number>;
}

/** Who has not shown yet which phases it loads may be on the first wire of its EVSE alone (IEC 62196-2). */
function mayTilt(entry: EvseObservation, phase: PhaseIndex, other: PhaseIndex): boolean {
  return tilts(entry, phase, other) || (entry.unseen === true && entry.evse.phases[0] === phase);
}

/**
 * What who loads `phase`, and not `other`, draws or wants, A: who charges goes before who gives, and one that is raised step
 * by step does not lower the other with each.
 */
function wantedApartA(
  { active, wishes }: Pick<Beside, "active" | "wishes">,
  phase: PhaseIndex,
  other: PhaseIndex,
): number {
  const apart = active.filter((entry) => mayTilt(entry, phase, other));
  return apart.reduce((sumA, { index, surelyA, memory }) => {
    return sumA + Math.max(0, surelyA, memory.limitA, wishes.get(index)?.currentA ?? 0);
  }, 0);
}

/** The most that a car may give back, A per phase; endless where nothing is asked of phases. */
export function balancedA(
  { unbalanceLimitA, phases }: Pick<SiteModel, "unbalanceLimitA" | "phases">,
  entry: EvseObservation,
  { active, wishes, given }: Beside,
): number {
  if (unbalanceLimitA === undefined || phases === 1) return Number.POSITIVE_INFINITY;
  const others = active.filter((other) => other !== entry);
  const pairs = PHASE_PAIRS.filter(({ phase, other }) => entry.unseen || tilts(entry, phase, other));
  const left = pairs.map(({ phase, other }) => {
    const givers = others.filter((giver) => mayTilt(giver, phase, other));
    const givenA = givers.reduce((sumA, { index, surelyA }) => sumA + Math.max(given.get(index) ?? 0, -surelyA, 0), 0);
    return unbalanceLimitA - MARGIN_A - wantedApartA({ active: others, wishes }, other, phase) - givenA;
  });
  return Math.min(Number.POSITIVE_INFINITY, ...left);
}

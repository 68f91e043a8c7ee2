/**
 * Whose charge point tells power alone may give on any phase of its EVSE: what it gives is a load that may be hidden on each of
 * them, and leaves as much less to who charges there. Who wants to charge goes first.
 */
import type { PhaseIndex } from "../../quantity.ts";
import type { CircuitView } from "../circuits/circuits.ts";
import { siteIndex } from "../circuits/site-index.ts";
import type { ControlInput } from "../control.ts";
import { MARGIN_A } from "../thresholds.ts";
import type { Beside } from "./discharge-balance.ts";
import { readingOf } from "./discharge-flow.ts";
import type { EvseObservation } from "./observe-evse.ts";

/** What the others below a circuit may hide on a phase, and want to draw there beyond what they draw, A. */
function othersA(others: readonly EvseObservation[], phase: PhaseIndex, { wishes, given }: Omit<Beside, "active">) {
  return others.reduce((sumA, { index, surelyA, flows, phases, session }) => {
    const backA = Math.max(given.get(index) ?? 0, -surelyA, 0);
    if (backA > 0) return flows.includes(phase) ? sumA + backA : sumA;
    const wantedA = session && phases.includes(phase) ? (wishes.get(index)?.currentA ?? 0) : 0;
    return sumA + Math.max(0, wantedA - surelyA);
  }, 0);
}

/** The most that a car may give back beside others, A per phase; endless where its phases are told, or there is but one. */
export function besideA(
  input: ControlInput,
  entry: EvseObservation,
  { active, views, ...beside }: Beside & { readonly views: readonly CircuitView[] },
): number {
  const reading = readingOf(input, entry.evse.id);
  if (entry.evse.phases.length === 1 || !reading || reading.currentA) return Number.POSITIVE_INFINITY;
  const { paths } = siteIndex(input.site);
  let mostA = Number.POSITIVE_INFINITY;
  for (const position of paths[entry.index]!) {
    const { currentA, limitA } = views[position]!;
    if (!currentA) continue;
    const others = active.filter((other) => other !== entry && paths[other.index]!.includes(position));
    for (const phase of entry.evse.phases)
      mostA = Math.min(mostA, limitA - MARGIN_A - currentA[phase] - othersA(others, phase, beside));
  }
  return mostA;
}

/**
 * Who can help against an overload: the cars that load the phase now, as their EVSEs' meters show it. That a car may come back
 * to all its phases is no matter of shedding: constraints count with it.
 */
import type { PhaseIndex } from "../../quantity.ts";
import type { EvseObservation } from "../evses/observe-evse.ts";

/** Its own meter shows what its car does now. */
function isShown({ measuredA, phaseUnknown, unseen }: EvseObservation): boolean {
  return measuredA !== undefined && !phaseUnknown && !unseen;
}

/** A car that went over to fewer phases relieves a limit of power by those alone. */
function asShown(entry: EvseObservation): EvseObservation {
  if (!isShown(entry) || entry.loaded.length >= entry.phases.length) return entry;
  return { ...entry, phases: entry.loaded, flows: entry.loaded };
}

/**
 * The members that load an overloaded phase: to lower the others would not help. For a limit of power (no phase) all members,
 * each with the phases that it loads. `undefined` where that makes no difference.
 */
export function flowing(
  phase: PhaseIndex | undefined,
  members: readonly EvseObservation[],
): readonly EvseObservation[] | undefined {
  if (phase === undefined) {
    const shown = members.map(asShown);
    return shown.some((entry, at) => entry !== members[at]) ? shown : undefined;
  }
  const loading = members.filter((entry) => !isShown(entry) || entry.loaded.includes(phase));
  return loading.length > 0 && loading.length < members.length ? loading : undefined;
}

/** Who sheds an overload, by what EVSEs show: that cars may come back to all their phases is reckoned besides. */
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
 * Those members of an overloaded phase who load it, to lower the others helps nobody there; of a limit of power (no
 * phase) all, with the phases that they load. `undefined` where that makes no difference.
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

/** For which connection and boot of a charge point its safe default was installed. */
import type { EvseModel } from "../../site/site-model.ts";
import type { ControlInput } from "../control.ts";
import type { EvseMemory } from "../memory.ts";

/** Its last connection and boot, as one number: a sum, as when the clock jumps back the younger of the two is not the larger. */
export function presenceMs({ state }: Pick<ControlInput, "state">, { chargePointId }: EvseModel): number {
  const { changedMs = 0, bootedMs = 0 } = state.chargePoints.byId[chargePointId] ?? {};
  return changedMs + bootedMs;
}

/** Since when it is there as it is now, monotonic ms; never before its safe default is installed. */
export function presentSinceMonoMs(
  input: Pick<ControlInput, "state">,
  evse: EvseModel,
  { installedForMs, installedMonoMs }: EvseMemory,
): number {
  return installedForMs === presenceMs(input, evse) && installedMonoMs !== undefined
    ? installedMonoMs
    : Number.POSITIVE_INFINITY;
}

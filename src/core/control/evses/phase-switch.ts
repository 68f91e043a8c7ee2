/**
 * On how many phases a car counts whose charge point is told to give it a single one, or all of them again. A charge point may
 * not do it, and may come back to all of them by itself: until the EVSE's own meter shows one phase, all of them count.
 */
import type { EvseReading } from "../../image.ts";
import type { PhaseIndex } from "../../quantity.ts";
import type { EvseModel } from "../../site/site-model.ts";
import type { Session } from "../../state/sessions.ts";
import type { ControlInput } from "../control.ts";
import { presentSinceMonoMs } from "../leases/installed.ts";
import type { EvseMemory } from "../memory.ts";
import { EVSE_READING_VALID_MS, LEARNS_PHASES_MS, SETTLED_MS } from "../thresholds.ts";
import { phasesInUse } from "./vehicle.ts";

/** What an EVSE counts on; as in `EvseObservation`. */
export interface Counted {
  readonly phases: readonly PhaseIndex[];
  readonly loaded: readonly PhaseIndex[];
  readonly flows: readonly PhaseIndex[];
  readonly phaseUnknown?: true;
  readonly unseen?: true;
}

/** The number of phases that was told before a restart still holds at the charge point, and will with the next lease. */
export function toldAtStart(
  { state, image }: ControlInput,
  evse: EvseModel,
  session: Session | undefined,
): Pick<EvseMemory, "onePhase" | "switchedMonoMs"> {
  const told = session && evse.phaseSwitching && state.limits.byEvse[evse.id]?.onePhase === true;
  return told ? { onePhase: true, switchedMonoMs: image.monoMs } : {};
}

/** Whether a reading says which phases the car itself loads: one that was told a single phase shows that, and no more. */
export function showsOwnPhases({ phaseSwitching }: EvseModel, memory: EvseMemory, reading: EvseReading | undefined) {
  const { phases, switchedMonoMs, onePhase } = memory;
  if (!phaseSwitching || phases !== undefined || !reading || switchedMonoMs === undefined) return true;
  return !onePhase && reading.atMonoMs - switchedMonoMs >= LEARNS_PHASES_MS;
}

/** A meter on the whole way sees at once what a charge point takes that comes back to all phases. */
function isSeenByMeters({ site }: ControlInput, evse: EvseModel): boolean {
  return evse.circuitPath.every((id) => site.circuitById.get(id)?.meterId !== undefined);
}

/** A reading since the charge point is there, was told and gives current again: what was before may be over. */
function isOfNow(input: ControlInput, evse: EvseModel, memory: EvseMemory, reading: EvseReading): boolean {
  const { monoMs } = input.image;
  const sinceMonoMs = Math.max(memory.turnSinceMonoMs, memory.switchedMonoMs ?? 0) + SETTLED_MS;
  if (reading.atMonoMs < sinceMonoMs || monoMs - reading.atMonoMs > EVSE_READING_VALID_MS) return false;
  return reading.atMonoMs > presentSinceMonoMs(input, evse, memory);
}

/** What an EVSE counts on that is told one phase, or was; `otherwise` where phases are not switched. */
export function countedPhases(
  input: ControlInput,
  entry: {
    readonly evse: EvseModel;
    readonly memory: EvseMemory;
    /** The charge point is connected, and takes limits. */
    readonly mayLower: boolean;
    readonly reading: EvseReading | undefined;
  },
  otherwise: Counted,
): Counted {
  const { evse, memory, mayLower, reading } = entry;
  if (!evse.phaseSwitching || memory.switchedMonoMs === undefined) return otherwise;
  const phases = memory.phases ?? evse.phases;
  // It may come back to all of them, and nothing flows yet on those that it has not shown.
  const flows = memory.loaded ?? [];
  const unknown = { phases, loaded: phases, flows, phaseUnknown: true, unseen: true } as const;
  if (!mayLower) return unknown;
  if (!memory.onePhase) return memory.loaded === undefined ? unknown : { ...otherwise, flows };
  const shown = reading && isOfNow(input, evse, memory, reading) ? phasesInUse(evse, reading, undefined) : undefined;
  if (!shown) return unknown;
  const counted = shown.length === 1 && isSeenByMeters(input, evse) ? shown : phases;
  return { phases: counted, loaded: shown, flows };
}

/** How many phases a wish of so many watts spreads over. */
export function wishPhases(entry: {
  readonly memory: EvseMemory;
  readonly phases: readonly PhaseIndex[];
  readonly loaded: readonly PhaseIndex[];
  readonly phaseUnknown?: true;
}): number {
  if (!entry.memory.onePhase) return entry.phases.length;
  return entry.phaseUnknown ? 1 : entry.loaded.length;
}

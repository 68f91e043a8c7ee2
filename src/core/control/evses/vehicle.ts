/** What a car shows of itself: which phases it loads, how much it takes, whether it obeys. */
import type { EvseReading } from "../../image.ts";
import type { PhaseIndex } from "../../quantity.ts";
import type { EvseModel } from "../../site/site-model.ts";
import type { EvseMemory } from "../memory.ts";
import {
  DISOBEY_MARGIN_A,
  OBEY_MS,
  PHASE_IN_USE_A,
  TRY_ALL_PHASES_MS,
  VEHICLE_BELOW_MS,
  VEHICLE_MARGIN_A,
} from "../thresholds.ts";

/**
 * Grid phases that the car was seen to load; missing until it draws. They are only ever added: a car that tapers
 * unevenly still loads all of them.
 */
export function phasesInUse(
  evse: EvseModel,
  reading: EvseReading | undefined,
  known: readonly PhaseIndex[] | undefined,
): readonly PhaseIndex[] | undefined {
  if (!reading?.currentA) return known;
  const used = evse.phases.filter((_, index) => reading.currentA![index as PhaseIndex] >= PHASE_IN_USE_A);
  if (used.length === 0 || (known && used.every((phase) => known.includes(phase)))) return known;
  return known ? evse.phases.filter((phase) => known.includes(phase) || used.includes(phase)) : used;
}

/** A car that went over to fewer phases and was stopped may charge on all again by now: only a try tells. */
export function withAllPhases(memory: EvseMemory, monoMs: number): EvseMemory {
  const { loaded, phases, limitA, turnSinceMonoMs, stops } = memory;
  const isFewer = loaded !== undefined && phases !== undefined && loaded.length < phases.length;
  if (!isFewer || limitA > 0 || monoMs - turnSinceMonoMs < TRY_ALL_PHASES_MS * Math.max(1, stops)) return memory;
  const { loaded: _, ...rest } = memory;
  return rest;
}

/** Highest current of any phase, A; from the power where currents are not reported. */
export function measuredCurrentA(
  reading: EvseReading | undefined,
  phaseCount: number,
  voltageV: number,
): number | undefined {
  if (reading?.currentA) return Math.max(0, ...reading.currentA);
  return reading?.powerW === undefined ? undefined : Math.max(0, reading.powerW / (voltageV * phaseCount));
}

/** Whether the EVSE's own meter says, long after the limit was lowered, that it draws more than that. */
export function withObedience(
  memory: EvseMemory,
  reading: EvseReading | undefined,
  measuredA: number | undefined,
): EvseMemory {
  const settled = reading !== undefined && reading.atMonoMs - memory.loweredMonoMs > OBEY_MS;
  if (!settled || measuredA === undefined) return memory;
  const obeyed = measuredA <= memory.limitA + DISOBEY_MARGIN_A;
  if (obeyed === memory.obeyed) return memory;
  const { healedMonoMs: _, ...rest } = memory;
  return { ...rest, obeyed, heals: 0 };
}

/** The cap follows the car in steps of its margin only: a taper is not worth a profile a reading. */
function capFor(measuredA: number, before: number | undefined): number {
  const capA = Math.ceil(measuredA) + VEHICLE_MARGIN_A;
  return before !== undefined && Math.abs(capA - before) < VEHICLE_MARGIN_A ? before : capA;
}

/**
 * A car that takes less than it may: after a minute its limit follows it down, so that nothing is reserved in vain;
 * the cap goes when the car uses all of it.
 */
export function withVehicleCap(memory: EvseMemory, measuredA: number | undefined, monoMs: number): EvseMemory {
  if (measuredA === undefined) return memory;
  const { belowSinceMonoMs: since, vehicleCapA } = memory;
  if (memory.limitA <= 0 || measuredA > memory.limitA - 1) {
    const follows = vehicleCapA !== undefined && measuredA > vehicleCapA - 1;
    if (since === undefined && !follows) return memory;
    const { belowSinceMonoMs: _, vehicleCapA: __, ...rest } = memory;
    return follows || vehicleCapA === undefined ? rest : { ...rest, vehicleCapA };
  }
  if (since === undefined) return { ...memory, belowSinceMonoMs: monoMs };
  if (monoMs - since < VEHICLE_BELOW_MS) return memory;
  const capA = capFor(measuredA, vehicleCapA);
  return capA === vehicleCapA ? memory : { ...memory, vehicleCapA: capA };
}

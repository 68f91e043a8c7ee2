/** What each EVSE draws, as far as it is known, and whether it obeys. */

import type { ControlInput } from "../control/control.ts";
import type { EvseReading } from "../image.ts";
import type { PhaseIndex } from "../quantity.ts";
import type { EvseModel } from "../site-model.ts";
import type { Session } from "../state/sessions.ts";
import type { ControlMemory, EvseMemory } from "./memory.ts";
import {
  DISOBEY_MARGIN_A,
  EVSE_READING_VALID_MS,
  OBEY_MS,
  PHASE_IN_USE_A,
  VEHICLE_BELOW_MS,
  VEHICLE_MARGIN_A,
} from "./thresholds.ts";

export interface EvseObservation {
  readonly evse: EvseModel;
  readonly session?: Session;
  readonly connected: boolean;
  readonly memory: EvseMemory;
  /** Grid phases it loads; all of the EVSE's until the car has shown fewer. */
  readonly phases: readonly PhaseIndex[];
  readonly measuredA?: number;
  /** What it surely draws now, A: a shed below it is certain to help. */
  readonly surelyA: number;
  /** Commanded away but perhaps still flowing, A. */
  readonly pendingA: number;
  /** What others must leave to it whatever we wish: offline, or not obeying. */
  readonly reservedA?: number;
}

function newMemory(evse: EvseModel, input: ControlInput): EvseMemory {
  const { state, image } = input;
  const limit = state.limits.byEvse[evse.id];
  // A limit from before a restart may still be in force at the charge point.
  const inForce = limit && limit.expiresAtMs > image.nowMs ? limit.currentA : evse.safeCurrentA;
  return {
    limitA: inForce,
    limitSinceMonoMs: image.monoMs,
    drewBeforeA: 0,
    obeyed: limit?.obeyed ?? true,
    turnSinceMonoMs: image.monoMs,
    wishA: 0,
    wishKind: "no-transaction",
    wishSinceMonoMs: Number.NEGATIVE_INFINITY,
    tries: 0,
  };
}

/** A transaction begins at the safe default that is installed at the charge point. */
function forSession(memory: EvseMemory, evse: EvseModel, session: Session | undefined, monoMs: number): EvseMemory {
  if (memory.transactionId === session?.transactionId) return memory;
  const { phases: _, belowSinceMonoMs: __, vehicleCapA: ___, transactionId: ____, sentA: _____, ...rest } = memory;
  const fresh = {
    ...rest,
    limitSinceMonoMs: monoMs,
    drewBeforeA: 0,
    turnSinceMonoMs: monoMs,
    tries: 0,
    wishSinceMonoMs: Number.NEGATIVE_INFINITY,
  };
  if (!session) return { ...fresh, limitA: evse.safeCurrentA };
  return {
    ...fresh,
    transactionId: session.transactionId,
    limitA: memory.sentA === undefined ? memory.limitA : evse.safeCurrentA,
  };
}

function freshReading(input: ControlInput, evse: EvseModel): EvseReading | undefined {
  const reading = input.image.evses.get(evse.id);
  return reading && input.image.monoMs - reading.atMonoMs <= EVSE_READING_VALID_MS ? reading : undefined;
}

function phasesInUse(evse: EvseModel, reading: EvseReading | undefined, known: readonly PhaseIndex[] | undefined) {
  const used = evse.phases.filter((_, index) => (reading?.currentA?.[index as PhaseIndex] ?? 0) >= PHASE_IN_USE_A);
  // Phases are only ever added while charging: a car that tapers unevenly still loads all of them.
  if (used.length === 0 || (known && used.every((phase) => known.includes(phase)))) return known;
  return [...new Set([...(known ?? []), ...used])];
}

function measured(reading: EvseReading | undefined, phaseCount: number, voltageV: number): number | undefined {
  if (reading?.currentA) return Math.max(0, ...reading.currentA);
  return reading?.powerW === undefined ? undefined : Math.max(0, reading.powerW / (voltageV * phaseCount));
}

function surely(input: ControlInput, evse: EvseModel, memory: EvseMemory, measuredA: number | undefined): number {
  if (measuredA !== undefined) return Math.min(measuredA, Math.max(memory.limitA, 0));
  const charging = input.state.chargePoints.evses[evse.id]?.status === "charging";
  return charging && memory.transactionId !== undefined ? Math.min(evse.minCurrentA, memory.limitA) : 0;
}

/** Whether the EVSE's own meter says, long after the limit, that it draws more. */
function obedience(
  memory: EvseMemory,
  reading: EvseReading | undefined,
  measuredA: number | undefined,
  monoMs: number,
): EvseMemory {
  const settled = reading !== undefined && reading.atMonoMs - memory.limitSinceMonoMs > OBEY_MS;
  if (!settled || measuredA === undefined) return memory;
  const obeyed = measuredA <= memory.limitA + DISOBEY_MARGIN_A;
  if (obeyed === memory.obeyed) return memory;
  const { overSinceMonoMs: _, ...rest } = memory;
  return obeyed ? { ...rest, obeyed, tries: 0 } : { ...rest, obeyed, overSinceMonoMs: monoMs };
}

/** A car that takes less than it may: its limit follows it down, so that nothing is reserved in vain. */
function vehicleCap(memory: EvseMemory, measuredA: number | undefined, monoMs: number): EvseMemory {
  const { belowSinceMonoMs: since, vehicleCapA: _, ...rest } = memory;
  if (measuredA === undefined || measuredA < PHASE_IN_USE_A || measuredA > memory.limitA - 1) {
    const cap = memory.vehicleCapA;
    const follows = measuredA !== undefined && cap !== undefined && measuredA > cap - 1;
    return cap === undefined || follows ? rest : { ...rest, vehicleCapA: cap };
  }
  const belowSinceMonoMs = since ?? monoMs;
  if (monoMs - belowSinceMonoMs < VEHICLE_BELOW_MS) {
    return {
      ...rest,
      belowSinceMonoMs,
      ...(memory.vehicleCapA === undefined ? {} : { vehicleCapA: memory.vehicleCapA }),
    };
  }
  return { ...rest, belowSinceMonoMs, vehicleCapA: Math.ceil(measuredA) + VEHICLE_MARGIN_A };
}

function offlineReserve(
  input: ControlInput,
  evse: EvseModel,
  session: Session | undefined,
  memory: EvseMemory,
): number {
  const limit = input.state.limits.byEvse[evse.id];
  const known = input.state.chargePoints.evses[evse.id]?.status;
  const idle = !session && (known === "available" || known === undefined);
  if (session && limit && limit.expiresAtMs > input.image.nowMs) return Math.max(memory.limitA, evse.safeCurrentA);
  return idle && known === undefined ? 0 : evse.safeCurrentA;
}

/** Observes one EVSE; its memory comes back brought up to this tick. */
export function observeEvse(
  input: ControlInput,
  evse: EvseModel,
  memories: ControlMemory["evses"],
  session: Session | undefined,
): EvseObservation {
  const { monoMs } = input.image;
  const reading = freshReading(input, evse);
  let memory = forSession(memories.get(evse.id) ?? newMemory(evse, input), evse, session, monoMs);
  const seen = session ? phasesInUse(evse, reading, memory.phases) : undefined;
  if (seen && seen !== memory.phases) memory = { ...memory, phases: seen };
  const phases = memory.phases ?? evse.phases;
  const measuredA = measured(reading, phases.length, input.site.voltageV);
  if (session) memory = vehicleCap(obedience(memory, reading, measuredA, monoMs), measuredA, monoMs);
  const connected = input.state.chargePoints.byId[evse.chargePointId]?.connected === true;
  const obeys = memory.obeyed;
  const readAfter = reading !== undefined && reading.atMonoMs > memory.limitSinceMonoMs + 2_000;
  const pendingA =
    monoMs - memory.limitSinceMonoMs < OBEY_MS && !(readAfter && (measuredA ?? 0) <= memory.limitA + 1)
      ? Math.max(0, memory.drewBeforeA - memory.limitA)
      : 0;
  const reservedA = !connected
    ? offlineReserve(input, evse, session, memory)
    : obeys
      ? undefined
      : Math.max(measuredA ?? 0, memory.limitA);
  return {
    evse,
    connected,
    memory,
    phases,
    pendingA,
    surelyA: obeys ? surely(input, evse, memory, measuredA) : (measuredA ?? 0),
    ...(session ? { session } : {}),
    ...(measuredA === undefined ? {} : { measuredA }),
    ...(reservedA === undefined ? {} : { reservedA }),
  };
}

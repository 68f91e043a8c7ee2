/**
 * Limits that may still be in force although a lower one was decided: a limit counts when the meter agrees, and at the
 * latest when its lease has run out. After a restart every limit of before may have been renewed just then.
 */

import type { EvseModel } from "../../site/site-model.ts";
import type { ConnectorStatus } from "../../state/charge-points.ts";
import type { Session } from "../../state/sessions.ts";
import type { ControlInput } from "../control.ts";
import type { EvseMemory, HeldLimit } from "../memory.ts";
import { AT_SAFE_LEASE_MS, OBEY_MS } from "../thresholds.ts";

/** The older limit that stays reserved when `memory.limitA` is replaced by a lower one. */
export function heldAfter(memory: EvseMemory, evse: EvseModel, monoMs: number): HeldLimit {
  const { held, limitA, sentEndsMonoMs } = memory;
  const untilMonoMs = sentEndsMonoMs ?? monoMs + evse.leaseMs;
  if (!held || held.currentA <= limitA) return { currentA: limitA, untilMonoMs };
  return { currentA: held.currentA, untilMonoMs: Math.max(held.untilMonoMs, untilMonoMs) };
}

/**
 * The limit of before a restart; renewals are no facts, so it may hold for a whole lease from now: a long one where the
 * safe current was higher then.
 */
export function heldAtStart(input: ControlInput, evse: EvseModel, session: Session | undefined): { held?: HeldLimit } {
  const limit = input.state.limits.byEvse[evse.id];
  if (!session || !limit || limit.currentA <= evse.safeCurrentA) return {};
  const lifeMs = limit.currentA > limit.safeCurrentA ? evse.leaseMs : Math.max(evse.leaseMs, AT_SAFE_LEASE_MS);
  return { held: { currentA: limit.currentA, untilMonoMs: input.image.monoMs + lifeMs } };
}

/** A charge point that ties no profile to a transaction still holds the limit of the one before, also when that ended a while ago. */
export function heldOfBefore(memory: EvseMemory, evse: EvseModel, monoMs: number): { held?: HeldLimit } {
  const { held, limitA, sentEndsMonoMs } = memory;
  if (limitA > evse.safeCurrentA && sentEndsMonoMs !== undefined)
    return { held: { currentA: limitA, untilMonoMs: sentEndsMonoMs } };
  return held && monoMs < held.untilMonoMs ? { held } : {};
}

/** Notes that a newer limit leaves for the charge point; `false` when what was sent may not have reached it. */
export function replaceHeld(memory: EvseMemory, monoMs: number | false): EvseMemory {
  const { held } = memory;
  if (!held || (held.replacedMonoMs !== undefined && monoMs !== false)) return memory;
  const { currentA, untilMonoMs } = held;
  const next = { currentA, untilMonoMs };
  return { ...memory, held: monoMs === false ? next : { ...next, replacedMonoMs: monoMs } };
}

/** Whether the last limit was refused, or not answered. */
export function isRefused(input: ControlInput, evse: EvseModel): boolean {
  const answer = input.state.limits.byEvse[evse.id]?.answer;
  return answer !== undefined && answer !== "accepted";
}

/** Forgets the older limit when it has run out, or when the newer one was taken and had its time. */
export function releaseHeld(
  memory: EvseMemory,
  now: { readonly monoMs: number; readonly connected: boolean; readonly refused: boolean; readonly agrees: boolean },
): EvseMemory {
  if (!memory.held) return memory;
  const { held, ...rest } = memory;
  const { replacedMonoMs } = held;
  const taken = now.connected && !now.refused && replacedMonoMs !== undefined;
  const hadItsTime = now.monoMs - (replacedMonoMs ?? now.monoMs) >= OBEY_MS;
  const over = now.monoMs >= held.untilMonoMs + OBEY_MS || (taken && (now.agrees || hadItsTime));
  return over ? rest : memory;
}

const NO_CAR: ReadonlySet<ConnectorStatus> = new Set(["available", "reserved"]);
const CHARGES_NOBODY: ReadonlySet<ConnectorStatus> = new Set(["unavailable", "faulted"]);

/** No meter shows a car that comes while its charge point is gone. */
function isUnseen({ site }: ControlInput, evse: EvseModel): boolean {
  return evse.circuitPath.some((id) => site.circuitById.get(id)?.meterId === undefined);
}

/**
 * What a charge point that is not connected may draw, A: its lease, then its safe current, or all it can where it has
 * not taken that. Nothing without a car, where a meter would show one that comes.
 */
export function offlineReserveA(input: ControlInput, evse: EvseModel, session: boolean, memory: EvseMemory): number {
  const status = input.state.chargePoints.evses[evse.id]?.status;
  if (!session && status !== undefined) {
    if (CHARGES_NOBODY.has(status)) return 0;
    if (NO_CAR.has(status) && !isUnseen(input, evse)) return 0;
  }
  if (input.state.limits.refusedDefaults?.[evse.id] !== undefined) return evse.maxCurrentA;
  return Math.max(evse.safeCurrentA, session ? (memory.held?.currentA ?? 0) : 0);
}

/**
 * Leases: every limit is sent with its own end. The schedule holds the current of now, that of the next slot where it
 * is lower, and a trailing safe period; it is renewed three times in its life. Below it lies the safe default, which is
 * installed whenever a charge point comes (back).
 */
import type { ChargePointCommand, LimitSchedule } from "../charge-point-input.ts";
import type { ControlInput, EvseDecision } from "../control/control.ts";
import type { SiteDraft } from "../facts/index.ts";
import { nextSlotStartMs } from "../slots.ts";
import type { EvseMemory } from "./memory.ts";
import type { EvseObservation } from "./observe-evse.ts";
import { OBEY_MS, REASON_FACT_MS, RETRY_MS, SCHEDULE_LEAD_MS, TRAILING_SAFE_MS } from "./thresholds.ts";
import { plannedCurrentA } from "./wishes.ts";

export interface LeaseResult {
  readonly memory: EvseMemory;
  readonly commands: readonly ChargePointCommand[];
  readonly drafts: readonly SiteDraft[];
}

function periods(input: ControlInput, entry: EvseObservation, currentA: number): LimitSchedule["periods"] {
  const { evse } = entry;
  const { nowMs } = input.image;
  const list = [{ offsetS: 0, currentA }];
  const at = (ms: number) => Math.round((SCHEDULE_LEAD_MS + ms) / 1000);
  const untilSlotMs = nextSlotStartMs(nowMs) - nowMs;
  const next = untilSlotMs < evse.leaseMs ? plannedCurrentA(input, entry, 1) : undefined;
  // Ahead of time a limit only goes down: up needs a fresh reading.
  if (next !== undefined && next < currentA && entry.memory.wishKind === "plan")
    list.push({ offsetS: at(untilSlotMs), currentA: next });
  list.push({ offsetS: at(evse.leaseMs), currentA: evse.safeCurrentA });
  return list;
}

/** The schedule of a lease that begins now. */
export function leaseSchedule(input: ControlInput, entry: EvseObservation, currentA: number): LimitSchedule {
  const { evse, session } = entry;
  return {
    startMs: input.image.nowMs - SCHEDULE_LEAD_MS,
    periods: periods(input, entry, currentA),
    durationS: Math.round((SCHEDULE_LEAD_MS + evse.leaseMs + TRAILING_SAFE_MS) / 1000),
    phases: evse.phases.length,
    voltageV: input.site.voltageV,
    ...(session ? { transactionId: session.transactionId } : {}),
    ...(session?.remoteId === undefined ? {} : { remoteId: session.remoteId }),
  };
}

/** The safe default, once for each connection and each boot of the charge point. */
function install(input: ControlInput, entry: EvseObservation, memory: EvseMemory): LeaseResult {
  const known = input.state.chargePoints.byId[entry.evse.chargePointId];
  const sinceMs = Math.max(known?.changedMs ?? 0, known?.bootedMs ?? 0);
  if (!entry.connected || memory.installedForMs === sinceMs) return { memory, commands: [], drafts: [] };
  const { sentMonoMs: _, sentA: __, ...rest } = memory;
  const { chargePointId, connector, safeCurrentA, phases } = entry.evse;
  const command: ChargePointCommand = {
    type: "install-safe-default",
    chargePointId,
    connector,
    currentA: safeCurrentA,
    phases: phases.length,
    voltageV: input.site.voltageV,
  };
  return { memory: { ...rest, installedForMs: sinceMs }, commands: [command], drafts: [] };
}

function isDue(input: ControlInput, entry: EvseObservation, memory: EvseMemory, currentA: number): boolean {
  const { monoMs } = input.image;
  if (memory.sentMonoMs === undefined || memory.sentA !== currentA) return true;
  const answer = input.state.limits.byEvse[entry.evse.id]?.answer ?? "accepted";
  const renewMs = entry.evse.leaseMs / 3;
  const waitMs =
    answer === "accepted" ? renewMs : Math.min(renewMs, RETRY_MS[Math.min(memory.tries, RETRY_MS.length - 1)]!);
  return monoMs - memory.sentMonoMs >= waitMs;
}

function limitFact(
  input: ControlInput,
  entry: EvseObservation,
  decision: EvseDecision,
  memory: EvseMemory,
): SiteDraft | undefined {
  const sameCurrent = memory.factA === decision.currentA;
  const recent = input.image.monoMs - (memory.factMonoMs ?? Number.NEGATIVE_INFINITY) < REASON_FACT_MS;
  if (sameCurrent && (memory.factKind === decision.reason.kind || recent)) return undefined;
  return {
    type: "limit-changed",
    source: "guard",
    data: {
      evseId: entry.evse.id,
      currentA: decision.currentA,
      phases: entry.phases.length,
      safeCurrentA: entry.evse.safeCurrentA,
      expiresAtMs: input.image.nowMs + entry.evse.leaseMs,
      reason: decision.reason,
    },
  };
}

/** A charge point that does not obey gets its profiles cleared before the limit is sent again, each half minute. */
function heal(input: ControlInput, entry: EvseObservation, memory: EvseMemory): LeaseResult {
  const { monoMs } = input.image;
  const sinceMs = monoMs - (memory.healedMonoMs ?? memory.overSinceMonoMs ?? monoMs);
  if (memory.obeyed || sinceMs < 3 * OBEY_MS) return { memory, commands: [], drafts: [] };
  const { sentMonoMs: _, ...rest } = memory;
  const { chargePointId, connector } = entry.evse;
  return {
    memory: { ...rest, healedMonoMs: monoMs, tries: memory.tries + 1 },
    commands: [{ type: "clear-limits", chargePointId, connector }],
    drafts: [],
  };
}

function afterDecision(entry: EvseObservation, decision: EvseDecision, monoMs: number): EvseMemory {
  const { memory, surelyA, measuredA } = entry;
  const before = memory.limitA;
  if (decision.currentA === before) return memory;
  const lowered = decision.currentA < before;
  const turned = decision.currentA > 0 !== before > 0;
  return {
    ...memory,
    limitA: decision.currentA,
    limitSinceMonoMs: monoMs,
    drewBeforeA: lowered ? Math.max(surelyA, Math.min(measuredA ?? before, before)) : 0,
    ...(turned ? { turnSinceMonoMs: monoMs } : {}),
  };
}

/** What has to be sent to one EVSE, and recorded before. */
export function lease(input: ControlInput, entry: EvseObservation, decision: EvseDecision): LeaseResult {
  const { monoMs } = input.image;
  const decided = afterDecision(entry, decision, monoMs);
  const installed = install(input, entry, decided);
  if (!entry.connected || !entry.session) return installed;
  const healed = heal(input, entry, installed.memory);
  const commands = [...installed.commands, ...healed.commands];
  let { memory } = healed;
  const fact = limitFact(input, entry, decision, memory);
  const drafts = fact ? [fact] : [];
  if (fact) memory = { ...memory, factA: decision.currentA, factKind: decision.reason.kind, factMonoMs: monoMs };
  if (isDue(input, entry, memory, decision.currentA)) {
    const again = memory.sentA === decision.currentA && input.state.limits.byEvse[entry.evse.id]?.answer !== "accepted";
    const { id: evseId, chargePointId, connector } = entry.evse;
    commands.push({
      type: "set-limit",
      chargePointId,
      evseId,
      connector,
      schedule: leaseSchedule(input, entry, decision.currentA),
    });
    memory = { ...memory, sentMonoMs: monoMs, sentA: decision.currentA, tries: again ? memory.tries + 1 : 0 };
  }
  return { memory, commands, drafts };
}

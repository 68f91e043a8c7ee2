/**
 * Leases: every limit is sent with its own end and renewed three times in its life. Below it lies the safe default,
 * which is installed whenever a charge point comes (back).
 */
import type { ChargePointCommand, LimitSchedule } from "../../charge-point-input.ts";
import type { SiteDraft } from "../../facts/index.ts";
import type { ControlInput, EvseDecision } from "../control.ts";
import type { EvseObservation } from "../evses/observe-evse.ts";
import type { EvseMemory } from "../memory.ts";
import { DROP_AHEAD_MS, INSTALL_RETRY_MS, REASON_FACT_MS, RETRY_MS, SCHEDULE_LEAD_MS } from "../thresholds.ts";
import { heal, type Strain } from "./heal.ts";
import { heldAfter, replaceHeld } from "./held.ts";
import { presenceMs } from "./installed.ts";
import { defaultA, leaseSchedule, lifeMs, safeDefault } from "./schedule.ts";

export interface Lease {
  readonly memory: EvseMemory;
  readonly commands: readonly ChargePointCommand[];
  readonly draft?: SiteDraft;
}

/** Whether a safe default that was refused or not answered has to be sent again. */
function isInstallDue(input: ControlInput, { evse }: EvseObservation, memory: EvseMemory): boolean {
  if (input.state.limits.refusedDefaults?.[evse.id] === undefined) return false;
  const pauseMs = INSTALL_RETRY_MS[Math.min(memory.installs ?? 0, INSTALL_RETRY_MS.length - 1)]!;
  return input.image.monoMs - (memory.installedMonoMs ?? Number.NEGATIVE_INFINITY) >= pauseMs;
}

/**
 * The safe default, once for each connection and each boot of the charge point, and again where it was refused; the
 * limit has to follow again.
 */
function install(input: ControlInput, entry: EvseObservation, memory: EvseMemory): Lease {
  const sinceMs = presenceMs(input, entry.evse);
  const isNew = memory.installedForMs !== sinceMs || memory.installedA !== defaultA({ ...entry, memory });
  if (!entry.connected || !(isNew || isInstallDue(input, entry, memory))) return { memory, commands: [] };
  const { sentA: _, ...rest } = memory;
  const installs = isNew ? 0 : (memory.installs ?? 0) + 1;
  const decided = { ...entry, memory };
  const installedA = defaultA(decided);
  const sent = { ...rest, installedForMs: sinceMs, installedA, installedMonoMs: input.image.monoMs, installs };
  return { memory: replaceHeld(sent, false), commands: [safeDefault(input, decided)] };
}

/** When a schedule that begins now lowers itself before its lease ends, monotonic ms. */
function ownDropMonoMs(schedule: LimitSchedule, monoMs: number): number | undefined {
  const [, drop] = schedule.periods.length > 2 ? schedule.periods : [];
  return drop && monoMs + drop.offsetS * 1000 - SCHEDULE_LEAD_MS;
}

/** The charge point is about to lower by itself what a newer plan goes on with. */
function dropsWrongly(input: ControlInput, entry: EvseObservation, memory: EvseMemory, currentA: number): boolean {
  const { monoMs } = input.image;
  const { sentDropMonoMs } = memory;
  if (sentDropMonoMs === undefined || monoMs < sentDropMonoMs - DROP_AHEAD_MS) return false;
  const dropMonoMs = ownDropMonoMs(leaseSchedule(input, entry, currentA), monoMs);
  return dropMonoMs === undefined || dropMonoMs > sentDropMonoMs + DROP_AHEAD_MS;
}

/**
 * A lease is renewed three times in its life; as often as any where its charge point could lose it unseen, or has
 * nothing below it.
 */
function renewalMs({ state }: ControlInput, { evse, measuredA }: EvseObservation, memory: EvseMemory): number {
  const { sentMonoMs = 0, sentEndsMonoMs = 0 } = memory;
  const isSeen = measuredA !== undefined && state.limits.refusedDefaults?.[evse.id] === undefined;
  return (isSeen ? Math.max(evse.leaseMs, sentEndsMonoMs - sentMonoMs) : evse.leaseMs) / 3;
}

function isDue(input: ControlInput, entry: EvseObservation, memory: EvseMemory, currentA: number): boolean {
  if (memory.sentMonoMs === undefined || memory.sentA !== currentA) return true;
  if (dropsWrongly(input, entry, memory, currentA)) return true;
  const renewMs = renewalMs(input, entry, memory);
  const retryMs = RETRY_MS[Math.min(memory.tries, RETRY_MS.length - 1)]!;
  return input.image.monoMs - memory.sentMonoMs >= (entry.refused ? Math.min(renewMs, retryMs) : renewMs);
}

/** As it is sent: what is given back is negative. */
const signedA = ({ currentA, dischargeA = 0 }: EvseDecision) => (dischargeA > 0 ? -dischargeA : currentA);

function limitDraft(input: ControlInput, entry: EvseObservation, decision: EvseDecision, memory: EvseMemory) {
  const heldMs = input.image.monoMs - (memory.reasonSinceMonoMs ?? input.image.monoMs);
  const newReason = memory.factKind !== decision.reason.kind && heldMs >= REASON_FACT_MS;
  if (memory.factA === signedA(decision) && !newReason) return undefined;
  const draft: SiteDraft = {
    type: "limit-changed",
    source: "guard",
    data: {
      evseId: entry.evse.id,
      currentA: decision.currentA,
      ...(decision.dischargeA === undefined ? {} : { dischargeA: decision.dischargeA }),
      phases: entry.phases.length,
      ...(entry.memory.onePhase ? { onePhase: true } : {}),
      safeCurrentA: entry.evse.safeCurrentA,
      expiresAtMs: input.image.nowMs + lifeMs(leaseSchedule(input, entry, signedA(decision))),
      reason: decision.reason,
    },
  };
  return draft;
}

/**
 * What may be sent of what is decided: a raise that is not on disk yet waits there, and a renewal carries no more than the last
 * limit that is.
 */
function sendableA({ state }: ControlInput, { evse }: EvseObservation, decidedA: number): number {
  const { currentA = evse.safeCurrentA, dischargeA = 0 } = state.limits.byEvse[evse.id] ?? {};
  // To give back less, or nothing, is no raise. Not `-dischargeA`: of nothing that is -0, which is another value than 0.
  return decidedA < 0 ? Math.max(decidedA, 0 - dischargeA) : Math.min(decidedA, currentA);
}

/**
 * Stopped for want of current, or because it did not obey: from then on a pause has its least duration, also when a plan
 * would have it wait meanwhile.
 */
function pausedSince(memory: EvseMemory, { reason, currentA }: EvseDecision, monoMs: number): number | undefined {
  if (currentA > 0) return undefined;
  const isForced = reason.kind === "paused" || reason.kind === "not-obeyed";
  return isForced && memory.limitA > 0 ? monoMs : memory.pausedMonoMs;
}

function withReason(memory: EvseMemory, decision: EvseDecision, monoMs: number): EvseMemory {
  const { kind } = decision.reason;
  const paused = pausedSince(memory, decision, monoMs);
  if (memory.reasonKind === kind && memory.pausedMonoMs === paused) return memory;
  const { pausedMonoMs: _, ...rest } = memory;
  const pauses = memory.pauses + (paused === monoMs ? 1 : 0);
  const reasonSinceMonoMs = memory.reasonKind === kind ? (memory.reasonSinceMonoMs ?? monoMs) : monoMs;
  const next = { ...rest, pauses, reasonKind: kind, reasonSinceMonoMs };
  return paused === undefined ? next : { ...next, pausedMonoMs: paused };
}

/** The memory with the decided limit. What flows when it is lowered counts until the car obeys. */
function withLimit(entry: EvseObservation, decision: EvseDecision, monoMs: number): EvseMemory {
  const memory = withReason(entry.memory, decision, monoMs);
  const before = memory.limitA;
  if (decision.currentA === before) return memory;
  const lowered = decision.currentA < before;
  const turned = decision.currentA > 0 !== before > 0;
  return {
    ...memory,
    limitA: decision.currentA,
    limitSinceMonoMs: monoMs,
    flowA: lowered ? Math.max(0, entry.surelyA, entry.pendingA > 0 ? memory.flowA : 0) : 0,
    ...(lowered ? { held: heldAfter(memory, entry.evse, monoMs), loweredMonoMs: monoMs } : {}),
    ...(turned ? { turnSinceMonoMs: monoMs, stops: memory.stops + (lowered ? 1 : 0) } : {}),
  };
}

/** A car without a transaction has no limit of its own: the safe default tells it to stop, or to go on. */
function stoppedOrNot(input: ControlInput, entry: EvseObservation, decision: EvseDecision, installed: Lease): Lease {
  const draft = limitDraft(input, entry, decision, installed.memory);
  if (!draft) return installed;
  return {
    ...installed,
    memory: { ...installed.memory, factA: decision.currentA, factKind: decision.reason.kind },
    draft,
  };
}

function sentHalfway({ halfway }: LimitSchedule, monoMs: number): Pick<EvseMemory, "sentHalfway"> {
  if (!halfway) return {};
  const { currentA, offsetS } = halfway;
  return { sentHalfway: { currentA, monoMs: monoMs + offsetS * 1000 - SCHEDULE_LEAD_MS } };
}

/** What its charge point refuses is not asked of it again for a while; nor is to give back where it charges instead. */
function withRefusal(
  { state, image }: ControlInput,
  entry: EvseObservation,
  { memory, isObeyed }: { readonly memory: EvseMemory; readonly isObeyed: boolean },
): EvseMemory {
  const { evse, refused, memory: before } = entry;
  if (!refused && isObeyed) return memory;
  const { monoMs } = image;
  const refusesBack = (before.sentA ?? 0) < 0;
  const isAnswered = refused && state.limits.byEvse[evse.id]?.answer !== "no-answer";
  const refusesHalfway = before.sentHalfway !== undefined && isAnswered;
  return {
    ...memory,
    ...(refusesBack ? { backRefusedMonoMs: monoMs } : {}),
    ...(refusesHalfway ? { halfwayRefusedMonoMs: monoMs } : {}),
  };
}

/** What has to be sent to one EVSE, and recorded before. Without a transaction the safe default is all. */
export function lease(
  input: ControlInput,
  entry: EvseObservation,
  decision: EvseDecision | undefined,
  strain: Strain | undefined,
): Lease {
  const { monoMs } = input.image;
  const decided = decision ? withLimit(entry, decision, monoMs) : entry.memory;
  const installed = install(input, entry, decided);
  if (!decision || !entry.connected) return installed;
  if (!entry.session) return stoppedOrNot(input, entry, decision, installed);
  const healed = heal(input, entry, installed.memory, strain);
  const commands = [...installed.commands, ...healed.commands];
  const isObeyed = decision.reason.kind !== "not-obeyed";
  let memory = withRefusal(input, entry, { memory: healed.memory, isObeyed });
  const draft = limitDraft(input, entry, decision, memory);
  if (draft) memory = { ...memory, factA: signedA(decision), factKind: decision.reason.kind };
  const currentA = draft ? signedA(decision) : sendableA(input, entry, signedA(decision));
  // Giving back ends at once; to charge instead waits for the disk like any raise.
  const mayStop = signedA(decision) >= 0 && (memory.sentA ?? 0) < 0;
  const waits = !mayStop && Math.abs(currentA) < Math.abs(signedA(decision));
  if (isDue(input, entry, memory, waits ? (memory.sentA ?? currentA) : currentA)) {
    const again = entry.refused && memory.limitSinceMonoMs <= (memory.sentMonoMs ?? Number.NEGATIVE_INFINITY);
    const { id: evseId, chargePointId, connector } = entry.evse;
    const schedule = leaseSchedule(input, entry, currentA);
    commands.push({ type: "set-limit", chargePointId, evseId, connector, schedule });
    const { sentDropMonoMs: _, sentHalfway: __, ...rest } = replaceHeld(memory, monoMs);
    const dropMonoMs = ownDropMonoMs(schedule, monoMs);
    memory = {
      ...rest,
      ...{ sentMonoMs: monoMs, sentA: currentA, sentEndsMonoMs: monoMs + lifeMs(schedule) },
      sentSinceMonoMs: memory.sentA === currentA ? (memory.sentSinceMonoMs ?? monoMs) : monoMs,
      backSinceMonoMs: (memory.sentA ?? 0) <= currentA ? (memory.backSinceMonoMs ?? monoMs) : monoMs,
      tries: again ? memory.tries + 1 : 0,
      ...sentHalfway(schedule, monoMs),
      ...(dropMonoMs === undefined ? {} : { sentDropMonoMs: dropMonoMs }),
    };
  }
  return draft ? { memory, commands, draft } : { memory, commands };
}

/** What each EVSE draws, as far as it is known, and what others must leave to it. */
import type { EvseReading } from "../../image.ts";
import { PHASE_INDEXES, type PhaseIndex } from "../../quantity.ts";
import type { EvseModel } from "../../site/site-model.ts";
import type { ConnectorStatus } from "../../state/charge-points.ts";
import { chargesOffRecord } from "../../state/off-record.ts";
import type { Session } from "../../state/sessions.ts";
import type { ControlInput } from "../control.ts";
import { heldAtStart, heldOfBefore, isRefused, offlineReserveA, releaseHeld } from "../leases/held.ts";
import type { ControlMemory, EvseMemory } from "../memory.ts";
import {
  EFFECT_MS,
  EVSE_READING_VALID_MS,
  EXPECTED_MS,
  GONE_MARGIN_A,
  OBEY_MS,
  OVERCOMMITTED_UNSEEN_MS,
  SETTLED_MS,
} from "../thresholds.ts";
import { countedPhases, showsOwnPhases, toldAtStart } from "./phase-switch.ts";
import { loadsUnknownPhases, spreadA, withPowerPhases } from "./power-alone.ts";
import { measuredCurrentA, phasesInUse, withAllPhases, withObedience, withVehicleCap } from "./vehicle.ts";

export interface EvseObservation {
  readonly evse: EvseModel;
  /** Position in the site. */
  readonly index: number;
  readonly session?: Session;
  readonly connected: boolean;
  readonly refused: boolean;
  readonly memory: EvseMemory;
  /** Grid phases it loads; all of the EVSE's until the car has shown fewer. */
  readonly phases: readonly PhaseIndex[];
  /** Those that it loaded when it was last seen to draw: a car may go over to fewer. */
  readonly loaded: readonly PhaseIndex[];
  /** Those that what it surely draws flows on: `phases`, but where their number is switched those alone that it showed last. */
  readonly flows: readonly PhaseIndex[];
  /** It counts on all phases only because nobody knows which of them its car loads. */
  readonly phaseUnknown?: true;
  /** Its car has not shown yet which phases it loads, and may in a moment. */
  readonly unseen?: true;
  readonly measuredA?: number;
  /** What it surely draws now, A: a shed below it is certain to help. */
  readonly surelyA: number;
  /** Of one that gives back, and so draws less than nothing: what it goes on giving whatever it is told, A. */
  readonly keepsGivingA?: number;
  /**
   * What it draws on each phase that it loads, A, no more than it may: on any other it draws nothing. Missing where that is
   * `surelyA`, which is the less of all phases where nobody knows which they are.
   */
  readonly drawsEachA?: number;
  /** Commanded away but perhaps still flowing, A; and what of it is expected to go in a moment. */
  readonly pendingA: number;
  readonly expectedA: number;
  /** Its meter has reported since its limit took effect (or will not in time). */
  readonly settled: boolean;
  /** What its meter shows it to draw above its limit, long enough after that was lowered, A. */
  readonly excessA: number;
  /** What others must leave to it whatever we wish: offline, refusing, not obeying, or a car that nobody told of. */
  readonly reservedA?: number;
}

/** An EVSE at its safe current, with nobody there. */
function restingMemory(evse: EvseModel, monoMs: number): EvseMemory {
  return {
    begunMonoMs: monoMs,
    limitA: evse.safeCurrentA,
    limitSinceMonoMs: monoMs,
    loweredMonoMs: monoMs,
    flowA: 0,
    obeyed: true,
    heals: 0,
    turnSinceMonoMs: monoMs,
    pauses: 0,
    stops: 0,
    wishA: 0,
    wishKind: "no-transaction",
    wishSinceMonoMs: Number.NEGATIVE_INFINITY,
    tries: 0,
  };
}

function newMemory(evse: EvseModel, input: ControlInput, session: Session | undefined): EvseMemory {
  const { state, image } = input;
  return {
    ...restingMemory(evse, image.monoMs),
    begunMonoMs: Number.NEGATIVE_INFINITY,
    obeyed: session ? (state.limits.byEvse[evse.id]?.obeyed ?? true) : true,
    ...heldAtStart(input, evse, session),
    ...toldAtStart(input, evse, session),
    ...(session ? { transactionId: session.transactionId } : {}),
  };
}

/** A transaction begins at the safe default that is installed at the charge point, with a car that is not known. */
function forSession(memory: EvseMemory, evse: EvseModel, session: Session | undefined, monoMs: number): EvseMemory {
  if (memory.transactionId === session?.transactionId) return memory;
  const { installedForMs, installedA, installedMonoMs, installs } = memory;
  return {
    ...restingMemory(evse, monoMs),
    ...(installedForMs === undefined ? {} : { installedForMs }),
    ...(installedA === undefined ? {} : { installedA }),
    ...(installedMonoMs === undefined ? {} : { installedMonoMs }),
    ...(installs === undefined ? {} : { installs }),
    ...heldOfBefore(memory, evse, monoMs),
    // It may still give one phase, too.
    ...(memory.onePhase ? { switchedMonoMs: monoMs } : {}),
    ...(session ? { transactionId: session.transactionId } : {}),
  };
}

const DRAWS_NOTHING: ReadonlySet<ConnectorStatus> = new Set([
  "available",
  "preparing",
  "suspended-ev",
  "suspended-evse",
  "finishing",
  "reserved",
  "unavailable",
  "faulted",
]);

/** It may have gone halfway by itself, as nobody has renewed its limit: no more than this is sure. */
function halfwayA({ sentHalfway }: EvseMemory, monoMs: number): number {
  return sentHalfway && monoMs >= sentHalfway.monoMs ? sentHalfway.currentA : Number.POSITIVE_INFINITY;
}

/** The lower side of what is known: the least of meter, limit and status, each as young as it is. */
function surely(input: ControlInput, memory: EvseMemory, evse: EvseModel, seen: Seen): number {
  const { image, state } = input;
  const status = state.chargePoints.evses[evse.id];
  const { reading, measuredA, mayLower } = seen;
  const limitA = mayLower ? memory.limitA : Math.max(memory.limitA, memory.held?.currentA ?? 0);
  const inForceA = Math.min(limitA, halfwayA(memory, image.monoMs));
  if (measuredA === undefined || !reading) {
    return status?.status === "charging" ? Math.min(evse.minCurrentA, inForceA) : 0;
  }
  const readMs = image.nowMs - (image.monoMs - reading.atMonoMs);
  if (status && status.sinceMs > readMs && DRAWS_NOTHING.has(status.status)) return 0;
  return memory.obeyed ? Math.min(measuredA, inForceA) : measuredA;
}

/**
 * What it draws on each phase that it loads, where its power shows on how many at most and they are not all. Where the number
 * of phases is switched it may come back to all of them at any moment.
 */
function drawsEach(
  input: ControlInput,
  memory: EvseMemory,
  evse: EvseModel,
  { leastEachA, ...seen }: Seen & { readonly leastEachA: number | undefined },
): Pick<EvseObservation, "drawsEachA"> {
  if (leastEachA === undefined || leastEachA === seen.measuredA || memory.switchedMonoMs !== undefined) return {};
  return { drawsEachA: Math.min(memory.limitA, surely(input, memory, evse, { ...seen, measuredA: leastEachA })) };
}

interface Seen {
  /** The charge point takes limits. */
  readonly mayLower: boolean;
  readonly reading?: EvseReading;
  readonly measuredA?: number;
  readonly phases: readonly PhaseIndex[];
}

function see(input: ControlInput, evse: EvseModel, memory: EvseMemory, mayLower: boolean): Seen {
  const latest = input.image.evses.get(evse.id);
  const reading = latest && latest.atMonoMs >= memory.begunMonoMs ? latest : undefined;
  const phases = memory.phases ?? evse.phases;
  // A charge point that is gone holds its limit: what it reported last is the best that is known until that ends.
  const holds = !mayLower && memory.held !== undefined;
  if (!reading || (!holds && input.image.monoMs - reading.atMonoMs > EVSE_READING_VALID_MS))
    return { phases, mayLower };
  const own = showsOwnPhases(evse, memory, reading) ? phasesInUse(evse, reading, memory.phases) : memory.phases;
  const seen = own ?? evse.phases;
  const measuredA = measuredCurrentA(reading, seen.length, input.site.voltageV);
  return { mayLower, reading, phases: seen, ...(measuredA === undefined ? {} : { measuredA }) };
}

function reserved(input: ControlInput, entry: Omit<EvseObservation, "reservedA">): number | undefined {
  const { evse, session, connected, refused, memory, measuredA = 0, surelyA } = entry;
  if (!connected) return Math.max(surelyA, offlineReserveA(input, evse, session !== undefined, memory));
  if (!session) return undefined;
  if (!memory.obeyed) return Math.max(measuredA, memory.limitA);
  // Its transaction may be over, and the limit with it.
  const mostA = isUntold(input, evse) ? mostUnlimitedA(input, evse, memory) : 0;
  if (mostA > memory.limitA && entry.measuredA === undefined) return mostA;
  if (refused && memory.held) return Math.max(memory.held.currentA, measuredA, memory.limitA);
  return undefined;
}

/** Charge points give a little more than they are told; who gives more than that does not obey, or has a meter that lies. */
const MOST_GENEROUS_PART = 0.25;

/**
 * How far above its limit its meter shows it, as a part of the limit: so it goes on while a new limit settles. Forgotten with a
 * pause, and where there is more than a charge point gives.
 */
function withExcess(memory: EvseMemory, reading: EvseReading | undefined, measuredA: number | undefined): EvseMemory {
  const isSettled = reading !== undefined && reading.atMonoMs - memory.limitSinceMonoMs >= SETTLED_MS;
  if (memory.limitA > 0 && (!isSettled || measuredA === undefined)) return memory;
  const part = memory.limitA > 0 ? (measuredA ?? 0) / memory.limitA - 1 : 0;
  const isExcess = part > 0 && part <= MOST_GENEROUS_PART;
  if (memory.excessPart === (isExcess ? part : undefined)) return memory;
  const { excessPart: _, ...rest } = memory;
  return isExcess ? { ...rest, excessPart: part } : rest;
}

/** Above its limit by its own meter, A: every ampere counts where nothing else measures, also before it is called disobedience. */
function excess(memory: EvseMemory, reading: EvseReading | undefined, measuredA: number | undefined): number {
  if (!reading || measuredA === undefined) return 0;
  const settled = reading.atMonoMs - memory.loweredMonoMs >= SETTLED_MS;
  return Math.max(0, settled ? measuredA - memory.limitA : 0, memory.limitA * (memory.excessPart ?? 0));
}

/** So long after a transaction what is reported, or not reported yet, may still be of it. */
const REPORTED_AFTERWARDS_MS = 15_000;

/** The most that a car may draw to which no limit was given: the safe default, or all where its charge point has not taken that. */
function mostUnlimitedA({ state }: ControlInput, evse: EvseModel, memory: EvseMemory): number {
  if (state.limits.refusedDefaults?.[evse.id] !== undefined) return evse.maxCurrentA;
  return Math.max(memory.transactionId === undefined ? memory.limitA : evse.safeCurrentA, memory.held?.currentA ?? 0);
}

function isUntold({ image }: ControlInput, evse: EvseModel): boolean {
  return image.untoldCars?.has(evse.id) === true;
}

/** The car that showed them may have gone, and another may be there. */
function withoutPhases({ phases: _, loaded: __, powerPhases: ___, ...memory }: EvseMemory): EvseMemory {
  return memory;
}

/** What a car draws without a transaction; the most that it may where nobody measures one that charges, or may be there. */
function withoutSession(input: ControlInput, evse: EvseModel, memory: EvseMemory, connected: boolean) {
  const untold = isUntold(input, evse);
  const sinceMonoMs = memory.begunMonoMs + REPORTED_AFTERWARDS_MS;
  if (!untold && input.image.monoMs < sinceMonoMs) return { phases: evse.phases, drawsA: 0 };
  const seen = see(input, evse, { ...memory, begunMonoMs: sinceMonoMs }, connected);
  const mayDraw = untold || chargesOffRecord(input.state, evse.id);
  const drawsA =
    seen.measuredA === undefined
      ? mayDraw
        ? mostUnlimitedA(input, evse, memory)
        : 0
      : surely(input, { ...memory, obeyed: false }, evse, seen);
  const phases = drawsA > 0 ? seen.phases : evse.phases;
  return { phases, drawsA, ...(seen.measuredA === undefined ? {} : { measuredA: seen.measuredA }) };
}

/**
 * Without a transaction there is nothing to decide but whether it has to stop. A car may draw all the same: while the
 * disk refuses, its transaction cannot be recorded. What it draws is left to it.
 */
function idle(input: ControlInput, evse: EvseModel, index: number, before: EvseMemory): EvseObservation {
  const { monoMs } = input.image;
  const memory = releaseHeld(before, { monoMs, connected: false, refused: false, agrees: false });
  const connected = input.state.chargePoints.byId[evse.chargePointId]?.connected === true;
  const { drawsA, ...seen } = withoutSession(input, evse, memory, connected);
  const base = {
    evse,
    index,
    connected,
    refused: false,
    memory,
    ...seen,
    loaded: seen.phases,
    flows: seen.phases,
    surelyA: drawsA,
    pendingA: 0,
    expectedA: 0,
    settled: true,
    excessA: 0,
  };
  if (!connected) return { ...base, reservedA: Math.max(drawsA, offlineReserveA(input, evse, false, memory)) };
  return drawsA > 0 || isStopped(base) ? { ...base, reservedA: drawsA } : base;
}

/** The most that is reckoned for an EVSE of which nobody measures what it draws, A; 0 where nothing can flow. */
export function assumedCurrentA({ session, memory, measuredA, surelyA, reservedA = 0 }: EvseObservation): number {
  if (measuredA !== undefined) return 0;
  return Math.max(0, surelyA, reservedA, session ? memory.limitA : 0);
}

/** A car without a transaction that had to stop. */
export function isStopped({ session, memory, evse }: Pick<EvseObservation, "session" | "memory" | "evse">): boolean {
  return session === undefined && memory.limitA < evse.safeCurrentA;
}

/** Its cars show on other phases than it is configured for: until that is put right they count on all. */
export function isMisplaced({ state, site }: ControlInput, evse: EvseModel): boolean {
  const { doubts } = state.site;
  for (const key in doubts) if (doubts[key]!.evseId === evse.id) return site.phases === 3;
  return false;
}

/** Its meter has not shown yet which phases its car loads; one that shows none in its time will not. */
function isUnseen({ phases }: EvseModel, memory: EvseMemory, monoMs: number): boolean {
  if (memory.phases !== undefined || phases.length === 1) return false;
  return memory.limitA <= 0 || monoMs - memory.turnSinceMonoMs < EVSE_READING_VALID_MS;
}

/** Observes one EVSE; its memory comes back brought up to this tick. */
export function observeEvse(
  input: ControlInput,
  index: number,
  memories: ControlMemory["evses"],
  session: Session | undefined,
): EvseObservation {
  const evse = input.site.evses[index]!;
  const { monoMs } = input.image;
  let memory = forSession(memories.get(evse.id) ?? newMemory(evse, input, session), evse, session, monoMs);
  if (!session) return idle(input, evse, index, memory);
  if (isUntold(input, evse)) memory = withoutPhases(memory);
  const connected = input.state.chargePoints.byId[evse.chargePointId]?.connected === true;
  const refused = isRefused(input, evse);
  const seen = see(input, evse, memory, connected && !refused);
  const { reading, measuredA, phases } = seen;
  if (phases !== evse.phases && phases !== memory.phases) memory = { ...memory, phases };
  const loaded = phasesInUse(evse, reading, undefined);
  if (loaded && loaded.join() !== memory.loaded?.join()) memory = { ...memory, loaded };
  memory = withAllPhases(memory, monoMs);
  memory = withPowerPhases(memory, evse, reading, input.site.voltageV);
  const mostEachA = spreadA(measuredA, memory.powerPhases?.fewest, evse);
  memory = withExcess(withObedience(memory, reading, measuredA), reading, mostEachA);
  const leastEachA = spreadA(measuredA, memory.powerPhases?.most, evse);
  memory = withVehicleCap(memory, leastEachA, monoMs);
  const sinceMs = monoMs - memory.limitSinceMonoMs;
  const readAfterMs = reading === undefined ? Number.NEGATIVE_INFINITY : reading.atMonoMs - memory.limitSinceMonoMs;
  const agrees = readAfterMs >= EFFECT_MS && (measuredA ?? 0) <= memory.limitA + 1;
  memory = releaseHeld(memory, { monoMs, connected, refused, agrees });
  // A limit that was lowered by one ampere is not obeyed yet by who draws that ampere still.
  const hasGone = readAfterMs >= EFFECT_MS && (measuredA ?? 0) <= memory.limitA + GONE_MARGIN_A;
  const pendingA = seen.mayLower && sinceMs < OBEY_MS && !hasGone ? Math.max(0, memory.flowA - memory.limitA) : 0;
  const unseen = isUnseen(evse, memory, monoMs) ? { unseen: true as const } : {};
  const entry = {
    evse,
    index,
    session,
    connected,
    refused,
    memory,
    ...countedPhases(
      input,
      { evse, memory, mayLower: seen.mayLower, reading },
      { phases, loaded: memory.loaded ?? phases, flows: phases, ...unseen },
    ),
    surelyA: surely(input, memory, evse, seen),
    ...drawsEach(input, memory, evse, { ...seen, leastEachA }),
    pendingA,
    expectedA: sinceMs < EXPECTED_MS ? pendingA : 0,
    settled: readAfterMs >= SETTLED_MS || sinceMs > OVERCOMMITTED_UNSEEN_MS,
    excessA: excess(memory, reading, mostEachA),
    ...(measuredA === undefined ? {} : { measuredA }),
  };
  const reservedA = reserved(input, entry);
  const certain = reservedA === undefined ? entry : { ...entry, reservedA };
  // A charge point that is gone may go on with a car that nobody has seen draw.
  if (!connected && memory.phases === undefined) return { ...certain, phaseUnknown: true };
  if (!isMisplaced(input, evse)) return loadsUnknownPhases(memory, evse) ? { ...certain, phaseUnknown: true } : certain;
  return {
    ...certain,
    phases: PHASE_INDEXES,
    loaded: PHASE_INDEXES,
    flows: PHASE_INDEXES,
    ...(certain.loaded.length < 3 ? { phaseUnknown: true } : {}),
  };
}

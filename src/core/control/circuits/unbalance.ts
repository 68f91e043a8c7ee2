/** The unbalance between phases that cars on one or two of them cause, and can cure. Cars on three load all alike. */
import { PHASE_INDEXES, type PhaseIndex } from "../../quantity.ts";
import type { EvseObservation } from "../evses/observe-evse.ts";
import { MARGIN_A, NEWCOMER_WAITS_MS } from "../thresholds.ts";
import { mostWishedA, type Wishes } from "../wishes/wishes.ts";

/** What a phase carries above another one, by cars that load only one of the two. */
export interface PhaseDifference {
  readonly key: string;
  readonly phase: PhaseIndex;
  /** Load the phase, and not the other one; or wait to begin, and may be such a car. */
  readonly members: readonly EvseObservation[];
  /** What the phase carries above the other one, A, as far as it is sure. */
  readonly differenceA: number;
  /** What surely evens it out, A. */
  readonly againstA: number;
  /** Which of its phases a member loads no meter shows: what all may draw counts, and not what they do. */
  readonly isUnmetered: boolean;
}

/** Each phase beside each other one. */
export const PHASE_PAIRS = PHASE_INDEXES.flatMap((phase) =>
  PHASE_INDEXES.filter((other) => other !== phase).map((other) => ({
    phase,
    other,
    key: `unbalance/${phase}-${other}`,
  })),
);

/** A car loads `phase` and not `other`; one whose phase nobody knows may be on any that it counts on. */
export function tilts({ loaded, phaseUnknown }: EvseObservation, phase: PhaseIndex, other: PhaseIndex): boolean {
  return loaded.includes(phase) && (phaseUnknown === true || !loaded.includes(other));
}

/** It has a transaction, and takes what it is told. */
export function obeys({ session, connected, refused, reservedA }: EvseObservation): boolean {
  return session !== undefined && connected && !refused && reservedA === undefined;
}

/**
 * Its car has not shown which phases it loads, and may be on the first wire of its EVSE alone (IEC 62196-2). Who was stopped
 * before takes turns, and who never shows its phases counts on all of them.
 */
export function mayBeOnOnePhase(entry: EvseObservation): boolean {
  const { unseen, phaseUnknown, memory } = entry;
  const isShown = memory.phases !== undefined || memory.powerPhases !== undefined;
  const wasStopped = memory.pauses > 0 || memory.pausedMonoMs !== undefined;
  return unseen === true && !phaseUnknown && !isShown && !wasStopped && obeys(entry);
}

/** It draws nothing yet, and begins where there is room on the phase that it may load alone; or, at the latest, after a turn. */
function mayBegin(entry: EvseObservation, phase: PhaseIndex, monoMs: number): boolean {
  const { evse, memory } = entry;
  const waitsMs = monoMs - Math.max(memory.turnSinceMonoMs, memory.wishSinceMonoMs);
  return evse.phases[0] === phase && memory.limitA <= 0 && waitsMs < NEWCOMER_WAITS_MS && mayBeOnOnePhase(entry);
}

/** What nobody has measured may be nothing, or on another phase: it evens nothing out. */
function isSeen({ measuredA, phaseUnknown }: EvseObservation): boolean {
  return measuredA !== undefined && phaseUnknown !== true;
}

/** With what they were seen to draw above their limits: no meter but their own shows a difference of cars alone. */
function drawnA(entries: readonly EvseObservation[]): number {
  return entries.reduce((sumA, { surelyA, excessA, memory }) => {
    return sumA + Math.max(surelyA, Math.min(surelyA, memory.limitA) + excessA);
  }, 0);
}

/** What it surely draws and will go on to: who is wished less is lowered in this tick, if its charge point obeys. */
function lastingA({ index, surelyA, reservedA }: EvseObservation, wishes: Wishes): number {
  return reservedA === undefined ? Math.min(surelyA, Math.max(0, mostWishedA(wishes.get(index)))) : surelyA;
}

/**
 * What surely evens out that `phase` carries more than `other`, A; less what is given back there by who cannot be lowered. All
 * others that give make way for those that charge.
 */
export function againstA(
  active: readonly EvseObservation[],
  { phase, other }: { readonly phase: PhaseIndex; readonly other: PhaseIndex },
  wishes: Wishes,
): number {
  const apart = active.filter((entry) => tilts(entry, other, phase));
  const keptA = apart.reduce((sumA, { keepsGivingA = 0 }) => sumA + keepsGivingA, 0);
  const lasting = apart.filter((entry) => isSeen(entry) && entry.surelyA > 0);
  return lasting.reduce((sumA, entry) => sumA + lastingA(entry, wishes), 0) - keptA;
}

/** Each phase against each other one, as far as cars tilt them. A car on both tilts neither, also while it pauses. */
export function phaseDifferences(
  active: readonly EvseObservation[],
  { monoMs, wishes }: { readonly monoMs: number; readonly wishes: Wishes },
): PhaseDifference[] {
  return PHASE_PAIRS.flatMap(({ phase, other, key }) => {
    const members = active.filter((entry) => tilts(entry, phase, other) || mayBegin(entry, phase, monoMs));
    if (members.length === 0) return [];
    const evenedA = againstA(active, { phase, other }, wishes);
    const isUnmetered = members.some(({ phaseUnknown, memory }) => phaseUnknown && memory.powerPhases !== undefined);
    return [{ key, phase, members, differenceA: drawnA(members) - evenedA, againstA: evenedA, isUnmetered }];
  });
}

/** The most that a car may be raised to while nobody has seen which phases it loads: it may be one of them, A. */
export function mostUnseenA(
  unbalanceLimitA: number,
  active: readonly EvseObservation[],
  entry: EvseObservation,
): number {
  const others = active.filter(
    (other) => other !== entry && (other.loaded.length < 3 || other.phaseUnknown === true || other.unseen === true),
  );
  const othersA = others.reduce((sumA, { surelyA, memory }) => sumA + Math.max(surelyA, memory.limitA), 0);
  return Math.max(entry.evse.minCurrentA, entry.memory.limitA, Math.floor(unbalanceLimitA - MARGIN_A - othersA));
}

/**
 * The guard: from wishes and constraints to what each EVSE may draw from this tick on. Sheds the whole overload at
 * once, raises slowly and never everybody together, pauses in turns. Nothing here waits for anything.
 */
import type { CircuitView } from "../circuits/circuits.ts";
import { type Constraint, weightOf } from "../circuits/constraint.ts";
import { Bounds, Slack } from "../circuits/slack.ts";
import { mostUnseenA } from "../circuits/unbalance.ts";
import type { EvseDecision } from "../control.ts";
import { type EvseObservation, isStopped } from "../evses/observe-evse.ts";
import { OBEY_MS } from "../thresholds.ts";
import { mostWishedA } from "../wishes/wishes.ts";
import type { GuardInput } from "./guard-input.ts";
import { type MakingWay, makingWay } from "./making-way.ts";
import { pauseLeftMs } from "./pause.ts";
import { moveTowards } from "./raise.ts";
import { rankOf } from "./rank.ts";
import { binding, reasonFor } from "./reasons.ts";
import { type Claim, type LeftOut, share } from "./share.ts";

const TINY = 1e-6;

export interface GuardResult {
  /** By position of the EVSE; those without a transaction are missing, unless they had to stop. */
  readonly decisions: ReadonlyMap<number, EvseDecision>;
  readonly raised: boolean;
  readonly raiseTurn: number;
  readonly rebalanced: boolean;
  /** Least current free after everything, A per phase, by circuit; without a reading or an EVSE it is missing. */
  readonly freeA: ReadonlyMap<string, number>;
}

/** Who can be moved: in a session, connected, obeying, and with a meter to see what it does. */
function isFree(guarded: GuardInput, entry: EvseObservation): boolean {
  return entry.session !== undefined && entry.reservedA === undefined && !guarded.blind.has(entry.index);
}

/** A limit that is lower than the minimum is a pause. */
function atLeastMinimum(currentA: number, entry: EvseObservation): number {
  return currentA < entry.evse.minCurrentA ? 0 : currentA;
}

/**
 * Without a meter: the safe current, or less where less was decided. A paused car gets its safe current back when all
 * leases from before have run out: the safe currents together fit beside the worst load of the building.
 */
function blindCurrentA(guarded: GuardInput, entry: EvseObservation, view: CircuitView): number {
  const { evse, memory } = entry;
  const wishA = guarded.wishes.get(entry.index)?.currentA ?? evse.safeCurrentA;
  const leaseMs = Math.max(...guarded.active.map((other) => other.evse.leaseMs));
  const mayReturn = (view.absentForMs ?? 0) > leaseMs + OBEY_MS;
  const mostA = Math.min(evse.safeCurrentA, guarded.blindShareA ?? Number.POSITIVE_INFINITY);
  return atLeastMinimum(Math.min(mostA, wishA, mayReturn ? mostA : memory.limitA), entry);
}

/** What is left to one that nobody decides on, A. */
function fixedCurrentA(guarded: GuardInput, entry: EvseObservation): number {
  const view = guarded.blind.get(entry.index);
  const safeA = entry.session && view ? blindCurrentA(guarded, entry, view) : 0;
  return Math.max(entry.reservedA ?? 0, safeA, entry.surelyA);
}

/** What nobody decides here: offline, refusing and disobedient EVSEs, and those at safe currents for want of a meter. */
function takeFixed(guarded: GuardInput, slack: Slack): void {
  for (const entry of guarded.active) {
    if (!isFree(guarded, entry)) slack.give(entry.index, fixedCurrentA(guarded, entry));
  }
}

/** At its safe current, for want of a meter or of a transaction on record. */
function isFixed({ blind }: GuardInput, { index, session, connected }: EvseObservation): boolean {
  return blind.has(index) || (!session && connected);
}

/**
 * Who is at its safe current, for want of a nested meter or of a transaction on record, and has to pause because
 * something above it is overloaded though everybody else has gone: a limit of power, which no sum of safe currents was
 * held against. It stays so until there is room for its safe current. By position, with what binds.
 */
function stoppedFixed(guarded: GuardInput, left: Slack): Map<number, Constraint> {
  const stopped = new Map<number, Constraint>();
  left.bounds.constraints.forEach((constraint, position) => {
    if (isUnseenPower(constraint)) stopUnseen(guarded, left, position, stopped);
  });
  for (const entry of guarded.active) {
    const { index, memory } = entry;
    if (!isFixed(guarded, entry)) continue;
    for (const { constraint: position } of left.bounds.linksOf(index)) {
      const constraint = left.bounds.constraints[position]!;
      if (isUnseenPower(constraint) || left.left(position) >= -TINY) continue;
      if (constraint.overload > 0 || memory.limitA <= 0) stopped.set(index, constraint);
    }
  }
  return stopped;
}

/** A limit of power that no reading ever shows to be overloaded: a budget, a circuit without a meter. */
function isUnseenPower({ byPhase, reading }: Constraint): boolean {
  return !byPhase && reading === undefined;
}

/** It takes what it is told; without a transaction that is its safe default. */
function mayBeStopped({ connected, session, reservedA }: EvseObservation): boolean {
  return connected && (session === undefined || reservedA === undefined);
}

/** Stops who comes last, until the safe currents of the others are within such a limit. */
function stopUnseen(guarded: GuardInput, left: Slack, position: number, stopped: Map<number, Constraint>): void {
  let over = -left.left(position);
  if (over <= TINY) return;
  const constraint = left.bounds.constraints[position]!;
  const obeying = constraint.members.filter((entry) => isFixed(guarded, entry) && mayBeStopped(entry));
  const ranked = obeying.map((entry) => ({ entry, rank: rankOf(guarded.input, entry) }));
  for (const { entry } of ranked.sort((a, b) => b.rank - a.rank)) {
    if (over <= TINY) return;
    stopped.set(entry.index, constraint);
    over -= weightOf(constraint, entry) * fixedCurrentA(guarded, entry);
  }
}

/**
 * What there is to share. What each should come to have is reckoned with what is free now: a raise looks like building
 * load until the car reports it, and in the least of lately for half a minute more; nobody is lowered for that.
 */
function slackToShare(guarded: GuardInput, bounds: Bounds): Slack {
  const slack = Slack.of(bounds, ({ available, availableToRaise, heldBack }) =>
    Math.min(available, availableToRaise + heldBack),
  );
  takeFixed(guarded, slack);
  return slack;
}

/** What may be raised now: the least of lately, less what higher limits of before may still draw. */
function slackToRaise(guarded: GuardInput, bounds: Bounds): Slack {
  const slack = Slack.of(bounds, ({ available, availableToRaise }) => Math.min(available, availableToRaise));
  takeFixed(guarded, slack);
  for (const entry of guarded.active) {
    const { held, limitA } = entry.memory;
    if (held && isFree(guarded, entry)) slack.give(entry.index, Math.max(0, held.currentA - limitA));
  }
  return slack;
}

function claims(guarded: GuardInput, mostA: (entry: EvseObservation, wishA: number) => number): Claim[] {
  const list: Claim[] = [];
  for (const entry of guarded.active) {
    const wish = guarded.wishes.get(entry.index);
    if (!wish || !isFree(guarded, entry)) continue;
    const { currentA, plannedA = currentA } = wish;
    const wantedA = Math.min(currentA, plannedA);
    const mostWishA = mostWishedA(wish);
    list.push({
      index: entry.index,
      minA: entry.evse.minCurrentA,
      wantedA: mostA(entry, wantedA),
      ...(mostWishA > wantedA ? { moreA: mostA(entry, mostWishA) } : {}),
      ...(wish.noTimeToSpare ? { first: true } : {}),
      rank: () => rankOf(guarded.input, entry),
    });
  }
  return list;
}

/** Within the limits in force. A shed starts from what a car surely draws: a limit above that would cure nothing. */
function holdClaims(guarded: GuardInput, bounds: Bounds, way: MakingWay): Claim[] {
  return claims(guarded, (entry, wishA) => {
    const { memory, evse, surelyA, index } = entry;
    const inForce = bounds.isOverloaded(index)
      ? Math.min(memory.limitA, Math.max(evse.minCurrentA, surelyA))
      : memory.limitA;
    return Math.min(wishA, inForce, way.mostA.get(index) ?? Number.POSITIVE_INFINITY);
  });
}

/** Where phases may not differ much, a car shows which of them it loads before it gets much, and others make way for that. */
function mostA({ input, active }: GuardInput, entry: EvseObservation, way: MakingWay): number {
  const { unbalanceLimitA, phases } = input.site;
  if (way.waits.has(entry.index)) return 0;
  if (unbalanceLimitA === undefined || phases === 1) return Number.POSITIVE_INFINITY;
  if (!entry.unseen) return way.mostA.get(entry.index) ?? Number.POSITIVE_INFINITY;
  return mostUnseenA(unbalanceLimitA, active, entry);
}

/**
 * What each should come to have: its wish, but no more than now where nothing may be raised. Who waits for what was
 * lowered for it keeps its claim meanwhile: others would take it, to give it back half a minute later, for ever.
 */
function idealClaims(guarded: GuardInput, bounds: Bounds, way: MakingWay): Claim[] {
  return claims(guarded, (entry, wishA) => {
    const { memory, index, refused } = entry;
    const mayRise =
      !refused && bounds.mayRaiseSoon(index) && pauseLeftMs(entry.memory, guarded.input.image.monoMs) === 0;
    return Math.min(wishA, mayRise ? mostA(guarded, entry, way) : memory.limitA);
  });
}

/** A charge point that does not obey is told less and less while its circuit is overloaded. */
function disobedientCurrentA(guarded: GuardInput, entry: EvseObservation, bounds: Bounds): number {
  const { memory, evse, index } = entry;
  const currentA = Math.min(memory.limitA, guarded.wishes.get(index)?.currentA ?? memory.limitA);
  const waits = guarded.input.image.monoMs - memory.limitSinceMonoMs < OBEY_MS;
  if (!bounds.isOverloaded(index) || waits) return atLeastMinimum(currentA, entry);
  return currentA > evse.minCurrentA ? evse.minCurrentA : 0;
}

/** At its safe current; who had to pause there rests for the least duration of a pause. */
function blindDecision(guarded: GuardInput, entry: EvseObservation, view: CircuitView): EvseDecision {
  const { id: evseId } = entry.evse;
  const { nowMs, monoMs } = guarded.input.image;
  const restMs = pauseLeftMs(entry.memory, monoMs);
  if (restMs > 0) return { evseId, currentA: 0, reason: { kind: "paused", untilMs: nowMs + restMs } };
  const deviceId = view.index.circuit.meterId;
  return {
    evseId,
    currentA: blindCurrentA(guarded, entry, view),
    reason: { kind: "safe-mode", circuitId: view.circuitId, ...(deviceId ? { deviceId } : {}) },
  };
}

/**
 * A car without a transaction goes on at its safe current, unless it has to stop; it may go on when its pause is over and
 * there is room for that after everybody else.
 */
function decisionWithoutSession(
  guarded: GuardInput,
  entry: EvseObservation,
  stoppedBy: Constraint | undefined,
  free: Slack,
): EvseDecision | undefined {
  const { evse, memory, index } = entry;
  const { id: evseId, safeCurrentA } = evse;
  if (stoppedBy) return { evseId, currentA: 0, reason: binding(stoppedBy, "paused") };
  if (!isStopped(entry)) return undefined;
  const { nowMs, monoMs } = guarded.input.image;
  const { currentA: roomA, binding: constraint } = free.room(index);
  if (roomA < safeCurrentA && constraint) return { evseId, currentA: 0, reason: binding(constraint, "paused") };
  const restMs = pauseLeftMs(memory, monoMs);
  if (restMs > 0) return { evseId, currentA: 0, reason: { kind: "paused", untilMs: nowMs + restMs } };
  free.give(index, safeCurrentA);
  return { evseId, currentA: safeCurrentA, reason: { kind: "no-transaction" } };
}

function fixedDecision(
  guarded: GuardInput,
  entry: EvseObservation,
  bounds: Bounds,
  stoppedBy: Constraint | undefined,
): EvseDecision {
  const { evse, connected, index, measuredA, memory, refused, reservedA = 0 } = entry;
  const evseId = evse.id;
  if (!connected) return { evseId, currentA: evse.safeCurrentA, reason: { kind: "offline" } };
  const view = guarded.blind.get(index);
  if (view && stoppedBy) return { evseId, currentA: 0, reason: binding(stoppedBy, "paused") };
  if (view) return blindDecision(guarded, entry, view);
  // Its transaction has ended, and another car may be there of which nobody was told.
  if (memory.obeyed && !refused && measuredA === undefined && entry.session)
    return { evseId, currentA: disobedientCurrentA(guarded, entry, bounds), reason: { kind: "no-transaction" } };
  const readingA = Math.round((measuredA ?? reservedA) * 10) / 10;
  return {
    evseId,
    currentA: disobedientCurrentA(guarded, entry, bounds),
    reason: { kind: "not-obeyed", readingA },
  };
}

function freeByCircuit(slack: Slack): Map<string, number> {
  const freeA = new Map<string, number>();
  slack.bounds.constraints.forEach(({ phase, kind, circuitId }, position) => {
    if (phase === undefined || kind !== "circuit") return;
    freeA.set(circuitId, Math.min(freeA.get(circuitId) ?? Number.POSITIVE_INFINITY, slack.left(position)));
  });
  return freeA;
}

/** Decides for every EVSE with a transaction, and for those without that have to stop. Bounded: a few passes over EVSEs and constraints. */
export function guard(guarded: GuardInput): GuardResult {
  const bounds = new Bounds(guarded.constraints);
  const now = Slack.of(bounds, (constraint) => constraint.available);
  takeFixed(guarded, now);
  const way = makingWay(guarded);
  const held = share(holdClaims(guarded, bounds, way), now);
  const stopped = stoppedFixed(guarded, now);
  const leftOut: LeftOut = new Map();
  const target = share(idealClaims(guarded, bounds, way), slackToShare(guarded, bounds), leftOut);
  const free = slackToRaise(guarded, bounds);
  const moved = moveTowards({ guarded, bounds, held, target, free });
  const decisions = new Map<number, EvseDecision>();
  for (const entry of guarded.active) {
    if (!entry.session) {
      const decision = decisionWithoutSession(guarded, entry, stopped.get(entry.index), free);
      if (decision && entry.connected) decisions.set(entry.index, decision);
      continue;
    }
    const currentA = moved.given.get(entry.index);
    const wish = guarded.wishes.get(entry.index);
    const decision =
      currentA === undefined || !wish
        ? fixedDecision(guarded, entry, bounds, stopped.get(entry.index))
        : {
            evseId: entry.evse.id,
            currentA,
            reason: reasonFor({
              image: guarded.input.image,
              entry,
              wish,
              currentA,
              free,
              leftOutBy: leftOut.get(entry.index),
              recovering: guarded.recovering.get(entry.index),
              beyondCars: guarded.beyondCars.get(entry.index),
            }),
          };
    decisions.set(entry.index, decision);
  }
  const { raised, turn: raiseTurn, rebalanced } = moved;
  return { decisions, raised, raiseTurn, rebalanced, freeA: freeByCircuit(free) };
}

/**
 * The guard: from wishes and constraints to what each EVSE may draw from this tick on. Sheds the whole overload at
 * once, raises slowly and never everybody together, pauses in turns. Nothing here waits for anything.
 */

import type { EvseDecision } from "../control/control.ts";
import type { ProcessImage } from "../image.ts";
import type { Reason } from "../reason.ts";
import type { SiteModel } from "../site-model.ts";
import type { Constraint } from "./constraints.ts";
import type { ControlMemory } from "./memory.ts";
import type { EvseObservation } from "./observe-evse.ts";
import { type Claim, Slack, share } from "./share.ts";
import { PAUSE_MIN_MS, RAISE_EVERY_MS, RAISE_PART, TURN_MS } from "./thresholds.ts";
import type { Wish } from "./wishes.ts";

export interface GuardInput {
  readonly site: SiteModel;
  readonly image: ProcessImage;
  readonly observed: readonly EvseObservation[];
  readonly wishes: readonly (Wish | undefined)[];
  readonly constraints: readonly Constraint[];
  /** Id of a circuit on the EVSE's way whose meter is absent, by index. */
  readonly blind: readonly (string | undefined)[];
  readonly memory: ControlMemory;
}

export interface GuardResult {
  readonly decisions: readonly EvseDecision[];
  readonly raised: boolean;
  readonly raiseTurn: number;
}

/** Who can be moved at all: connected, in a session, obeying, and with a meter to see what it does. */
function isFree(input: GuardInput, index: number): boolean {
  const entry = input.observed[index]!;
  return entry.session !== undefined && entry.reservedA === undefined && input.blind[index] === undefined;
}

/** Rank for a minimum current: priority, then whose turn it is, then who has been there longer. */
function rank(input: GuardInput, index: number): number {
  const { evse, memory, session } = input.observed[index]!;
  const sinceMs = input.image.monoMs - memory.turnSinceMonoMs;
  const charging = memory.limitA > 0;
  const turnIsOver = charging && sinceMs > TURN_MS;
  const waited = charging ? 0 : Math.min(sinceMs, TURN_MS) / TURN_MS;
  const turn = charging && !turnIsOver ? 0 : turnIsOver ? 2 : 1 - waited / 2;
  return -evse.priority * 10 + turn + (session?.transactionId ?? 0) * 1e-9;
}

/** Loads that nobody here decides: offline or disobedient EVSEs, and those at safe currents for want of a meter. */
function takeFixed(input: GuardInput, slack: Slack): void {
  input.observed.forEach((entry, index) => {
    if (isFree(input, index) || !entry.session) return;
    const fixedA = entry.reservedA ?? Math.max(entry.evse.safeCurrentA, entry.surelyA);
    slack.give(index, fixedA);
  });
}

/** Waits for current, and has waited long enough to get it. */
function waitsItsTurn(input: GuardInput, index: number): boolean {
  const { memory, evse } = input.observed[index]!;
  const wanted = (input.wishes[index]?.currentA ?? 0) >= evse.minCurrentA;
  return (
    isFree(input, index) && wanted && memory.limitA === 0 && input.image.monoMs - memory.turnSinceMonoMs >= PAUSE_MIN_MS
  );
}

/**
 * Whose turn is over while another of at least its priority waits: pauses now, so that the other can begin. One at a
 * time; who has charged longest goes first.
 */
function yields(input: GuardInput): number | undefined {
  const highest = Math.max(
    ...input.observed.map((entry, index) => (waitsItsTurn(input, index) ? entry.evse.priority : -1)),
  );
  let found: number | undefined;
  input.observed.forEach(({ memory, evse }, index) => {
    const over = memory.limitA > 0 && input.image.monoMs - memory.turnSinceMonoMs > TURN_MS;
    if (!over || evse.priority > highest || !input.wishes[index] || !isFree(input, index)) return;
    if (found === undefined || memory.turnSinceMonoMs < input.observed[found]!.memory.turnSinceMonoMs) found = index;
  });
  return found;
}

function claimsOf(input: GuardInput, ceiling: (index: number, wish: Wish) => number): Claim[] {
  const claims: Claim[] = [];
  input.wishes.forEach((wish, index) => {
    if (!wish || !isFree(input, index)) return;
    claims.push({
      index,
      minA: input.observed[index]!.evse.minCurrentA,
      wantedA: ceiling(index, wish),
      rank: rank(input, index),
    });
  });
  return claims;
}

/** A shed starts from what a car surely draws: a limit above that would cure nothing. */
function ceilingInForce(input: GuardInput, overloaded: ReadonlySet<number>) {
  const yielding = yields(input);
  return (index: number, wish: Wish): number => {
    if (index === yielding) return 0;
    const { memory, evse, surelyA } = input.observed[index]!;
    const now = overloaded.has(index) ? Math.min(memory.limitA, Math.max(evse.minCurrentA, surelyA)) : memory.limitA;
    return Math.min(wish.currentA, now);
  };
}

function overloadedMembers(constraints: readonly Constraint[]): Set<number> {
  const members = new Set<number>();
  for (const constraint of constraints) {
    if (constraint.overload > 0) for (const { index } of constraint.members) members.add(index);
  }
  return members;
}

interface Raise {
  readonly given: Map<number, number>;
  readonly raised: boolean;
  readonly turn: number;
}

function mayResume(input: GuardInput, index: number): boolean {
  const { memory } = input.observed[index]!;
  // Only a pause for want of current has a least duration; a planned one ends when the plan says so.
  const wanted = memory.wishA > 0;
  return !wanted || input.image.monoMs - memory.turnSinceMonoMs >= PAUSE_MIN_MS;
}

/** How much one EVSE is raised now: a part of what is free, at least one ampere, or its minimum from a pause. */
function stepOf(input: GuardInput, index: number, slack: Slack, given: Map<number, number>): number {
  const { evse } = input.observed[index]!;
  const currentA = given.get(index) ?? 0;
  const { currentA: room } = slack.room(index);
  const gap = Math.min(input.wishes[index]!.currentA - currentA, room);
  if (currentA === 0) return gap >= evse.minCurrentA && mayResume(input, index) ? evse.minCurrentA : 0;
  return Math.min(Math.floor(gap + 1e-6), Math.max(1, Math.floor(room * RAISE_PART)));
}

/** Who pauses comes first, by rank; the others in a round that begins with the next one each time. */
function inTurn(input: GuardInput, given: ReadonlyMap<number, number>, wanting: readonly number[]): number[] {
  const paused = wanting.filter((index) => given.get(index) === 0).sort((a, b) => rank(input, a) - rank(input, b));
  const charging = wanting.filter((index) => given.get(index) !== 0);
  const first = charging.length === 0 ? 0 : input.memory.raiseTurn % charging.length;
  return [...paused, ...charging.slice(first), ...charging.slice(0, first)];
}

/**
 * Raises in turns: at most half of those who want more in one step, and together at most about a quarter of what is
 * free on any constraint.
 */
function raise(input: GuardInput, given: Map<number, number>): Raise {
  const { memory, image } = input;
  const keep = { given, raised: false, turn: memory.raiseTurn };
  if (image.monoMs - memory.lastRaiseMonoMs < RAISE_EVERY_MS) return keep;
  const slack = new Slack(input.constraints, input.observed.length, (constraint) =>
    Math.min(constraint.available, constraint.availableToRaise),
  );
  takeFixed(input, slack);
  for (const [index, currentA] of given) slack.give(index, currentA);
  const wanting = inTurn(
    input,
    given,
    [...given.keys()].filter((index) => input.wishes[index]!.currentA > given.get(index)! && slack.mayRaise(index)),
  );
  const most = Math.max(1, Math.ceil(wanting.length / 2));
  const raisedGiven = new Map(given);
  let raised = 0;
  let turn = memory.raiseTurn;
  for (let k = 0; k < wanting.length && raised < most; k++) {
    const index = wanting[k]!;
    const stepA = stepOf(input, index, slack, raisedGiven);
    if (stepA <= 0) continue;
    raisedGiven.set(index, raisedGiven.get(index)! + stepA);
    slack.give(index, stepA);
    raised++;
    turn = memory.raiseTurn + k + 1;
  }
  return { given: raisedGiven, raised: raised > 0, turn };
}

function bindingReason(constraint: Constraint): Reason {
  const { kind, circuitId, phase, reading, limit } = constraint;
  if (phase === undefined) return { kind, circuitId, limitW: Math.round(limit) };
  return {
    kind,
    circuitId,
    phase,
    limitA: Math.round(limit * 10) / 10,
    ...(reading === undefined ? {} : { readingA: Math.round(reading * 10) / 10 }),
  };
}

function notFree(input: GuardInput, index: number): EvseDecision {
  const { evse, session, connected, reservedA } = input.observed[index]!;
  const evseId = evse.id;
  const blind = input.blind[index];
  if (!session)
    return { evseId, currentA: evse.safeCurrentA, reason: { kind: connected ? "no-transaction" : "offline" } };
  if (!connected) return { evseId, currentA: evse.safeCurrentA, reason: { kind: "offline" } };
  if (blind !== undefined) {
    const deviceId = input.site.circuitById.get(blind)?.meterId;
    return {
      evseId,
      currentA: evse.safeCurrentA,
      reason: { kind: "safe-mode", circuitId: blind, ...(deviceId ? { deviceId } : {}) },
    };
  }
  const measuredA = Math.round((reservedA ?? 0) * 10) / 10;
  const wishA = Math.min(input.observed[index]!.memory.limitA, input.wishes[index]?.currentA ?? evse.safeCurrentA);
  return { evseId, currentA: wishA, reason: { kind: "not-obeyed", readingA: measuredA } };
}

function decisionFor(input: GuardInput, index: number, raised: Map<number, number>, slack: Slack): EvseDecision {
  const { evse } = input.observed[index]!;
  const wish = input.wishes[index]!;
  const currentA = raised.get(index) ?? 0;
  const evseId = evse.id;
  if (currentA >= wish.currentA) {
    const unlimited = wish.currentA >= evse.maxCurrentA && wish.reason.kind === "fair-share";
    return { evseId, currentA, reason: unlimited ? { kind: "maximum" } : wish.reason };
  }
  const { currentA: room, binding } = slack.room(index);
  const bound = binding !== undefined && room < Math.max(1, currentA === 0 ? evse.minCurrentA : 1);
  if (bound && currentA === 0) return { evseId, currentA, reason: { ...bindingReason(binding), kind: "paused" } };
  return { evseId, currentA, reason: bound ? bindingReason(binding) : { kind: "raising", limitA: wish.currentA } };
}

/** Decides for every EVSE. Bounded: a few passes over EVSEs and constraints. */
export function guard(input: GuardInput): GuardResult {
  const slack = new Slack(input.constraints, input.observed.length, (constraint) => constraint.available);
  takeFixed(input, slack);
  const overloaded = overloadedMembers(input.constraints);
  const held = share(claimsOf(input, ceilingInForce(input, overloaded)), slack);
  const { given, raised, turn } =
    overloaded.size > 0 ? { given: held, raised: false, turn: input.memory.raiseTurn } : raise(input, held);
  for (const [index, currentA] of given) slack.give(index, currentA - (held.get(index) ?? 0));
  const decisions = input.observed.map((_, index) =>
    given.has(index) ? decisionFor(input, index, given, slack) : notFree(input, index),
  );
  return { decisions, raised, raiseTurn: turn };
}

/**
 * From what is held to what each should have: room is made where somebody is short, power is raised slowly, in turns,
 * against the least that was free lately.
 */

import type { Bounds, Slack } from "../circuits/slack.ts";
import type { EvseObservation } from "../evses/observe-evse.ts";
import {
  RAISE_EVERY_MS,
  RAISE_LEAST_A,
  RAISE_PART,
  RAISE_SMALL_AFTER_MS,
  REBALANCE_LEAST_A,
  REBALANCE_MS,
  TURN_MS,
} from "../thresholds.ts";
import type { GuardInput } from "./guard-input.ts";

export interface Move {
  readonly guarded: GuardInput;
  readonly bounds: Bounds;
  /** By position of the EVSE: what the limits in force allow, and what each should come to have. */
  readonly held: ReadonlyMap<number, number>;
  readonly target: ReadonlyMap<number, number>;
  /** What may be raised; comes back with everything given that was given. */
  readonly free: Slack;
}

export interface Moved {
  readonly given: Map<number, number>;
  readonly raised: boolean;
  readonly turn: number;
  readonly rebalanced: boolean;
}

const TINY = 1e-6;

/** What was raised looks like building load until its EVSE reports: till then nobody is lowered for the sake of others. */
function isSettled({ bounds }: Move, constraint: number): boolean {
  return bounds.constraints[constraint]!.members.every(({ settled }) => settled);
}

/** Constraints where somebody is short of what it should have, and not enough is free for it. */
function crowded(move: Move, given: ReadonlyMap<number, number>): Set<number> {
  const constraints = new Set<number>();
  for (const [index, targetA] of move.target) {
    const heldA = given.get(index)!;
    const leastA = heldA > 0 ? REBALANCE_LEAST_A : targetA;
    if (targetA <= 0 || targetA - heldA < leastA - TINY) continue;
    const entry = move.guarded.input.site.evses[index]!;
    const stepA = heldA > 0 ? REBALANCE_LEAST_A : entry.minCurrentA;
    for (const { constraint, weight } of move.bounds.linksOf(index)) {
      if (move.free.left(constraint) < weight * stepA - TINY && isSettled(move, constraint))
        constraints.add(constraint);
    }
  }
  return constraints;
}

/** What an EVSE is lowered to: its share, but a pause only at the end of its turn. */
function loweredA(move: Move, entry: EvseObservation, targetA: number, heldA: number): number {
  const turnMs = move.guarded.input.image.monoMs - entry.memory.turnSinceMonoMs;
  if (targetA > 0 || turnMs >= TURN_MS) return targetA;
  return Math.min(heldA, entry.evse.minCurrentA);
}

/** Lowers those who have more than their share where others are short. Those others rise in the steps to come. */
function makeRoom(move: Move, given: Map<number, number>): boolean {
  const { input, memory } = move.guarded;
  if (input.image.monoMs - memory.lastRebalanceMonoMs < REBALANCE_MS) return false;
  const constraints = crowded(move, given);
  if (constraints.size === 0) return false;
  let lowered = false;
  for (const entry of move.guarded.active) {
    const { index } = entry;
    const heldA = given.get(index);
    const targetA = move.target.get(index);
    const helps = move.bounds.linksOf(index).some(({ constraint }) => constraints.has(constraint));
    if (!helps || heldA === undefined || targetA === undefined || heldA <= targetA) continue;
    const currentA = loweredA(move, entry, targetA, heldA);
    if (currentA >= heldA) continue;
    given.set(index, currentA);
    move.free.give(index, currentA - heldA);
    lowered = true;
  }
  return lowered;
}

/** Paused cars first, the longest pause first; then all in turn. */
function order(move: Move, given: ReadonlyMap<number, number>): EvseObservation[] {
  const { active, memory } = move.guarded;
  const wanting = active.filter((entry) => {
    const targetA = move.target.get(entry.index);
    return targetA !== undefined && targetA > given.get(entry.index)! + TINY && move.bounds.mayRaise(entry.index);
  });
  const paused = wanting.filter((entry) => given.get(entry.index) === 0);
  const others = wanting.filter((entry) => given.get(entry.index)! > 0);
  paused.sort((a, b) => b.evse.priority - a.evse.priority || a.memory.turnSinceMonoMs - b.memory.turnSinceMonoMs);
  const first = others.length === 0 ? 0 : memory.raiseTurn % others.length;
  return [...paused, ...others.slice(first), ...others.slice(0, first)];
}

/** The least that is worth a message, A: one ampere only where nothing has changed for a while. */
function leastStepA(move: Move, { evse, memory }: EvseObservation, heldA: number): number {
  if (heldA === 0) return evse.minCurrentA;
  return move.guarded.input.image.monoMs - memory.limitSinceMonoMs < RAISE_SMALL_AFTER_MS ? RAISE_LEAST_A : 1;
}

/** How much one EVSE is raised now, A: within a part of what is free, or the least that is worth it, or its minimum from a pause. */
function stepOf(
  move: Move,
  entry: EvseObservation,
  heldA: number,
  part: { readonly free: Slack; readonly slack: Slack; readonly used: boolean },
): number {
  const gapA = move.target.get(entry.index)! - heldA;
  const roomA = part.free.room(entry.index).currentA;
  const partA = part.slack.room(entry.index).currentA;
  const leastA = leastStepA(move, entry, heldA);
  if (Math.min(gapA, roomA) < leastA - TINY) return 0;
  if (partA < leastA) return part.used ? 0 : leastA;
  return Math.max(leastA, Math.floor(Math.min(gapA, roomA, partA) + TINY));
}

/**
 * One step of raises: at most half of those who want more, together at most three quarters of what is free (or the least
 * step of one EVSE).
 */
function raise(move: Move, given: Map<number, number>): { raised: boolean; turn: number } {
  const { input, memory } = move.guarded;
  const turn = memory.raiseTurn;
  if (input.image.monoMs - memory.lastRaiseMonoMs < RAISE_EVERY_MS) return { raised: false, turn };
  const wanting = order(move, given);
  if (wanting.length === 0) return { raised: false, turn };
  const free = stillFlowing(move);
  const slack = free.part(RAISE_PART);
  const most = Math.ceil(wanting.length / 2);
  let raised = 0;
  for (const entry of wanting) {
    if (raised >= most) break;
    const heldA = given.get(entry.index)!;
    const stepA = stepOf(move, entry, heldA, { free, slack, used: raised > 0 });
    if (stepA <= 0) continue;
    given.set(entry.index, heldA + stepA);
    for (const left of [move.free, free, slack]) left.give(entry.index, stepA);
    raised++;
  }
  return { raised: raised > 0, turn: turn + raised };
}

/** What was lowered in this tick flows on for seconds: it is free when it has gone, and given to nobody before. */
function stillFlowing({ guarded, held, free }: Move): Slack {
  const left = free.part(1);
  for (const { index, surelyA } of guarded.active) {
    const heldA = held.get(index);
    if (heldA !== undefined) left.give(index, Math.max(0, surelyA - heldA));
  }
  return left;
}

/** One step from what is held towards the target. */
export function moveTowards(move: Move): Moved {
  const given = new Map(move.held);
  for (const [index, currentA] of given) move.free.give(index, currentA);
  const rebalanced = makeRoom(move, given);
  // What was just taken from one still flows: it is given to another when the meter shows that it has gone.
  if (rebalanced) return { given, raised: false, turn: move.guarded.memory.raiseTurn, rebalanced };
  return { given, ...raise(move, given), rebalanced };
}

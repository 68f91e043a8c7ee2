/**
 * Where phases may not differ much, a car that has not shown yet which of them it loads may be on the first wire of its EVSE
 * alone (IEC 62196-2). Those that load that phase more than others make way before it begins, not when its meter has told.
 */
import { PHASE_INDEXES, type PhaseIndex } from "../../quantity.ts";
import { againstA, mayBeOnOnePhase, obeys, tilts } from "../circuits/unbalance.ts";
import type { EvseObservation } from "../evses/observe-evse.ts";
import { MARGIN_A } from "../thresholds.ts";
import type { GuardInput } from "./guard-input.ts";
import { pauseLeftMs } from "./pause.ts";

export interface MakingWay {
  /** By position of the EVSE: the most that it may have meanwhile, A. */
  readonly mostA: ReadonlyMap<number, number>;
  /** Who begins when they have. */
  readonly waits: ReadonlySet<number>;
}

const NOBODY: MakingWay = { mostA: new Map(), waits: new Set() };
const TINY = 1e-6;

/** It begins, or is about to. */
function begins({ input, wishes }: GuardInput, entry: EvseObservation): boolean {
  const { index, evse, memory } = entry;
  if (!mayBeOnOnePhase(entry)) return false;
  if (memory.limitA > 0) return true;
  return (wishes.get(index)?.currentA ?? 0) >= evse.minCurrentA && pauseLeftMs(memory, input.image.monoMs) === 0;
}

/** What each may have of `roomA` together: cut evenly from the highest, or as it is and an even part of what is left over. */
function sharesA(members: readonly EvseObservation[], roomA: number): number[] {
  const heldA = members.map(({ memory }) => memory.limitA);
  let [left, many] = [roomA, members.length];
  for (const currentA of heldA.toSorted((a, b) => a - b)) {
    if (currentA * many >= left) return heldA.map((ownA) => Math.min(ownA, left / many));
    left -= currentA;
    many--;
  }
  return heldA.map((ownA) => ownA + left / members.length);
}

interface Way {
  readonly members: readonly EvseObservation[];
  /** Left to them beside the newcomers, A. */
  readonly roomA: number;
}

/** What cars that load `phase` and not `other` are left, beside newcomers on that phase. */
function wayOn(guarded: GuardInput, phase: PhaseIndex, other: PhaseIndex, newA: number): Way {
  const tilting = guarded.active.filter((entry) => entry.unseen !== true && tilts(entry, phase, other));
  const members = tilting.filter((entry) => obeys(entry) && entry.memory.limitA > 0);
  const fixedA = tilting
    .filter((entry) => !members.includes(entry))
    .reduce((sumA, { surelyA, reservedA = 0 }) => sumA + Math.max(surelyA, reservedA), 0);
  const limitA = guarded.input.site.unbalanceLimitA! - MARGIN_A;
  return { members, roomA: limitA + againstA(guarded.active, { phase, other }, guarded.wishes) - fixedA - newA };
}

/**
 * Who makes way for newcomers, and which of these wait for it. A way that would stop somebody is not made: who has begun by
 * itself draws beside them until it is seen, who has not waits for the end of a turn.
 */
export function makingWay(guarded: GuardInput): MakingWay {
  const { unbalanceLimitA, phases } = guarded.input.site;
  if (unbalanceLimitA === undefined || phases === 1) return NOBODY;
  const mostA = new Map<number, number>();
  const waits = new Set<number>();
  for (const phase of PHASE_INDEXES) {
    const newcomers = guarded.active.filter((entry) => entry.evse.phases[0] === phase && begins(guarded, entry));
    const begun = newcomers.filter(({ memory }) => memory.limitA > 0);
    const next = newcomers.find(({ memory }) => memory.limitA <= 0);
    const newA = begun.reduce((sumA, { memory }) => sumA + memory.limitA, next?.evse.minCurrentA ?? 0);
    if (newA <= 0) continue;
    for (const other of PHASE_INDEXES) {
      if (other === phase) continue;
      const { members, roomA } = wayOn(guarded, phase, other, newA);
      const leastA = members.reduce((sumA, { evse }) => sumA + evse.minCurrentA, 0);
      const flowsA = members.reduce((sumA, { memory, surelyA }) => sumA + Math.max(surelyA, memory.limitA), 0);
      if (members.length === 0 || leastA > roomA + TINY) continue;
      const shares = sharesA(members, roomA);
      let sharedA = 0;
      for (const [at, { index, evse }] of members.entries()) {
        const currentA = Math.max(evse.minCurrentA, Math.floor(shares[at]! + TINY));
        sharedA += currentA;
        mostA.set(index, Math.min(currentA, mostA.get(index) ?? Number.POSITIVE_INFINITY));
      }
      // Minima may be more than an even cut: nobody waits for what will not be given.
      if (flowsA <= Math.max(roomA, sharedA) + TINY) continue;
      for (const { index, memory } of newcomers) if (memory.limitA <= 0) waits.add(index);
    }
  }
  return { mostA, waits };
}

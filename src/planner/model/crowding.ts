/**
 * How crowded the time is until a car leaves: what those who are here need, and those who will probably come, of what the
 * fuses give. The more of it that is, the less can be made up later for who leaves early or takes more than was said.
 */
import type { PlanInput } from "../../core/facts/plan-facts.ts";
import { clamp, PHASE_INDEXES, type PhaseIndex } from "../../core/quantity.ts";
import {
  type CircuitRoom,
  circuitRooms,
  possibleNeedWh,
  slotHours,
  slotsUntilDeparture,
  WANTED_SLOTS,
} from "../input/limits.ts";

/** Part of the room that is needed from which on it counts, and where it counts all: more comes than is known of. */
const FROM = 0.3;
const ALL = 0.5;

/** A car on a phase of a circuit. */
interface Demand {
  readonly index: number;
  readonly needWh: number;
  readonly slots: number;
}

function demands(room: CircuitRoom, phase: PhaseIndex, input: PlanInput): Demand[] {
  return room.evses.flatMap((index): Demand[] => {
    const evse = input.evses[index]!;
    if (!evse.phases.includes(phase) || evse.beyondWish) return [];
    const needWh = possibleNeedWh(evse, input) / evse.phases.length;
    return needWh > 0 ? [{ index, needWh, slots: slotsUntilDeparture(evse, input) }] : [];
  });
}

/** What those leave who come later, as a part of the room from the second hour on to a slot, `laterWh`. */
function leftPart(room: CircuitRoom, phase: PhaseIndex, slots: number, laterWh: number): number {
  const hours = room.circuit.leftWh?.[phase] ?? [];
  const hour = Math.min(hours.length, Math.ceil(slots / WANTED_SLOTS)) - 1;
  return hour < 1 || laterWh <= 0 ? 1 : clamp(hours[hour]! / laterWh, 0, 1);
}

/** What a phase gives until the end of each number of slots, Wh. */
function roomsUntil(room: CircuitRoom, phase: PhaseIndex, input: PlanInput): number[] {
  const until = [0];
  for (let slot = 0; slot < input.slots; slot++)
    until.push(until[slot]! + (room.phaseW[phase][slot] ?? 0) * slotHours(input, slot));
  return until;
}

/** By car on a phase, the part of what the phase gives until it leaves that is needed by then. */
function neededParts(room: CircuitRoom, phase: PhaseIndex, input: PlanInput): (readonly [number, number])[] {
  const all = demands(room, phase, input);
  if (all.length < 2 && room.circuit.leftWh === undefined) return [];
  const until = roomsUntil(room, phase, input);
  const hourWh = until[Math.min(WANTED_SLOTS, input.slots)]!;
  return all.map(({ index, slots }) => {
    // Who leaves later needs a part by then.
    const neededWh = all.reduce((sum, other) => sum + other.needWh * Math.min(1, slots / other.slots), 0);
    const laterWh = Math.max(0, until[slots]! - hourWh);
    const roomWh = Math.min(until[slots]!, hourWh) + leftPart(room, phase, slots, laterBlockWh(until, slots)) * laterWh;
    return [index, roomWh > 0 ? neededWh / roomWh : 1] as const;
  });
}

/** From the second hour on to the end of the hour of a slot, Wh. */
function laterBlockWh(until: readonly number[], slots: number): number {
  const end = Math.min(until.length - 1, Math.ceil(slots / WANTED_SLOTS) * WANTED_SLOTS);
  return Math.max(0, until[end]! - until[Math.min(WANTED_SLOTS, until.length - 1)]!);
}

const known = new WeakMap<PlanInput, readonly number[]>();

/** By car, 0..1: whether the time until it leaves is crowded. A car alone never is. */
export function crowding(input: PlanInput): readonly number[] {
  const before = known.get(input);
  if (before) return before;
  const parts = new Array<number>(input.evses.length).fill(0);
  for (const room of circuitRooms(input)) {
    if (room.isBudget) continue;
    for (const phase of PHASE_INDEXES)
      for (const [index, part] of neededParts(room, phase, input)) parts[index] = Math.max(parts[index]!, part);
  }
  const crowded = parts.map((part) => clamp((part - FROM) / (ALL - FROM), 0, 1));
  known.set(input, crowded);
  return crowded;
}

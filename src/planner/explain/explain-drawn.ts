/** What a plan's cars and charging batteries draw of the room of each circuit. */
import type { PlanInput, PlanResult } from "../../core/facts/plan-facts.ts";
import { PHASE_INDEXES } from "../../core/quantity.ts";
import { type CircuitRoom, circuitRooms, phaseShare } from "../input/limits.ts";

/** W by phase and slot, and in all. */
export interface Drawn {
  readonly room: CircuitRoom;
  readonly phaseW: readonly [readonly number[], readonly number[], readonly number[]];
  readonly sumW: readonly number[];
}

function drawnIn(room: CircuitRoom, input: PlanInput, result: PlanResult): Drawn {
  const slots = Array.from({ length: input.slots }, (_, slot) => slot);
  const chargeW = slots.map((slot) =>
    room.isRoot ? result.batteries.reduce((sum, { powerW }) => sum + Math.max(0, powerW[slot] ?? 0), 0) : 0,
  );
  const phaseW = PHASE_INDEXES.map(() => chargeW.map((powerW) => powerW / input.sitePhases));
  const sumW = [...chargeW];
  for (const index of room.evses) {
    const evse = input.evses[index]!;
    for (const slot of slots) {
      const powerW = result.evses[index]?.powerW[slot] ?? 0;
      sumW[slot]! += powerW;
      for (const phase of PHASE_INDEXES)
        phaseW[phase]![slot]! += powerW * phaseShare(evse, result.evses[index], { slot, phase });
    }
  }
  return { room, phaseW: [phaseW[0]!, phaseW[1]!, phaseW[2]!], sumW };
}

/** What is drawn of the room of every circuit, and of a budget. */
export function drawnOf(input: PlanInput, result: PlanResult): Drawn[] {
  return circuitRooms(input).map((room) => drawnIn(room, input, result));
}

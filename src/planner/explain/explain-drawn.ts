/** What a plan's cars and charging batteries draw of the room of each circuit. */
import type { PlanInput, PlanResult } from "../../core/facts/plan-facts.ts";
import { PHASE_INDEXES } from "../../core/quantity.ts";
import {
  type CircuitRoom,
  chargingHours,
  circuitRooms,
  phaseShare,
  roomWh,
  WANTED_SLOTS,
  wantedBlocks,
} from "../input/limits.ts";

/** W by phase and slot, and in all. */
export interface Drawn {
  readonly room: CircuitRoom;
  readonly phaseW: readonly [readonly number[], readonly number[], readonly number[]];
  readonly sumW: readonly number[];
  /** What cars alone take in each hour, Wh, by phase. */
  readonly carsWh: readonly [readonly number[], readonly number[], readonly number[]];
  /** What the room leaves for them in each hour, Wh, by phase; empty where nobody wants it. */
  readonly leftWh: readonly [readonly number[], readonly number[], readonly number[]];
}

function drawnIn(room: CircuitRoom, input: PlanInput, result: PlanResult): Drawn {
  const slots = Array.from({ length: input.slots }, (_, slot) => slot);
  const chargeW = slots.map((slot) =>
    room.isRoot ? result.batteries.reduce((sum, { powerW }) => sum + Math.max(0, powerW[slot] ?? 0), 0) : 0,
  );
  const phaseW = PHASE_INDEXES.map(() => chargeW.map((powerW) => powerW / input.sitePhases));
  const sumW = [...chargeW];
  const carsWh = PHASE_INDEXES.map(() => new Array<number>(wantedBlocks(input)).fill(0));
  for (const index of room.evses) {
    const evse = input.evses[index]!;
    for (const slot of slots) {
      const powerW = result.evses[index]?.powerW[slot] ?? 0;
      sumW[slot]! += powerW;
      const hours = chargingHours(evse, slot, input);
      for (const phase of PHASE_INDEXES) {
        const ofPhaseW = powerW * phaseShare(evse, result.evses[index], { slot, phase });
        phaseW[phase]![slot]! += ofPhaseW;
        carsWh[phase]![Math.floor(slot / WANTED_SLOTS)]! += ofPhaseW * hours;
      }
    }
  }
  const blocks = room.circuit.wanted ? Array.from({ length: wantedBlocks(input) }, (_, block) => block) : [];
  const leftWh = PHASE_INDEXES.map((phase) => blocks.map((block) => roomWh(room, phase, block, input)));
  const byPhase = <T>([l1, l2, l3]: T[]): [T, T, T] => [l1!, l2!, l3!];
  return { room, phaseW: byPhase(phaseW), sumW, carsWh: byPhase(carsWh), leftWh: byPhase(leftWh) };
}

/** What is drawn of the room of every circuit, and of a budget. */
export function drawnOf(input: PlanInput, result: PlanResult): Drawn[] {
  return circuitRooms(input).map((room) => drawnIn(room, input, result));
}

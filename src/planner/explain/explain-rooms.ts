/** What every limit of power leaves in a slot of a plan. */
import type { SlotReason } from "../../core/view/plan-reasons.ts";
import { importCapW } from "../input/limits.ts";
import { changeW, rampSteps, slotMean } from "../input/ramp.ts";
import { once, type Plan, partOf, type Question, unusedSunW } from "./explain-question.ts";

export interface Room {
  readonly roomW: number;
  readonly reason: SlotReason;
}

const whole = (powerW: number) => Math.max(0, Math.floor(powerW));

/** What each limit on the way of a car leaves it in a slot beside what it has, W. */
export function roomsOf(index: number, slot: number, question: Question): Room[] {
  const { input } = question;
  const { phases } = input.evses[index]!;
  const rooms = question.drawn.flatMap(({ room, phaseW, sumW }): Room[] => {
    if (!room.evses.includes(index)) return [];
    const { circuitId, limitA } = room.circuit;
    const limitW = limitA * input.nominalVoltageV;
    const byPhase = phases.map((phase): Room => {
      const roomW = ((room.phaseW[phase][slot] ?? 0) - (phaseW[phase][slot] ?? 0)) * phases.length;
      return { roomW, reason: { kind: "circuit", circuitId, phase, roomW: whole(roomW), limitW } };
    });
    if (!room.sumW) return byPhase;
    const roomW = (room.sumW[slot] ?? 0) - (sumW[slot] ?? 0);
    const left = { roomW: whole(roomW), limitW: room.sumW === input.budgetW ? room.sumW[slot]! : room.circuit.limitW! };
    if (room.sumW === input.budgetW) return [...byPhase, { roomW, reason: { kind: "budget", ...left } }];
    return [...byPhase, { roomW, reason: { kind: "circuit", circuitId, ...left } }];
  });
  const part = partOf(index, slot, question);
  const ofMean = meanRooms(slot, question).map(({ meanRoomW, kind, limitW }): Room => {
    const roomW = meanRoomW / part;
    return { roomW, reason: { kind, roomW: whole(roomW), limitW } };
  });
  return [...rooms, ...ofMean];
}

/** What a limit of a quarter-hour's mean leaves, W. */
interface MeanRoom {
  readonly meanRoomW: number;
  readonly kind: "import" | "ramp";
  readonly limitW: number;
}

/** What the limits of the mean of a slot leave beside sun that is exported or unused. */
export function meanRooms(slot: number, question: Plan): MeanRoom[] {
  const { input, result } = question;
  const capW = importCapW(input, slot);
  const spareW = (result.exportW[slot] ?? 0) + unusedSunW(slot, question);
  const meanRoomW = capW - (result.importW[slot] ?? 0) + spareW;
  const limited: MeanRoom[] = Number.isFinite(capW) ? [{ meanRoomW, kind: "import", limitW: Math.round(capW) }] : [];
  return [...limited, ...rampRoom(slot, question)];
}

/** What the changes into a slot and out of it leave, beside sun that the plan leaves unused. */
function rampRoom(slot: number, { input, result }: Plan): MeanRoom[] {
  if (!input.ramp) return [];
  const netW = result.importW.map((powerW, at) => powerW - (result.exportW[at] ?? 0));
  const lefts = rampSteps(input).flatMap((step) => {
    const byW = changeW(input, step, netW);
    if (step.slot === slot) return [step.mostUpW - byW];
    return step.slot === slot + 1 ? [byW + step.mostDownW] : [];
  });
  if (lefts.length === 0) return [];
  const meanRoomW = Math.min(...lefts) / slotMean(input, slot).share + unusedSunW(slot, { input, result });
  return [{ meanRoomW, kind: "ramp", limitW: input.ramp.limitW }];
}

/** What all limits of power leave a car in a slot beside what it has, W. */
export function roomAtW(index: number, slot: number, question: Question): number {
  return once(question.known.roomW, index, slot, () => {
    const rooms = roomsOf(index, slot, question).map(({ roomW }) => roomW);
    return Math.max(0, Math.min(Number.POSITIVE_INFINITY, ...rooms));
  });
}

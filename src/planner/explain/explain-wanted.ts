/** What room weighs in a plan that cars which come later probably want: the same parts and chances as in its model. */
import type { PlanInput } from "../../core/facts/plan-facts.ts";
import { chargingHours, WANTED_SLOTS } from "../input/limits.ts";
import type { PlanWeights } from "../model/weights.ts";
import type { Drawn } from "./explain-drawn.ts";

/** A little, Wh: the last of what is taken is asked for just below it. */
const LITTLE_WH = 1;

interface WantedQuestion {
  readonly input: PlanInput;
  readonly weights: PlanWeights;
  readonly drawn: readonly Drawn[];
}

/** EUR that `moreW` more of a car in a slot (0: the last of what it takes) weigh for each kWh, because others probably want that room. */
export function wantedEur(index: number, slot: number, moreW: number, question: WantedQuestion): number {
  const { input, weights, drawn } = question;
  const evse = input.evses[index]!;
  const block = Math.floor(slot / WANTED_SLOTS);
  const moreWh = Math.max(LITTLE_WH, (moreW * chargingHours(evse, slot, input)) / evse.phases.length);
  let mean = 0;
  for (const { room, carsWh, leftWh } of drawn) {
    if (!room.circuit.wanted || room.isBudget || !room.evses.includes(index)) continue;
    for (const phase of evse.phases) {
      const chances = room.circuit.wanted[phase].map((blocks) => blocks[block] ?? 0);
      const partWh = (leftWh[phase][block] ?? 0) / chances.length;
      const takenWh = carsWh[phase][block] ?? 0;
      const fromWh = moreW > 0 ? takenWh : Math.max(0, takenWh - moreWh);
      for (const [part, chance] of chances.entries()) {
        const endWh = part === chances.length - 1 ? Number.POSITIVE_INFINITY : (part + 1) * partWh;
        const within = Math.max(0, Math.min(fromWh + moreWh, endWh) - Math.max(fromWh, part * partWh));
        mean += ((within / moreWh) * chance) / evse.phases.length;
      }
    }
  }
  return mean > 0 ? mean * weights.missedEurPerKwh(block * WANTED_SLOTS) : 0;
}

/**
 * Behind a fuse that cannot carry all, nobody knows who comes: a car that leaves for later what takes nearly all of its time
 * then may miss it. What it leaves beyond a part of that time weighs a little, so those with the least time to spare go first.
 */
import type { PlanEvse, PlanInput } from "../../core/facts/plan-facts.ts";
import { MISSED_PART } from "../input/latecomers.ts";
import { chargingHours, circuitPath, mostPowerW, possibleNeedWh, WANTED_SLOTS } from "../input/limits.ts";
import { type ModelBuilder, term } from "./linear-model.ts";

const KILO = 1000;
/** Later is from here on, slots. */
const LATER_SLOTS = 4;
/** What a kWh beyond each part of the later time weighs, as a part of what a missed one does. */
const WEIGHTS = [0.2, 0.4] as const;
/** However many come, so much of the later time is left to it. */
const LEAST_PART = 0.5;

/** Parts of its later time that others will probably leave to a car: all of it where nobody is expected. */
function partsLeft(evse: PlanEvse, later: readonly number[], input: PlanInput): readonly number[] {
  const path = circuitPath(evse.circuitId, input.circuits);
  const series = input.circuits
    .filter(({ circuitId }) => path.includes(circuitId))
    .flatMap(({ wanted }) => (wanted ? evse.phases.map((phase) => wanted[phase].at(-1) ?? []) : []));
  let [chances, mostWh] = [0, 0];
  for (const slot of later) {
    const wh = mostPowerW(evse, slot) * chargingHours(evse, slot, input);
    const chance = Math.max(0, ...series.map((blocks) => blocks[Math.floor(slot / WANTED_SLOTS)] ?? 0));
    chances += Math.min(1, chance / MISSED_PART) * wh;
    mostWh += wh;
  }
  const first = Math.max(LEAST_PART, mostWh > 0 ? 1 - chances / mostWh : 1);
  return [first, (1 + first) / 2];
}

/** Adds what a car leaves for later, by the variables of its power. */
export function addLate(build: ModelBuilder, index: number, input: PlanInput, power: readonly number[]): void {
  const evse = input.evses[index]!;
  const { missedEurPerKwh = 0 } = input;
  if (missedEurPerKwh <= 0) return;
  // What is only assumed holds more than most cars take; who is still to come leaves nothing.
  if (evse.needAssumed || evse.visitId !== undefined) return;
  const path = circuitPath(evse.circuitId, input.circuits);
  if (!input.circuits.some(({ circuitId, wanted }) => wanted && path.includes(circuitId))) return;
  const later = [...power.keys()].slice(LATER_SLOTS);
  const hours = (slot: number) => chargingHours(evse, slot, input);
  const mostKwh = later.reduce((sum, slot) => sum + (mostPowerW(evse, slot) / KILO) * hours(slot), 0);
  const needKwh = possibleNeedWh(evse, input) / KILO;
  for (const [number, part] of partsLeft(evse, later, input).entries()) {
    if (needKwh <= part * mostKwh) continue;
    const cost = WEIGHTS[number]! * missedEurPerKwh;
    const late = build.variable(`late${index}_${number}`, { upper: Number.POSITIVE_INFINITY, cost });
    build.row(`late${index}_${number}`, { upper: part * mostKwh }, [
      ...later.map((slot) => term(power[slot]!, hours(slot))),
      term(late, -1),
    ]);
  }
}

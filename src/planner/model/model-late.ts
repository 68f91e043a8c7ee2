/**
 * Behind a fuse that cannot carry all, nobody knows who comes: a car that leaves for later what takes nearly all of its time
 * then may miss it. What it leaves beyond a part of that time weighs a little, so those with the least time to spare go first.
 */
import type { PlanInput } from "../../core/facts/plan-facts.ts";
import { chargingHours, circuitPath, mostPowerW, possibleNeedWh } from "../input/limits.ts";
import type { LinearTerm, ModelBuilder } from "./linear-model.ts";

const KILO = 1000;
/** Later is from here on, slots. */
const LATER_SLOTS = 4;
/** Parts of the later time, each with what a kWh beyond it weighs, as a part of what a missed one does. */
const PARTS = [
  [0.5, 0.1],
  [0.75, 0.2],
] as const;

const term = (variable: number, coefficient: number): LinearTerm => ({ variable, coefficient });

/** Adds what a car leaves for later, by the variables of its power. */
export function addLate(build: ModelBuilder, index: number, input: PlanInput, power: readonly number[]): void {
  const evse = input.evses[index]!;
  // What is only assumed holds more than most cars take.
  if (evse.needAssumed) return;
  const path = circuitPath(evse.circuitId, input.circuits);
  if (!input.circuits.some(({ circuitId, wanted }) => wanted && path.includes(circuitId))) return;
  const later = power.map((variable, slot) => ({ variable, slot })).slice(LATER_SLOTS);
  const hours = (slot: number) => chargingHours(evse, slot, input);
  const mostKwh = later.reduce((sum, { slot }) => sum + (mostPowerW(evse, slot) / KILO) * hours(slot), 0);
  const needKwh = possibleNeedWh(evse, input) / KILO;
  const { missedEurPerKwh = 0 } = input;
  if (missedEurPerKwh <= 0) return;
  for (const [number, [part, weight]] of PARTS.entries()) {
    if (needKwh <= part * mostKwh) continue;
    const cost = weight * missedEurPerKwh;
    const late = build.variable(`late${index}_${number}`, { upper: Number.POSITIVE_INFINITY, cost });
    build.row(`late${index}_${number}`, { upper: part * mostKwh }, [
      ...later.map(({ variable, slot }) => term(variable, hours(slot))),
      term(late, -1),
    ]);
  }
}

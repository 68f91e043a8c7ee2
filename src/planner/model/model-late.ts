/**
 * Behind a fuse that cannot carry all, nobody knows who comes, nor when the building's appliances switch on: a car that leaves
 * for later what takes nearly all of its time then may miss it. What it leaves beyond a part of that time weighs a little, so
 * those with the least time to spare go first.
 */
import type { PlanEvse, PlanInput } from "../../core/facts/plan-facts.ts";
import { PHASE_INDEXES } from "../../core/quantity.ts";
import { MISSED_PART } from "../input/latecomers.ts";
import {
  type CircuitRoom,
  chargingHours,
  circuitPath,
  mostPowerW,
  possibleNeedWh,
  presence,
  slotsUntilDeparture,
  WANTED_SLOTS,
} from "../input/limits.ts";
import { type ModelBuilder, term } from "./linear-model.ts";

const KILO = 1000;
/** Later is from here on, slots. */
const LATER_SLOTS = 4;
/** What a kWh beyond each part of the later time weighs, as a part of what a missed one does. */
const WEIGHTS = [0.2, 0.4] as const;
/** However many come, so much of the later time is left to it. */
const LEAST_PART = 0.5;

/** Of the power of a car so much is counted on while a fuse is full: 0.89 to 0.93 of what it carries flows, whoever plans. */
const FULL_PART = 0.8;
/** A circuit is crowded where its cars need so much of its room at the least. */
const CROWDED_PART = 0.6;

export interface LateContext {
  readonly input: PlanInput;
  readonly isCrowded: IsCrowded;
}

/** Whether the cars of the plan need most of what a fuse above this EVSE carries in a slot; by index. */
export type IsCrowded = (index: number, slot: number) => boolean;

/** Mean power that a car needs while it is there, W. */
function meanNeedW(evse: PlanEvse, input: PlanInput): number {
  let hours = 0;
  for (let slot = 0; slot < slotsUntilDeparture(evse, input); slot++)
    hours += mostPowerW(evse, slot) > 0 ? chargingHours(evse, slot, input) : 0;
  return hours > 0 ? possibleNeedWh(evse, input) / hours : 0;
}

/** By phase and slot: whether the cars on a circuit, each as evenly as it can, fill most of what it carries. */
function crowdedSlots(room: CircuitRoom, input: PlanInput): readonly (readonly boolean[])[] {
  const those = room.evses.map((index) => input.evses[index]!).map((evse) => ({ evse, meanW: meanNeedW(evse, input) }));
  return PHASE_INDEXES.map((phase) => {
    const on = those.filter(({ evse }) => evse.phases.includes(phase));
    return room.phaseW[phase].map((leftW, slot) => {
      const there = on.filter(({ evse }) => presence(evse, slot, input) > 0 && mostPowerW(evse, slot) > 0);
      const neededW = there.reduce((sum, { evse, meanW }) => sum + meanW / evse.phases.length, 0);
      return there.length > 1 && neededW > CROWDED_PART * leftW;
    });
  });
}

/** Looks up, for one plan, where its cars meet. */
export function crowding(rooms: readonly CircuitRoom[], input: PlanInput): IsCrowded {
  const circuits = rooms.map((room) => ({ on: new Set(room.evses), crowded: crowdedSlots(room, input) }));
  return (index, slot) =>
    circuits.some(
      ({ on, crowded }) => on.has(index) && input.evses[index]!.phases.some((phase) => crowded[phase]?.[slot]),
    );
}

/** Parts of its later time that others will probably leave to a car: all of it where it is alone and nobody is expected. */
function partsLeft(index: number, later: readonly number[], { input, isCrowded }: LateContext): readonly number[] {
  const evse = input.evses[index]!;
  const path = circuitPath(evse.circuitId, input.circuits);
  const series = input.circuits
    .filter(({ circuitId }) => path.includes(circuitId))
    .flatMap(({ wanted }) => (wanted ? evse.phases.map((phase) => wanted[phase].at(-1) ?? []) : []));
  let [lostWh, mostWh] = [0, 0];
  for (const slot of later) {
    const wh = mostPowerW(evse, slot) * chargingHours(evse, slot, input);
    const chance = Math.max(0, ...series.map((blocks) => blocks[Math.floor(slot / WANTED_SLOTS)] ?? 0));
    const left = (1 - Math.min(1, chance / MISSED_PART)) * (isCrowded(index, slot) ? FULL_PART : 1);
    lostWh += (1 - left) * wh;
    mostWh += wh;
  }
  const first = Math.max(LEAST_PART, mostWh > 0 ? 1 - lostWh / mostWh : 1);
  return [first, (1 + first) / 2];
}

/** Adds what a car leaves for later, by the variables of its power. */
export function addLate(build: ModelBuilder, index: number, context: LateContext, power: readonly number[]): void {
  const { input } = context;
  const evse = input.evses[index]!;
  const { missedEurPerKwh = 0 } = input;
  if (missedEurPerKwh <= 0) return;
  // What is only assumed holds more than most cars take; who is still to come leaves nothing.
  if (evse.needAssumed || evse.visitId !== undefined) return;
  const later = [...power.keys()].slice(LATER_SLOTS);
  const hours = (slot: number) => chargingHours(evse, slot, input);
  const mostKwh = later.reduce((sum, slot) => sum + (mostPowerW(evse, slot) / KILO) * hours(slot), 0);
  const needKwh = possibleNeedWh(evse, input) / KILO;
  for (const [number, part] of partsLeft(index, later, context).entries()) {
    if (needKwh <= part * mostKwh) continue;
    const cost = WEIGHTS[number]! * missedEurPerKwh;
    const late = build.variable(`late${index}_${number}`, { upper: Number.POSITIVE_INFINITY, cost });
    build.row(`late${index}_${number}`, { upper: part * mostKwh }, [
      ...later.map((slot) => term(power[slot]!, hours(slot))),
      term(late, -1),
    ]);
  }
}

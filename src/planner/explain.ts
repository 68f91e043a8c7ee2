/**
 * Why a car gets in a slot what it gets: the limit that binds there, or the price at which the slot would be used. From the
 * numbers of input and result alone, so that any recorded plan can be asked.
 */
import type { PlanEvse, PlanInput, PlanResult } from "../core/facts/plan-facts.ts";
import { PHASE_INDEXES, type PhaseIndex } from "../core/quantity.ts";
import { carCost } from "./car-cost.ts";
import { type CircuitRoom, circuitRooms, importCapW, mostPowerW, slotsUntilDeparture } from "./limits.ts";
import { peakIntervals, plannedValueKw, reachedValueKw } from "./peaks.ts";
import { planWeights } from "./weights.ts";

/**
 * `gone`: after the departure. `maximum`: it gets all that it takes. `ceiling`: a partner's profile. `circuit`, `unbalance`,
 * `import`, `peak`: that limit has no room. `price`: its need is met in slots that weigh less; it would charge here below
 * `belowEurPerKwh`. `met`: there is nothing left to charge.
 */
export interface SlotReason {
  readonly kind: "gone" | "maximum" | "ceiling" | "circuit" | "unbalance" | "import" | "peak" | "price" | "met";
  readonly circuitId?: string;
  readonly phase?: PhaseIndex;
  /** The month's peak by name. */
  readonly peak?: string;
  readonly eurPerKwh?: number;
  readonly belowEurPerKwh?: number;
}

/** Rounding, W. */
const NEAR_W = 60;

interface Question {
  readonly input: PlanInput;
  readonly result: PlanResult;
  readonly rooms: readonly CircuitRoom[];
}

function drawnW(room: CircuitRoom, at: { phase?: PhaseIndex; slot: number }, { input, result }: Question): number {
  const { phase, slot } = at;
  let sumW = 0;
  for (const index of room.evses) {
    const { phases } = input.evses[index]!;
    const powerW = result.evses[index]?.powerW[slot] ?? 0;
    if (phase === undefined) sumW += powerW;
    else if (phases.includes(phase)) sumW += powerW / phases.length;
  }
  if (!room.isRoot) return sumW;
  const chargeW = result.batteries.reduce((sum, battery) => sum + Math.max(0, battery.powerW[slot] ?? 0), 0);
  return sumW + chargeW / (phase === undefined ? 1 : input.sitePhases);
}

function circuitReason(index: number, slot: number, question: Question): SlotReason | undefined {
  const evse = question.input.evses[index]!;
  // A car that is off needs room for its least power.
  const powerW = question.result.evses[index]?.powerW[slot] ?? 0;
  const stepW = powerW > 0 ? NEAR_W : evse.minPowerW / evse.phases.length;
  for (const room of question.rooms) {
    if (!room.evses.includes(index)) continue;
    const { circuitId } = room.circuit;
    for (const phase of evse.phases)
      if ((room.phaseW[phase][slot] ?? 0) - drawnW(room, { phase, slot }, question) < stepW)
        return { kind: "circuit", circuitId, phase };
    if (room.sumW && (room.sumW[slot] ?? 0) - drawnW(room, { slot }, question) < stepW * evse.phases.length)
      return { kind: "circuit", circuitId };
  }
  return undefined;
}

function unbalanceReason(evse: PlanEvse, slot: number, { input, result }: Question): SlotReason | undefined {
  if (input.unbalanceLimitA === undefined || input.sitePhases === 1 || evse.phases.length === 3) return undefined;
  const byPhase = PHASE_INDEXES.map((phase) =>
    input.evses.reduce((sum, { phases }, index) => {
      const counts = phases.length < 3 && phases.includes(phase);
      return counts ? sum + (result.evses[index]?.powerW[slot] ?? 0) / phases.length : sum;
    }, 0),
  );
  const limitW = input.unbalanceLimitA * input.nominalVoltageV;
  const phase = evse.phases.find((own) => byPhase[own]! - Math.min(...byPhase) > limitW - NEAR_W);
  return phase === undefined ? undefined : { kind: "unbalance", phase };
}

function peakReason(slot: number, { input, result }: Question): SlotReason | undefined {
  for (const peak of input.peaks ?? []) {
    const valueKw = plannedValueKw(peak, input, result.importW);
    const day = peak.days.find(({ fromSlot, toSlot }) => slot >= fromSlot && slot < toSlot);
    const interval = day && peakIntervals(peak, day, input.startMs).find(({ slots }) => slots.includes(slot));
    if (!interval) continue;
    // More import here would raise the month's value beyond what is reached or planned.
    const more = result.importW.map((powerW, at) => (interval.slots.includes(at) ? powerW + 500 : powerW));
    const raisedKw = plannedValueKw(peak, input, more);
    if (raisedKw > Math.max(valueKw, reachedValueKw(peak)) + 1e-3) return { kind: "peak", peak: peak.name };
  }
  return undefined;
}

function priceReason(index: number, slot: number, { input, result }: Question): SlotReason {
  const evse = input.evses[index]!;
  const planned = result.evses[index]!;
  const context = { input, weights: planWeights(input) };
  const weighs = (at: number) => {
    const bought = (result.importW[at] ?? 0) > 0 || at === slot;
    const price = bought ? input.importEurPerKwh[at]! : Math.max(0, input.exportEurPerKwh[at]!);
    return price + carCost(evse, at, context);
  };
  const used = planned.powerW.flatMap((powerW, at) => (powerW > 0 && at !== slot ? [weighs(at)] : []));
  if (used.length === 0) return { kind: "met" };
  const priceEur = input.importEurPerKwh[slot]!;
  const belowEur = Math.max(...used) - (weighs(slot) - priceEur);
  const cents = (eur: number) => Math.round(eur * 1e5) / 1e5;
  return { kind: "price", eurPerKwh: cents(priceEur), belowEurPerKwh: cents(belowEur) };
}

function reasonAt(index: number, slot: number, question: Question): SlotReason {
  const { input, result } = question;
  const evse = input.evses[index]!;
  const powerW = result.evses[index]?.powerW[slot] ?? 0;
  if (slot >= slotsUntilDeparture(evse, input)) return { kind: "gone" };
  if (evse.energyNeededWh <= 0) return { kind: "met" };
  const mostW = mostPowerW(evse, slot);
  if (powerW >= mostW - NEAR_W) return { kind: mostW < evse.maxPowerW ? "ceiling" : "maximum" };
  const limit = circuitReason(index, slot, question) ?? unbalanceReason(evse, slot, question);
  if (limit) return limit;
  const capW = importCapW(input, slot);
  if ((result.importW[slot] ?? 0) > capW - (powerW > 0 ? NEAR_W : evse.minPowerW)) return { kind: "import" };
  return peakReason(slot, question) ?? priceReason(index, slot, question);
}

/** The reason of each slot of each EVSE, in the order of the plan; empty for a plan that says nothing of a car. */
export function explainPlan(input: PlanInput, result: PlanResult): SlotReason[][] {
  const question = { input, result, rooms: circuitRooms(input) };
  if (result.evses.length !== input.evses.length) return [];
  return input.evses.map((_, index) =>
    Array.from({ length: input.slots }, (_, slot) => reasonAt(index, slot, question)),
  );
}

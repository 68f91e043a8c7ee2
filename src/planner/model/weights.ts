/**
 * What counts more than what in a plan, in EUR per kWh: missing energy above hurry, hurry above money. Sums of weights of
 * one tier over the whole horizon stay below the tier above, so that nobody misses a departure for a wish or a cent.
 */
import type { PlanEvse, PlanInput } from "../../core/facts/plan-facts.ts";
import { clamp } from "../../core/quantity.ts";
import { SLOT_HOURS } from "../../core/time/slots.ts";
import { slotsUntilDeparture } from "../input/limits.ts";
import { mostSwingW } from "../input/ramp.ts";

/** A quarter-hour of waiting costs a driver in a hurry a little in any case. */
const HURRY_EUR_PER_KWH_SLOT = 0.02;
/** In the first four hours no price is worth waiting for; later ones are planned anew long before they come. */
const HURRY_SLOTS = 16;
/**
 * A need is missed in eight parts, each dearer than the one before: that shares a shortage in proportion to need. Within a part
 * it is all one who misses it.
 */
export const SHORTFALL_PARTS = 8;
/**
 * How much dearer a quarter of the need is than the one before. A kWh for a one-phase car may take the room of three for a
 * three-phase one: with less than this it would get nothing beside them.
 */
const QUARTER_FACTOR = 3.2;
const PARTS_A_QUARTER = SHORTFALL_PARTS / 4;
/** So many levels of priority weigh as much as a quarter. */
const LEVELS_A_QUARTER = 2.5;
/** Above wear, opportunity cost and the weight of green energy together. */
const SHORTFALL_FLOOR_EUR_PER_KWH = 10;
const PHASES = 3;

/** So likely a car takes what only the larger half of those takes that say nothing. */
const UNASKED_CHANCE = 0.2;

export interface PlanWeights {
  /** Of energy in this slot for a driver in a hurry, EUR/kWh. */
  hurryEurPerKwh(slot: number): number;
  /** Of a kWh that somebody misses who might have bought it in this slot, EUR/kWh. */
  missedEurPerKwh(slot: number): number;
  /** Of energy in this slot for a car that may have left by then, EUR/kWh. */
  riskEurPerKwh(evse: PlanEvse, slot: number): number;
  /** Of energy missed that nobody asked for, where a month's peak costs, EUR/kWh. */
  unaskedEurPerKwh(evse: PlanEvse): number;
  /** Of a change between two quarter-hours, by what of it is above the allowed ramp, EUR/kW. */
  readonly rampEurPerKw: number;
  /** Of energy missed in this part (0 the first eighth of the need), EUR/kWh. */
  shortfallEurPerKwh(evse: PlanEvse, part: number): number;
}

/** The weights of one plan, from its prices. */
export function planWeights(input: PlanInput): PlanWeights {
  const prices = [...input.importEurPerKwh, ...input.exportEurPerKwh];
  const dearest = Math.max(0, ...prices);
  const stepEur = HURRY_EUR_PER_KWH_SLOT + Math.max(0, dearest - Math.min(...prices));
  const hurryEurPerKwh = (slot: number) =>
    Math.min(slot, HURRY_SLOTS) * stepEur + Math.max(0, slot - HURRY_SLOTS) * HURRY_EUR_PER_KWH_SLOT;
  const missedEur = missedEurPerKwh(input, dearest);
  const hasBrief = missedEur > 0 && input.evses.some(({ staysBriefly }) => staysBriefly);
  const mostMissedEur = hasBrief ? Math.max(BRIEF_EUR_PER_KWH, missedEur) : missedEur;
  const rampEur = rampEurPerKw(input, { spreadEur: stepEur + mostMissedEur, hurryEurPerKwh });
  const baseEur =
    NEED_RAMPS * rampEur +
    peaksEur(input) +
    SHORTFALL_FLOOR_EUR_PER_KWH +
    PHASES * (dearest + mostMissedEur + hurryEurPerKwh(input.slots));
  // Only differences of priority count, which keeps the weights small on a site where all are alike.
  const lowest = Math.min(...input.evses.map((evse) => evse.priority));
  // What a car does not get is not bought either; nor is anybody paid for it, where prices are below zero.
  const missedAtEur = (slot: number) => (missedEur > 0 ? missedEur - (input.importEurPerKwh[slot] ?? 0) : 0);
  const riskAtEur = (evse: PlanEvse, slot: number) =>
    evse.staysBriefly && missedEur > 0 ? Math.max(BRIEF_EUR_PER_KWH, missedAtEur(slot)) : missedAtEur(slot);
  return {
    hurryEurPerKwh,
    rampEurPerKw: rampEur,
    // What the car may buy at its cheapest hour is worth so much of a peak, and what it would have to buy later none.
    unaskedEurPerKwh: (evse) => {
      const cheapest = Math.min(...input.importEurPerKwh.slice(0, slotsUntilDeparture(evse, input)));
      return cheapest + UNASKED_CHANCE * (Math.max(missedEur, MISSED_FACTOR * dearest) - cheapest);
    },
    missedEurPerKwh: missedAtEur,
    riskEurPerKwh: (evse, slot) => riskAtEur(evse, slot) * (evse.leftBy?.[slot] ?? 0),
    shortfallEurPerKwh: (evse, part) => {
      // Whether a car that was asked in vain takes some now is found out where others leave room.
      // What a driver did not ask for comes after all that others did.
      if (evse.refusedMs !== undefined || evse.beyondWish) return baseEur / QUARTER_FACTOR;
      return baseEur * QUARTER_FACTOR ** (part / PARTS_A_QUARTER + (evse.priority - lowest) / LEVELS_A_QUARTER);
    },
  };
}

/**
 * A kWh more in one quarter-hour is 4 kW up and 4 kW down again. That is worth it for any kWh that a driver misses, also for those
 * that weigh the least.
 */
const NEED_RAMPS = 32;
/** Any step above a ramp that could be avoided is worth avoiding, EUR/kW. */
const RAMP_FLOOR_EUR_PER_KW = 1;
/** So many slots a ramp from the least to the most that the site can take keeps energy from the hours it would like best. */
const RAMP_SLOTS = [4, 96] as const;

/** Above what a step that is larger by a kW could save: energy moved by as many slots as a ramp takes. */
function rampEurPerKw(
  input: PlanInput,
  weighs: { readonly spreadEur: number; readonly hurryEurPerKwh: (slot: number) => number },
): number {
  if (!input.ramp) return 0;
  const slots = clamp(Math.ceil(mostSwingW(input) / Math.max(1, input.ramp.limitW)), ...RAMP_SLOTS);
  const hurryEur = input.evses.some(({ preference }) => preference === "fast") ? weighs.hurryEurPerKwh(HURRY_SLOTS) : 0;
  return RAMP_FLOOR_EUR_PER_KW + peaksEur(input) + slots * SLOT_HOURS * (weighs.spreadEur + hurryEur);
}

/** Who stops at a rapid EVSE has come for energy and leaves within the hour: no price and no month's peak is worth half of it. */
const BRIEF_EUR_PER_KWH = 10;

/** Where energy is dear, a kWh that a driver has to find elsewhere is dearer still. */
const MISSED_FACTOR = 1.25;

/** What a kWh weighs that is missed by leaving early, EUR; nothing where the site says so. */
function missedEurPerKwh({ missedEurPerKwh = 0 }: PlanInput, dearestEurPerKwh: number): number {
  return missedEurPerKwh > 0 ? Math.max(missedEurPerKwh, MISSED_FACTOR * dearestEurPerKwh) : 0;
}

/** The most that a kWh in one slot can cost by raising peaks, EUR. */
function peaksEur(input: PlanInput): number {
  return (input.peaks ?? []).reduce((sum, { eurPerKw, spreadDays, steps = [] }) => {
    return sum + (4 * eurPerKw + Math.max(0, ...steps.map(({ eurPerMonth }) => eurPerMonth))) / spreadDays;
  }, 0);
}

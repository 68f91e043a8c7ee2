/** English: why a plan gives a car in a quarter-hour what it gives, and what the next cheaper choice would need. */

import { PHASE_NAMES } from "../quantity.ts";
import type { NextChoice, SlotReason } from "../view/plan-reasons.ts";
import type { RampOver } from "../view/ramp-over.ts";

/** A slot of a car, for a sentence; `at` is local text. */
export interface SlotWords {
  readonly powerW: number;
  /** The least that the car charges with, W. */
  readonly minPowerW: number;
  readonly reason: SlotReason;
  readonly next?: (Omit<NextChoice, "startMs"> & { readonly at: string }) | undefined;
}

const kilowatts = (powerW = 0) => `${(powerW / 1000).toFixed(1)} kW`;
const cents = (eurPerKwh = 0) => `${(Math.abs(eurPerKwh) * 100).toFixed(1)} ct`;

type Limiting = Pick<SlotReason, "kind" | "circuitId" | "phase" | "limitW" | "roomW">;

function fuse({ circuitId, phase }: Limiting): string {
  const name = circuitId === undefined || circuitId === "grid" ? "the building fuse" : `fuse ${circuitId}`;
  return phase === undefined ? name : `${name} ${PHASE_NAMES[phase]}`;
}

/** The limit of a reason, as the subject of a sentence. */
function limit(reason: Limiting): string {
  const texts: Partial<Record<SlotReason["kind"], string>> = {
    circuit: fuse(reason),
    budget: "the budget for all cars",
    import: `the import limit of ${kilowatts(reason.limitW)}`,
    ramp: `the limit of ${kilowatts(reason.limitW)} by which the import may change`,
    unbalance: "the allowed difference between the phases",
    ceiling: `a partner's profile (${kilowatts(reason.limitW)})`,
  };
  return texts[reason.kind] ?? reason.kind;
}

/** What a limit leaves. */
export function limitLeft(reason: Limiting): string {
  if (reason.roomW === undefined) return `${limit(reason)} allows no more`;
  return `${limit(reason)} has ${reason.roomW < 100 ? "no room" : `room for ${kilowatts(reason.roomW)}`} left`;
}

function why(reason: SlotReason): string {
  if (reason.kind === "maximum") return "all that the car takes";
  if (reason.kind === "believed") return "all that the car is believed to take, until it shows more";
  if (reason.kind === "met") return "what it needs fits";
  if (reason.kind === "peak") return `more would raise the month's peak (${reason.peak ?? ""})`;
  if (reason.kind === "one-go") return "this car is not interrupted";
  if (reason.kind === "untried") return "a plan that is good, not proven best";
  return limitLeft(reason);
}

/** What a plan cannot keep of a limited ramp; `at` is local text. */
export function planRamp(over: Omit<RampOver, "worstMs"> & { readonly at: string }): string {
  const { limitW, quarterHours, worstW, at } = over;
  const times = quarterHours === 1 ? "once" : `in ${quarterHours} quarter-hours`;
  const most = `${quarterHours === 1 ? "" : "most "}at ${at}`;
  return `The import changes ${times} by more than the ${kilowatts(limitW)} that are allowed, ${most} by ${kilowatts(worstW)} too much: what drivers need goes first.`;
}

function cars(count: number): string {
  if (count === 0) return "no car more";
  return count === 1 ? "one car more" : `${count} cars more`;
}

function denied(next: NonNullable<SlotWords["next"]>): string {
  const { at, cheaperEurPerKwh, needs } = next;
  const cheaper = `${at} would be ${cents(cheaperEurPerKwh)} cheaper`;
  if (!needs) return cheaper;
  if (needs.kind === "gone") return `${cheaper}, but the car is expected to have left`;
  if (needs.kind === "absent") return `${cheaper}, but the car will not have come`;
  if (needs.kind === "peak") return `${cheaper}, but would raise the month's peak (${needs.peak ?? ""})`;
  if (needs.kind === "one-go") return `${cheaper}, but this car is not interrupted`;
  return `${cheaper}, but ${limitLeft(needs)} then`;
}

/** What is given keeps a month's peak from rising. */
export function keptPeak({ peak }: Pick<SlotReason, "peak">): string {
  return peak === undefined ? "" : `, and keeps the month's peak from rising (${peak})`;
}

function giving({ reason, next }: SlotWords): string {
  const worth = `gives back ${kilowatts(reason.givesW)}, worth ${cents(reason.eurPerKwh)} a kWh${keptPeak(reason)}`;
  if (!next) return worth;
  const cheaper = next.cheaperEurPerKwh > 5e-4 ? `, ${cents(next.cheaperEurPerKwh)} cheaper` : "";
  return `${worth}; charges again at ${next.at}${cheaper}`;
}

function waiting({ reason, next, minPowerW }: SlotWords): string {
  if (reason.kind === "gone") return "expected to have left";
  if (reason.kind === "absent") return "has not come yet";
  if (reason.kind === "met") return "has what it needs";
  const until = next ? `waits for ${next.at}` : "does not charge";
  if (reason.kind === "wanted")
    return `${next ? until : "has charged by then"}: cars that come later probably want the room`;
  if (reason.kind === "price" || reason.kind === "sooner") {
    const below = reason.belowEurPerKwh;
    const would = below === undefined ? "" : `; it would charge now below ${(below * 100).toFixed(1)} ct`;
    if (!next)
      return `has charged by then, ${reason.kind === "sooner" ? "sooner counts more than the price" : "for less"}${would}`;
    const cheaper = next.cheaperEurPerKwh > 5e-4 ? `, ${cents(next.cheaperEurPerKwh)} cheaper` : "";
    const room = next.roomCars === undefined ? "" : `; there is room for ${cars(next.roomCars)} until then`;
    return `${until}${cheaper}${would}${room}`;
  }
  if (reason.roomW !== undefined) return `${until}: ${limitLeft(reason)}, it needs ${kilowatts(minPowerW)}`;
  return `${until}: ${why(reason)}`;
}

/** What a car will be short of by the plan, and what keeps it from it. */
export interface ShortWords {
  readonly shortfallWh: number;
  readonly isUnsure: boolean;
  /** Of the quarter-hours in which it gets less than it takes, what keeps it most often; missing: it gets all in each. */
  readonly reason?: SlotReason | undefined;
}

/** Why a plan leaves a car short. */
export function planShort({ shortfallWh, isUnsure, reason }: ShortWords): string {
  const missing = `${(shortfallWh / 1000).toFixed(1)} kWh ${isUnsure ? "may" : "will"} be missing`;
  if (!reason) return `${missing}: the time until it leaves is too short for more`;
  if (reason.kind === "untried") return `${missing}: the plan found no room for it`;
  const { roomW: _, ...without } = reason;
  return `${missing}: ${why(without)}`;
}

/** One slot in words, without the name of the EVSE. */
export function planSlot(slot: SlotWords): string {
  if (slot.reason.kind === "gives") return giving(slot);
  if (slot.powerW <= 0) return waiting(slot);
  const next = slot.next ? `; ${denied(slot.next)}` : "";
  return `charges with ${kilowatts(slot.powerW)}: ${why(slot.reason)}${next}`;
}

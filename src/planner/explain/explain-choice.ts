/** What a car's next cheaper choice would need; and the whole plan explained, in numbers and words. */
import { SLOT_MS } from "../../core/time/slots.ts";
import type { NextChoice, SlotReason } from "../../core/view/plan-reasons.ts";
import { mostPowerW } from "../input/limits.ts";
import { reasonAt } from "./explain.ts";
import { besideEur, moreEur } from "./explain-prices.ts";
import { NEAR_W, plannedW, type Question } from "./explain-question.ts";
import { roomAtW } from "./explain-rooms.ts";

/** Less is no difference of prices, EUR/kWh. */
const WORTH_EUR_PER_KWH = 1e-3;
const AWAY = new Set<SlotReason["kind"]>(["gone", "absent"]);
/** What a slot needs before it can be used; the others only say that it is not chosen. */
const LIMITS = new Set<SlotReason["kind"]>([
  "gone",
  "absent",
  "ceiling",
  "circuit",
  "budget",
  "unbalance",
  "import",
  "ramp",
  "peak",
  "one-go",
]);

export interface Explained {
  readonly reason: SlotReason;
  readonly next?: NextChoice;
}

const cents = (eur: number) => Math.round(eur * 1e5) / 1e5;

/** Cars more like this one that fit in each slot from `from` on, before `to`. */
function roomCars(index: number, { from, to }: { from: number; to: number }, question: Question): number {
  let leastW = Number.POSITIVE_INFINITY;
  for (let slot = from; slot < to; slot++) leastW = Math.min(leastW, roomAtW(index, slot, question));
  return Number.isFinite(leastW) ? Math.floor(leastW / question.input.evses[index]!.minPowerW) : 0;
}

/** The slot for which a car waits, or in which it charges again what it gives. */
function awaited(index: number, slot: number, reason: SlotReason, question: Question): NextChoice | undefined {
  const { input, result } = question;
  const at = result.evses[index]!.powerW.findIndex((powerW, other) => other > slot && powerW > 0);
  if (at < 0) return undefined;
  const startMs = input.startMs + at * SLOT_MS;
  const thenEur = moreEur(index, at, question);
  if (reason.kind === "gives") return { startMs, cheaperEurPerKwh: cents(reason.eurPerKwh! - thenEur) };
  return {
    startMs,
    cheaperEurPerKwh: cents(moreEur(index, slot, question) - thenEur),
    roomCars: roomCars(index, { from: slot, to: at }, question),
  };
}

/** Slots that a limit, or its absence, keeps a car from having more of, with what they cost and weigh. */
function deniedSlots(index: number, reasons: readonly SlotReason[], question: Question): DeniedSlot[] {
  return reasons.flatMap((needs, at) => {
    if (!LIMITS.has(needs.kind)) return [];
    const isFull = plannedW(index, at, question) >= mostPowerW(question.input.evses[index]!, at) - NEAR_W;
    if (isFull && !AWAY.has(needs.kind) && needs.kind !== "ceiling") return [];
    const eur = moreEur(index, at, question);
    return [{ at, needs, eur, weighsEur: eur + besideEur(index, at, question) }];
  });
}

interface DeniedSlot {
  readonly at: number;
  readonly needs: SlotReason;
  readonly eur: number;
  readonly weighsEur: number;
}

/** The cheapest slot that a charging car would rather have, and the limit that keeps it from there. */
function denied(
  index: number,
  slot: number,
  { question, slots }: { question: Question; slots: readonly DeniedSlot[] },
): NextChoice | undefined {
  const hereEur = moreEur(index, slot, question);
  const weighsEur = hereEur + besideEur(index, slot, question);
  let best: DeniedSlot | undefined;
  for (const other of slots) {
    if (other.at === slot || other.weighsEur >= (best?.weighsEur ?? weighsEur - WORTH_EUR_PER_KWH)) continue;
    if (other.eur < hereEur - WORTH_EUR_PER_KWH) best = other;
  }
  if (!best) return undefined;
  const startMs = question.input.startMs + best.at * SLOT_MS;
  return { startMs, cheaperEurPerKwh: cents(hereEur - best.eur), needs: best.needs };
}

/** Reason and next cheaper choice of each slot of each EVSE, in the order of the plan. */
export function explainChoices(question: Question): Explained[][] {
  const { input } = question;
  return input.evses.map((_, index) => {
    const reasons = Array.from({ length: input.slots }, (_, slot) => reasonAt(index, slot, question));
    const slots = deniedSlots(index, reasons, question);
    return reasons.map((reason, slot): Explained => {
      const charges = plannedW(index, slot, question) > 0;
      const next = charges
        ? denied(index, slot, { question, slots })
        : waits(reason) && awaited(index, slot, reason, question);
      return next ? { reason, next } : { reason };
    });
  });
}

/** The car is there and off. */
function waits({ kind }: SlotReason): boolean {
  return !AWAY.has(kind) && kind !== "met";
}

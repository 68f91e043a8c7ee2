/** How far a plan looks: a day, and on into the next one as far as it is known what that brings. */
import { SLOT_MS } from "../../core/time/slots.ts";

const DAY_SLOTS = 96;
const MOST_SLOTS = 2 * DAY_SLOTS;

/**
 * Slots of a plan whose first begins at `firstMs` (epoch ms). Each of `known` says what is known at a time, such as a price
 * or somebody's forecast; a second day that is guessed brings nothing.
 */
export function horizonSlots(firstMs: number, known: readonly ((atMs: number) => number | undefined)[]): number {
  let slots = DAY_SLOTS;
  while (slots < MOST_SLOTS && known.every((at) => at(firstMs + slots * SLOT_MS) !== undefined)) slots++;
  return slots;
}

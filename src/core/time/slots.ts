/** Slots are UTC quarter-hours. A local day has 92, 96 or 100 of them; nothing here knows a calendar. */

export const SLOT_MS = 900_000;
export const SLOT_HOURS = 0.25;

/** Start of the slot that contains `atMs` (epoch ms UTC). */
export function slotStartMs(atMs: number): number {
  return Math.floor(atMs / SLOT_MS) * SLOT_MS;
}

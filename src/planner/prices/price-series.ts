/** Prices of a whole horizon where only some are known. */
import { SLOT_MS } from "../../core/time/slots.ts";

const SLOTS_A_DAY = 96;

function finite(value: number | undefined): number | undefined {
  return value !== undefined && Number.isFinite(value) ? value : undefined;
}

/**
 * EUR/kWh for each slot of the horizon: as known; else as in the same slot of the day before (known or completed);
 * else the mean of what is known; else `otherwise`.
 */
export function completePrices(
  known: (slotStartMs: number) => number | undefined,
  horizon: { readonly startMs: number; readonly slots: number; readonly otherwise: number },
): number[] {
  const { startMs, slots, otherwise } = horizon;
  const at = (slot: number) => finite(known(startMs + slot * SLOT_MS));
  const direct = Array.from({ length: slots }, (_, slot) => at(slot));
  const values = direct.filter((value) => value !== undefined);
  const mean = values.length === 0 ? otherwise : values.reduce((sum, value) => sum + value, 0) / values.length;
  const complete: number[] = [];
  for (let slot = 0; slot < slots; slot++) {
    const before = slot >= SLOTS_A_DAY ? direct[slot - SLOTS_A_DAY] : at(slot - SLOTS_A_DAY);
    const earlier = slot >= 2 * SLOTS_A_DAY ? complete[slot - SLOTS_A_DAY] : undefined;
    complete.push(direct[slot] ?? before ?? earlier ?? mean);
  }
  return complete;
}

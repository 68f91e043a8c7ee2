/** Prices of a whole horizon where only some are known. */
import { SLOT_MS } from "../../core/time/slots.ts";

const SLOTS_A_DAY = 96;
/** A market that was silent for longer is guessed by its mean. */
const DAYS_BACK = 7;

function finite(value: number | undefined): number | undefined {
  return value !== undefined && Number.isFinite(value) ? value : undefined;
}

/** Slots from the first on whose price is known. */
export function knownSlots(
  known: (slotStartMs: number) => number | undefined,
  { startMs, slots }: { readonly startMs: number; readonly slots: number },
): number {
  let count = 0;
  while (count < slots && finite(known(startMs + count * SLOT_MS)) !== undefined) count++;
  return count;
}

/** What the grid emits in each slot of the horizon, g/kWh: where it is not known, the mean of what is. Empty where nothing is. */
export function completeIntensity(
  known: (slotStartMs: number) => number | undefined,
  { startMs, slots }: { readonly startMs: number; readonly slots: number },
): { co2GramsPerKwh?: number[] } {
  const direct = Array.from({ length: slots }, (_, slot) => finite(known(startMs + slot * SLOT_MS)));
  const values = direct.filter((grams) => grams !== undefined);
  if (values.length === 0) return {};
  const mean = Math.round(values.reduce((sum, grams) => sum + grams, 0) / values.length);
  return { co2GramsPerKwh: direct.map((grams) => grams ?? mean) };
}

/**
 * EUR/kWh for each slot of the horizon: as known; else as in the same slot of the last day of a week of which it is known; else the
 * mean of what is known of the horizon; else `otherwise`.
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
  return direct.map((price, slot) => {
    let usual = price;
    for (let day = 1; usual === undefined && day <= DAYS_BACK; day++) usual = at(slot - day * SLOTS_A_DAY);
    return usual ?? mean;
  });
}

/** What was imported by quarter-hour in the last 32 days: a month's peaks are read from it, whatever the tariff. */
import type { SiteFact } from "../facts/index.ts";
import { SLOT_MS } from "../time/slots.ts";

export interface ImportsState {
  /** Start of the first quarter-hour in the list, epoch ms. */
  readonly firstMs: number;
  /** Wh by quarter-hour without a gap; null where it was not measured. */
  readonly energyWh: readonly (number | null)[];
}

/** The longest month, and a day for the edges of time zones. */
export const IMPORT_SLOTS_KEPT = 32 * 96;

export function initialImports(): ImportsState {
  return { firstMs: 0, energyWh: [] };
}

/** Folds one fact into the imports. A clock that was set back does not change what is known. */
export function evolveImports(slice: ImportsState, fact: SiteFact): ImportsState {
  if (fact.type !== "quarter-hour-metered") return slice;
  const { slotStartMs, importWh } = fact.data;
  const energyWh = importWh ?? null;
  if (slice.energyWh.length === 0) return { firstMs: slotStartMs, energyWh: [energyWh] };
  const gap = Math.round((slotStartMs - slice.firstMs) / SLOT_MS) - slice.energyWh.length;
  if (gap < 0) return slice;
  if (gap >= IMPORT_SLOTS_KEPT) return { firstMs: slotStartMs, energyWh: [energyWh] };
  const all = [...slice.energyWh, ...new Array<null>(gap).fill(null), energyWh];
  const dropped = Math.max(0, all.length - IMPORT_SLOTS_KEPT);
  return { firstMs: slice.firstMs + dropped * SLOT_MS, energyWh: all.slice(dropped) };
}

/** Import of a quarter-hour, Wh; missing where it is not known. */
export function importAt(slice: ImportsState, slotMs: number): number | undefined {
  return slice.energyWh[Math.round((slotMs - slice.firstMs) / SLOT_MS)] ?? undefined;
}

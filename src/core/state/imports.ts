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

/** Of a quarter-hour that came twice the higher one counts: each was drawn. */
function higher(known: number | null, again: number | null): number | null {
  return known === null || again === null ? (known ?? again) : Math.max(known, again);
}

/**
 * Folds one fact into the imports. A clock that was set back tells of times that are known or lie before them; where it had
 * stood so far ahead that nothing known can belong to the same month, that is forgotten.
 */
export function evolveImports(slice: ImportsState, fact: SiteFact): ImportsState {
  if (fact.type !== "quarter-hour-metered") return slice;
  const { slotStartMs, importWh } = fact.data;
  const energyWh = importWh ?? null;
  const { firstMs, energyWh: known } = slice;
  const at = Math.round((slotStartMs - firstMs) / SLOT_MS);
  const gap = Math.max(at - known.length, -at - 1);
  if (known.length === 0 || gap >= IMPORT_SLOTS_KEPT) return { firstMs: slotStartMs, energyWh: [energyWh] };
  const holes = new Array<null>(Math.max(0, gap)).fill(null);
  if (at < 0) return { firstMs: slotStartMs, energyWh: [energyWh, ...holes, ...known].slice(0, IMPORT_SLOTS_KEPT) };
  if (at < known.length) return { firstMs, energyWh: known.with(at, higher(known[at]!, energyWh)) };
  const all = [...known, ...holes, energyWh];
  const dropped = Math.max(0, all.length - IMPORT_SLOTS_KEPT);
  return { firstMs: firstMs + dropped * SLOT_MS, energyWh: all.slice(dropped) };
}

/** Import of a quarter-hour, Wh; missing where it is not known. */
export function importAt(slice: ImportsState, slotMs: number): number | undefined {
  return slice.energyWh[Math.round((slotMs - slice.firstMs) / SLOT_MS)] ?? undefined;
}

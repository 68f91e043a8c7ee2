/** What the peaks of some quarter-hours cost by the tariffs for power, month by month. */

import type { SiteModel } from "../site/site-model.ts";
import type { ImportsState } from "../state/imports.ts";
import { localMoment } from "../time/calendar.ts";
import { SLOT_MS } from "../time/slots.ts";
import { capacityCharges } from "./capacity.ts";

function statesByMonth(imports: ReadonlyMap<number, number>, timeZone: string): Map<number, Map<number, number>> {
  const months = new Map<number, Map<number, number>>();
  for (const [slotMs, wh] of imports) {
    const { month } = localMoment(slotMs, timeZone);
    const known = months.get(month) ?? new Map<number, number>();
    months.set(month, known.set(slotMs, wh));
  }
  return months;
}

/** One list without gaps, as the state keeps it. */
function listOf(slots: ReadonlyMap<number, number>): { readonly imports: ImportsState; readonly lastMs: number } {
  const times = [...slots.keys()].sort((a, b) => a - b);
  const [firstMs = 0] = times;
  const lastMs = times.at(-1) ?? firstMs;
  const length = Math.round((lastMs - firstMs) / SLOT_MS) + 1;
  const energyWh = Array.from({ length }, (_, index) => slots.get(firstMs + index * SLOT_MS) ?? null);
  return { imports: { firstMs, energyWh }, lastMs };
}

/** EUR of all months that the quarter-hours touch, each for the whole of it; nothing where power costs nothing. */
export function peaksOf(imports: ReadonlyMap<number, number>, site: SiteModel | undefined): { peaksEur?: number } {
  const tariffs = site?.configuration.tariff.capacity ?? [];
  if (!site || tariffs.length === 0 || imports.size === 0) return {};
  const { timeZone } = site.configuration.site;
  let eur = 0;
  for (const slots of statesByMonth(imports, timeZone).values()) {
    const { imports: list, lastMs } = listOf(slots);
    // The last interval has to be over, and the month the same.
    const atMs = lastMs + SLOT_MS;
    const isSame = localMoment(atMs, timeZone).month === localMoment(lastMs, timeZone).month;
    const charges = capacityCharges(tariffs, list, { atMs: isSame ? atMs : lastMs, timeZone });
    eur += charges.reduce((sum, charge) => sum + charge.eur, 0);
  }
  return { peaksEur: Math.round(eur * 100) / 100 };
}

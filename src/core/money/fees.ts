/** What grid fees add to an imported kWh at a time, and to a month. */

import type { Fee } from "../site/site-fees.ts";
import { isWithin, localMoment } from "../time/calendar.ts";

const MONTHS = 12;

/** EUR/kWh of all fees together at the begin of a slot. */
export function feesEurPerKwh(fees: readonly Fee[], slotMs: number, timeZone: string): number {
  if (fees.length === 0) return 0;
  const moment = localMoment(slotMs, timeZone);
  return fees.reduce((sum, { windows, eurPerKwh }) => {
    return sum + (windows.find((window) => isWithin(moment, window))?.eurPerKwh ?? eurPerKwh);
  }, 0);
}

/** What a month costs whatever is drawn, EUR. */
export function feesEurPerMonth(fees: readonly Fee[]): number {
  return fees.reduce((sum, { eurPerYear }) => sum + eurPerYear / MONTHS, 0);
}

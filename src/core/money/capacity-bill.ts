/** Where the month stands by a tariff for power: its value so far, what is free, and what the next kW would cost. */

import { type Static, Type } from "../schema.ts";
import type { CapacityTariff } from "../site/site-capacity.ts";
import type { ImportsState } from "../state/imports.ts";
import { dateOf, localMoment } from "../time/calendar.ts";
import { SLOT_MS } from "../time/slots.ts";
import { capacityEur, capacityRule, capacityValueKw, monthPeaks, slotsInInterval } from "./capacity.ts";

export const CapacityBillSchema = Type.Object({
  name: Type.String(),
  valueKw: Type.Number({ description: "The month's value so far" }),
  eur: Type.Number({ description: "What the month costs as it is" }),
  intervalMinutes: Type.Integer(),
  floorKw: Type.Number({ description: "At least this is charged for" }),
  highest: Type.Array(
    Type.Object(
      { date: Type.String({ description: "Local day" }), kw: Type.Number() },
      { description: "As it counts" },
    ),
    { description: "The days that make the value, the highest first" },
  ),
  freeKw: Type.Optional(
    Type.Number({
      description: "Import, as the mean of an interval that begins now, that costs nothing more; missing: any",
    }),
  ),
  nextKwEur: Type.Optional(Type.Number({ description: "What a kW above that adds to the month" })),
});
export type CapacityBill = Static<typeof CapacityBillSchema>;

const round = (value: number) => Math.round(value * 1000) / 1000;

/** The highest value that costs what this one does: a step is paid to its end. */
function paidValueKw({ eurPerKwMonth, steps }: CapacityTariff, valueKw: number): number {
  if (eurPerKwMonth > 0 || steps.length === 0) return valueKw;
  return steps.find(({ upToKw }) => valueKw <= upToKw + 1e-9)?.upToKw ?? Number.POSITIVE_INFINITY;
}

/** The bill of one tariff at `atMs`. The running interval is not in it: it is not over. */
export function capacityBill(
  tariff: CapacityTariff,
  imports: ImportsState,
  { atMs, timeZone }: { readonly atMs: number; readonly timeZone: string },
): CapacityBill {
  const peaks = monthPeaks(tariff, imports, atMs, timeZone).sort((a, b) => b.kw - a.kw);
  const valueKw = capacityValueKw(tariff, peaks);
  const eur = capacityEur(tariff, valueKw);
  const today = localMoment(atMs, timeZone).day;
  const others = peaks.filter(({ day }) => day !== today).slice(0, tariff.peaks - 1);
  const othersKw = others.reduce((sum, { kw }) => sum + kw, 0);
  // Of today only the highest counts: up to what is reached or paid it is free.
  const reachedKw = peaks.find(({ day }) => day === today)?.kw ?? 0;
  const countedKw = Math.max(reachedKw, paidValueKw(tariff, valueKw) * tariff.peaks - othersKw);
  const lengthMs = slotsInInterval(tariff) * SLOT_MS;
  const rule = capacityRule(tariff, Math.floor(atMs / lengthMs) * lengthMs, timeZone);
  const isFree = rule.weight <= 0 || !Number.isFinite(countedKw);
  const nextKw = (othersKw + countedKw + rule.weight) / tariff.peaks;
  return {
    name: tariff.name,
    valueKw: round(valueKw),
    eur: round(eur),
    intervalMinutes: tariff.intervalMinutes,
    floorKw: tariff.floorKw,
    highest: peaks.slice(0, tariff.peaks).map(({ day, kw }) => ({ date: dateOf(day), kw: round(kw) })),
    ...(isFree
      ? {}
      : {
          freeKw: round(rule.contractedKw + countedKw / rule.weight),
          nextKwEur: round(capacityEur(tariff, Math.max(valueKw, nextKw)) - eur),
        }),
  };
}

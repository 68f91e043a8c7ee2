/** What control saved, a row a month, with everything that the numbers were computed from. */
import type { Envelope } from "../core/facts/fact.ts";
import type { SiteFact } from "../core/facts/index.ts";
import { savings } from "../core/money/savings.ts";
import type { Bill, Savings } from "../core/money/savings-schema.ts";
import type { SiteModel } from "../core/site/site-model.ts";
import type { Session } from "../core/state/sessions.ts";
import type { QuarterHour } from "../core/state/site-slice.ts";
import { SLOT_MS } from "../core/time/slots.ts";
import { sessionsOf } from "./export-sessions.ts";

export interface SavingsMonth extends Savings {
  /** `2026-11`, by the zone of the times. */
  readonly month: string;
}

interface Books {
  readonly quarterHours: QuarterHour[];
  readonly sessions: Session[];
}

function* taken(facts: Iterable<Envelope>, quarterHours: QuarterHour[]): Generator<Envelope> {
  for (const fact of facts) {
    if (fact.type === "quarter-hour-metered") quarterHours.push((fact as SiteFact & { data: QuarterHour }).data);
    yield fact;
  }
}

function booksOf(facts: Iterable<Envelope>): Books {
  const quarterHours: QuarterHour[] = [];
  const sessions = [...sessionsOf(taken(facts, quarterHours))];
  return { quarterHours, sessions };
}

export interface SavingsOptions {
  readonly fromMs: number;
  readonly toMs: number;
  /** Text of a time that begins with its year and month, in the zone that counts. */
  readonly time: (atMs: number) => string;
  readonly site?: SiteModel;
}

/** The months of a ledger, oldest first. A session over the end of a month is left out of both, and counted there. */
export function savingsByMonth(facts: Iterable<Envelope>, options: SavingsOptions): SavingsMonth[] {
  const { quarterHours, sessions } = booksOf(facts);
  const months = new Map<string, { fromMs: number; toMs: number }>();
  for (const { slotStartMs } of quarterHours) {
    if (slotStartMs < options.fromMs || slotStartMs >= options.toMs) continue;
    const month = options.time(slotStartMs).slice(0, 7);
    const known = months.get(month);
    const toMs = slotStartMs + SLOT_MS;
    months.set(month, {
      fromMs: Math.min(known?.fromMs ?? slotStartMs, slotStartMs),
      toMs: Math.max(known?.toMs ?? toMs, toMs),
    });
  }
  return [...months]
    .sort(([a], [b]) => a.localeCompare(b))
    .map(([month, { fromMs, toMs }]) => ({
      month,
      ...savings({ quarterHours, sessions, fromMs, toMs, ...(options.site ? { site: options.site } : {}) }),
    }));
}

function billColumns(name: string, bill: Bill | undefined): Record<string, number | undefined> {
  return {
    [`${name}_cost_eur`]: bill?.costEur,
    [`${name}_import_kwh`]: bill && bill.importWh / 1000,
    [`${name}_export_kwh`]: bill && bill.exportWh / 1000,
    [`${name}_peak_kw`]: bill && bill.peakW / 1000,
    [`${name}_missing_kwh`]: bill && bill.missingWh / 1000,
    [`${name}_peaks_eur`]: bill?.peaksEur,
    [`${name}_co2_kg`]: bill?.co2Kg,
  };
}

/** One month as a row of the export. */
export function savingsRow(month: SavingsMonth): Record<string, unknown> {
  return {
    month: month.month,
    saved_eur: month.savedEur,
    saved_over_equal_shares_eur: month.savedOverEqualSharesEur,
    moved_kwh: month.movedWh / 1000,
    sessions: month.sessions,
    sessions_left_out: month.sessionsLeftOut,
    quarter_hours: month.quarterHours,
    quarter_hours_left_out: month.quarterHoursLeftOut,
    co2_quarter_hours: month.co2QuarterHours,
    ...billColumns("actual", month.actual),
    ...billColumns("uncontrolled", month.uncontrolled),
    ...billColumns("equal_shares", month.equalShares),
    battery_discharge_kwh: month.batteryDischargeWh / 1000,
    battery_cycles: month.batteryCycles,
    battery_wear_eur: month.batteryWearEur,
    cars_discharge_kwh: month.carsDischargeWh === undefined ? undefined : month.carsDischargeWh / 1000,
    cars_wear_eur: month.carsWearEur,
  };
}

const BILL_PARTS = ["cost_eur", "import_kwh", "export_kwh", "peak_kw", "missing_kwh", "peaks_eur", "co2_kg"] as const;

export const SAVINGS_COLUMNS: readonly string[] = [
  "month",
  "saved_eur",
  "saved_over_equal_shares_eur",
  "moved_kwh",
  "sessions",
  "sessions_left_out",
  "quarter_hours",
  "quarter_hours_left_out",
  "co2_quarter_hours",
  ...["actual", "uncontrolled", "equal_shares"].flatMap((name) => BILL_PARTS.map((part) => `${name}_${part}`)),
  "battery_discharge_kwh",
  "battery_cycles",
  "battery_wear_eur",
  "cars_discharge_kwh",
  "cars_wear_eur",
];

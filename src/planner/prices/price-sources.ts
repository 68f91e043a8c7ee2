/** Prices by slot from a tariff: fixed, by time of use, or day-ahead rows from a file or a market's answer. */

import type { PriceSource } from "../../core/site/site.ts";
import type { SeriesPlace } from "../../core/site/site-forecasts.ts";
import { isWithin, localMoment } from "../../core/time/calendar.ts";
import { SLOT_MS, slotStartMs } from "../../core/time/slots.ts";
import { pairsOf, timeMs } from "../forecast/series-source.ts";

/** EUR/kWh by slot start, epoch ms. */
export type PriceTable = ReadonlyMap<number, number>;

const MOST_ROWS = 40_000;
/** A price beyond this is a mistake of units, EUR/kWh. */
const LARGEST_EUR_PER_KWH = 10;
const HOUR_MS = 3_600_000;

interface Row {
  readonly startMs: number;
  readonly eurPerKwh: number;
  readonly endMs?: number;
  /** There is a price, and nothing says of what. */
  readonly unitUnknown?: true;
}

/** Price by local time; the first period that fits counts. A period over midnight belongs to the day it begins. */
export function timeOfUsePrice(
  source: Extract<PriceSource, { kind: "time-of-use" }>,
  slotMs: number,
  timeZone: string,
): number {
  const moment = localMoment(slotMs, timeZone);
  const period = source.periods.find((period) => isWithin(moment, period));
  return period?.eurPerKwh ?? source.otherwiseEurPerKwh;
}

/** Rows of 15 or 60 minutes to slots; a row lasts until its end or the next row, an hour at most. One without a price ends the one before. */
function tableOf(rows: readonly Row[]): PriceTable {
  const sorted = rows.toSorted((a, b) => a.startMs - b.startMs).slice(-MOST_ROWS);
  const table = new Map<number, number>();
  let lastLengthMs = HOUR_MS;
  for (const [index, row] of sorted.entries()) {
    const nextMs = row.endMs ?? sorted[index + 1]?.startMs ?? row.startMs + lastLengthMs;
    const lengthMs = Math.min(HOUR_MS, nextMs - row.startMs);
    if (lengthMs > 0) lastLengthMs = lengthMs;
    if (!Number.isFinite(row.eurPerKwh)) continue;
    for (let atMs = slotStartMs(row.startMs); atMs < row.startMs + lengthMs; atMs += SLOT_MS)
      table.set(atMs, Math.round(row.eurPerKwh * 1e6) / 1e6);
  }
  return table;
}

/** What a price can be given in. */
export type PriceUnit = NonNullable<Extract<PriceSource, { kind: "day-ahead" }>["unit"]>;

const EUR_PER_KWH: Readonly<Record<PriceUnit, number>> = { "EUR/kWh": 1, "EUR/MWh": 0.001, "ct/kWh": 0.01 };
const UNIT_UNKNOWN =
  "nothing says what unit its prices have; add `unit:` (EUR/kWh, EUR/MWh or ct/kWh) beside its address in site.yaml";

/** What was read: prices by slot, and how many rows could not be read. */
export interface PriceRows {
  readonly prices: PriceTable;
  readonly unreadable: number;
  /** Why nothing of it is used, for a person. */
  readonly problem?: string;
}

function refused(problem: string, unreadable = 0): PriceRows {
  return { prices: new Map(), unreadable, problem };
}

/** One price out of all proportion puts the unit of all of them in doubt: small ones would look like real prices. */
function rowsRead(rows: readonly Row[]): PriceRows {
  if (rows.some((row) => row.unitUnknown)) return refused(UNIT_UNKNOWN);
  const timed = rows.filter((row) => Number.isFinite(row.startMs));
  const priced = timed.filter((row) => Number.isFinite(row.eurPerKwh));
  const unreadable = rows.length - priced.length;
  const absurd = priced.find((row) => Math.abs(row.eurPerKwh) > LARGEST_EUR_PER_KWH);
  if (!absurd) return { prices: tableOf(timed), unreadable };
  const problem = `one would be ${absurd.eurPerKwh} EUR/kWh, so the unit is probably EUR/MWh or ct/kWh; say it with \`unit:\` in site.yaml`;
  return refused(problem, unreadable);
}

/** A time with its zone, or as UTC where it names none; NaN where it is no time. */
function utcMs(text: string): number {
  const iso = text.trim().replace(" ", "T");
  return Date.parse(/([zZ]|[+-]\d\d:?\d\d)$/.test(iso) ? iso : `${iso}Z`);
}

const CSV_UNITS: Readonly<Record<string, PriceUnit>> = {
  eur_per_kwh: "EUR/kWh",
  eur_per_mwh: "EUR/MWh",
  ct_per_kwh: "ct/kWh",
};

/**
 * Reads CSV with the header `start_utc,eur_per_kwh` (or `eur_per_mwh`, `ct_per_kwh`, or any with `unit` given), or with
 * semicolons and decimal commas; the youngest rows of a long file. Lines that cannot be read are left out and counted. The caller bounds the size of the text.
 */
export function pricesFromCsv(text: string, unit?: PriceUnit): PriceRows {
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== "" && !line.startsWith("#"));
  const separator = lines[0]?.includes(";") ? ";" : ",";
  const column = (lines[0]?.split(separator)[1] ?? "").trim().toLowerCase();
  const stated = CSV_UNITS[column] ?? unit;
  if (!stated && lines.length > 0) return refused(UNIT_UNKNOWN);
  const rows = lines.slice(1).map((line): Row => {
    const [start = "", price = ""] = line.split(separator);
    const number = price.trim() === "" ? Number.NaN : Number(price.replace(",", "."));
    const eurPerKwh = stated ? number * EUR_PER_KWH[stated] : Number.NaN;
    return { startMs: utcMs(start), eurPerKwh };
  });
  return rowsRead(rows);
}

type Json = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Names under which markets give a price, and its unit where the name leaves no doubt. */
const PRICE_FIELDS: readonly (readonly [string, PriceUnit | undefined])[] = [
  ["eur_per_kwh", "EUR/kWh"],
  ["eurPerKwh", "EUR/kWh"],
  ["eur_per_mwh", "EUR/MWh"],
  // aWATTar
  ["marketprice", "EUR/MWh"],
  // Tibber
  ["total", "EUR/kWh"],
  ["price", undefined],
  ["value", undefined],
];
const START_FIELDS = ["start", "start_utc", "startsAt", "start_timestamp", "startTime", "time"];
const END_FIELDS = ["end", "end_timestamp", "endTime"];

/** The unit that an answer names in words of its own. */
function namedUnit(unit: unknown): PriceUnit | undefined {
  if (typeof unit !== "string") return undefined;
  const plain = unit.toLowerCase().replaceAll(" ", "");
  if (plain.includes("mwh")) return "EUR/MWh";
  if (!plain.includes("kwh")) return undefined;
  return plain.startsWith("ct") || plain.startsWith("cent") ? "ct/kWh" : "EUR/kWh";
}

function rowOf(entry: unknown, configured: PriceUnit | undefined): Row {
  if (!isObject(entry)) return { startMs: Number.NaN, eurPerKwh: Number.NaN };
  const start = START_FIELDS.map((field) => entry[field]).find((value) => value !== undefined);
  const end = END_FIELDS.map((field) => entry[field]).find((value) => value !== undefined);
  const field = PRICE_FIELDS.find(([name]) => typeof entry[name] === "number");
  if (!field) return { startMs: timeMs(start), eurPerKwh: Number.NaN };
  const unit = namedUnit(entry.unit) ?? field[1] ?? configured;
  if (!unit) return { startMs: timeMs(start), eurPerKwh: Number.NaN, unitUnknown: true };
  const endMs = timeMs(end);
  return {
    startMs: timeMs(start),
    eurPerKwh: (entry[field[0]] as number) * EUR_PER_KWH[unit],
    ...(Number.isFinite(endMs) ? { endMs } : {}),
  };
}

/** energy-charts: two arrays side by side, seconds and EUR/MWh. */
function sideBySide(body: Json): Row[] | undefined {
  const { unix_seconds: seconds, price: prices } = body;
  if (!Array.isArray(seconds) || !Array.isArray(prices)) return undefined;
  const factor = EUR_PER_KWH[namedUnit(body.unit) ?? "EUR/MWh"];
  return seconds.slice(-MOST_ROWS).map((second, index, kept) => {
    const price: unknown = prices[index + seconds.length - kept.length];
    return { startMs: timeMs(second), eurPerKwh: typeof price === "number" ? price * factor : Number.NaN };
  });
}

/** Prices at a place that the owner names, in the unit that the owner names. */
function pricesAt(body: unknown, place: SeriesPlace, unit: PriceUnit | undefined): PriceRows {
  if (!unit) return refused(UNIT_UNKNOWN);
  const pairs = pairsOf(body, place);
  if (!pairs) return refused("there is nothing where `series:` in site.yaml says that they stand");
  return rowsRead(
    pairs.map(([time, value]) => ({
      startMs: timeMs(time),
      eurPerKwh: typeof value === "number" ? value * EUR_PER_KWH[unit] : Number.NaN,
    })),
  );
}

/**
 * Reads a market's answer: an array of objects with a start and a price, alone or under `data`, `prices` or `rates`, or
 * energy-charts' `unix_seconds` and `price`. Empty where it is none of them. Prices whose unit neither the answer nor
 * `unit` says are refused.
 */
export function pricesFromJson(body: unknown, unit?: PriceUnit, place?: SeriesPlace): PriceRows {
  if (place) return pricesAt(body, place, unit);
  const inside = isObject(body) ? (body.data ?? body.prices ?? body.rates) : body;
  const rows = isObject(body) ? sideBySide(body) : undefined;
  const stated = (isObject(body) ? namedUnit(body.unit) : undefined) ?? unit;
  const entries = Array.isArray(inside) ? inside.slice(-MOST_ROWS) : [];
  return rowsRead(rows ?? entries.map((entry) => rowOf(entry, stated)));
}

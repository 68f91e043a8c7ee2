/** A power series from the answer of somebody who foretells it, by a map of where it stands; nothing is guessed. */
import type { PowerSeries } from "../../core/facts/forecast-facts.ts";
import type { SeriesMap, SeriesPlace } from "../../core/site/site-forecasts.ts";
import { SLOT_MS } from "../../core/time/slots.ts";

const MOST_ROWS = 5_000;
/** Three days are more than any plan looks ahead. */
const MOST_SLOTS = 288;
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const LONGEST_MS = 3 * HOUR_MS;
const LARGEST_W = 100_000_000;

export interface SeriesContext {
  readonly nowMs: number;
  /** Of the modules, W, and the part of it that a full sun brings; for irradiance only. */
  readonly peakW?: number;
  readonly performance?: number;
}

export type SeriesResult = { readonly series: PowerSeries; readonly unreadable: number } | { readonly problem: string };

interface Row {
  readonly startMs: number;
  readonly endMs: number;
  readonly powerW: number;
}

type Pair = readonly [time: unknown, value: unknown];

/** What stands at a path such as `result.watts`; undefined where nothing does. Own properties only. */
function at(value: unknown, path: string | undefined): unknown {
  if (path === undefined) return undefined;
  return path.split(".").reduce<unknown>((inside, key) => {
    if (typeof inside !== "object" || inside === null || !Object.hasOwn(inside, key)) return undefined;
    return (inside as Readonly<Record<string, unknown>>)[key];
  }, value);
}

/** Times and values where the map says that they stand; missing where there is nothing of the kind. */
export function pairsOf(body: unknown, map: SeriesPlace): readonly Pair[] | undefined {
  if (map.times !== undefined) {
    const [times, values] = [at(body, map.times), at(body, map.values)];
    if (!Array.isArray(times) || !Array.isArray(values)) return undefined;
    return times.slice(0, MOST_ROWS).map((time, index): Pair => [time, values[index]]);
  }
  const rows = map.rows === undefined ? body : at(body, map.rows);
  if (Array.isArray(rows)) return rows.slice(0, MOST_ROWS).map((row): Pair => [at(row, map.time), at(row, map.value)]);
  return typeof rows === "object" && rows !== null ? Object.entries(rows).slice(0, MOST_ROWS) : undefined;
}

/** Epoch seconds or milliseconds, or ISO; without a zone it is UTC. NaN where it is no time. */
export function timeMs(value: unknown): number {
  if (typeof value === "number") return value < 1e11 ? value * 1000 : value;
  if (typeof value !== "string") return Number.NaN;
  const iso = value.trim().replace(" ", "T");
  return Date.parse(/([zZ]|[+-]\d\d:?\d\d)$/.test(iso) ? iso : `${iso}Z`);
}

interface Point {
  readonly atMs: number;
  readonly value: number;
}

/** The interval of a point: as long as said, else to its neighbour, else as the one before. */
function intervalOf(points: readonly Point[], index: number, { stamp, minutes }: SeriesMap): readonly [number, number] {
  const { atMs } = points[index]!;
  const gapMs = (from: number, to: number) => {
    const length = (points[to]?.atMs ?? Number.NaN) - (points[from]?.atMs ?? Number.NaN);
    return length > 0 && length <= LONGEST_MS ? length : undefined;
  };
  const own = stamp === "end" ? gapMs(index - 1, index) : gapMs(index, index + 1);
  const other = stamp === "end" ? gapMs(index, index + 1) : gapMs(index - 1, index);
  const lengthMs = minutes === undefined ? (own ?? other ?? HOUR_MS) : minutes * MINUTE_MS;
  return stamp === "end" ? [atMs - lengthMs, atMs] : [atMs, atMs + lengthMs];
}

function powerOf(value: number, hours: number, { unit }: SeriesMap, context: SeriesContext): number {
  const { peakW = Number.NaN, performance = Number.NaN } = context;
  const byUnit: Readonly<Record<SeriesMap["unit"], number>> = {
    W: value,
    kW: value * 1000,
    Wh: value / hours,
    kWh: (value * 1000) / hours,
    "g/kWh": value,
    "W/m2": (value / 1000) * peakW * performance,
  };
  return byUnit[unit];
}

function rowsOf(points: readonly Point[], map: SeriesMap, context: SeriesContext): Row[] {
  return points.map(({ value }, index) => {
    const [startMs, endMs] = intervalOf(points, index, map);
    return { startMs, endMs, powerW: Math.max(0, powerOf(value, (endMs - startMs) / HOUR_MS, map, context)) };
  });
}

/** Mean power of each quarter-hour; one that is covered for less than a half is unknown. */
function slotsOf(rows: readonly Row[], startMs: number): (number | undefined)[] {
  const energy = new Float64Array(MOST_SLOTS);
  const covered = new Float64Array(MOST_SLOTS);
  for (const { startMs: fromMs, endMs, powerW } of rows) {
    const first = Math.max(0, Math.floor((fromMs - startMs) / SLOT_MS));
    for (let slot = first; slot < MOST_SLOTS && startMs + slot * SLOT_MS < endMs; slot++) {
      const slotMs = startMs + slot * SLOT_MS;
      const ms = Math.min(endMs, slotMs + SLOT_MS) - Math.max(fromMs, slotMs);
      if (ms <= 0) continue;
      energy[slot]! += powerW * ms;
      covered[slot]! += ms;
    }
  }
  return Array.from(energy, (sum, slot) => (covered[slot]! * 2 >= SLOT_MS ? sum / covered[slot]! : undefined));
}

/** Up to the last that is known; a hole ends the series, or counts as nothing. */
function unbroken(slots: readonly (number | undefined)[], missing: SeriesMap["missing"]): number[] {
  const last = slots.findLastIndex((powerW) => powerW !== undefined);
  const filled = slots.slice(0, last + 1).map((powerW) => powerW ?? (missing === "zero" ? 0 : undefined));
  const hole = filled.indexOf(undefined);
  return (hole < 0 ? filled : filled.slice(0, hole)).map((powerW) => Math.round(powerW!));
}

/** Reads the quarter-hours from now on. A value that is none is left out and counted. */
export function powerSeriesFrom(body: unknown, map: SeriesMap, context: SeriesContext): SeriesResult {
  const pairs = pairsOf(body, map);
  if (!pairs) return { problem: `there is no series at ${map.rows ?? map.times ?? "its top"}` };
  if (map.unit === "W/m2" && !(context.peakW && context.performance))
    return { problem: "irradiance needs the parameters peakW and performance" };
  const points = pairs
    .map(([time, value]): Point => ({ atMs: timeMs(time), value: typeof value === "number" ? value : Number.NaN }))
    .filter(({ atMs, value }) => Number.isFinite(atMs) && Number.isFinite(value))
    .sort((a, b) => a.atMs - b.atMs);
  const rows = rowsOf(points, map, context);
  if (rows.some(({ powerW }) => !(powerW <= LARGEST_W)))
    return { problem: "it is out of all proportion: check its unit" };
  const startMs = Math.floor(context.nowMs / SLOT_MS) * SLOT_MS;
  const known = slotsOf(rows, startMs);
  // Before the first value of an answer that leaves nights out it is night; else nobody knows.
  const powerW = unbroken(known, map.missing);
  if (powerW.length === 0) return { problem: "it says nothing of the next quarter-hours" };
  // A time without a value is one of which nothing is said, such as the past in a list of what is foretold.
  const said = pairs.filter(([, value]) => value !== null);
  return { series: { startMs, minutes: 15, powerW }, unreadable: said.length - points.length };
}

/** The sum of several, for as long as all of them last. */
export function sumOfSeries(all: readonly PowerSeries[]): PowerSeries | undefined {
  if (all.length === 0) return undefined;
  const startMs = Math.max(...all.map((series) => series.startMs));
  const own = all.map(({ startMs: from, powerW }) => powerW.slice(Math.max(0, (startMs - from) / SLOT_MS)));
  const slots = Math.min(...own.map(({ length }) => length));
  if (slots < 1) return undefined;
  const powerW = Array.from({ length: slots }, (_, slot) => own.reduce((sum, row) => sum + row[slot]!, 0));
  return { startMs, minutes: 15, powerW };
}

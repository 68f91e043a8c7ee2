/** A measured series as slots of a scenario: any step, with holes, of another year or place. */

import { wallClockMs, whenWallShowsMs } from "../core/time/calendar.ts";
import { SLOT_MS } from "../core/time/slots.ts";
import type { ScenarioSeries } from "../sim/scenario.ts";
import { type CsvTable, numberCell, timeCell } from "./csv.ts";

/** Where the scenario takes place, and how far its days are from those of the file. */
export interface Shift {
  readonly siteZone: string;
  readonly fileZone: string;
  /** From a day of the scenario to that of the file, ms; whole days. */
  readonly byMs: number;
}

/** A time of the scenario as the file's: the same time of day on the other day, by the clocks of both places. */
function toFileMs(atMs: number, shift: Shift): number {
  if (shift.byMs === 0 && shift.siteZone === shift.fileZone) return atMs;
  return whenWallShowsMs(wallClockMs(atMs, shift.siteZone) + shift.byMs, shift.fileZone);
}

/** The other way round. */
export function toSiteMs(atMs: number, shift: Shift): number {
  if (shift.byMs === 0 && shift.siteZone === shift.fileZone) return atMs;
  return whenWallShowsMs(wallClockMs(atMs, shift.fileZone) - shift.byMs, shift.siteZone);
}

export interface SeriesRead {
  /** By slot start in the file's own time, epoch ms. */
  readonly bySlot: ReadonlyMap<number, number>;
  /** What was left out, and how often. */
  readonly dropped: Readonly<Record<string, number>>;
}

const MOST_STEP_MS = 3_600_000;
const DAY_SLOTS = 96;

/** So many rows that are as far apart are no gaps, but how long rows last there. */
const ROWS_ALIKE = 4;

/**
 * How long each row lasts: until the next, but no longer than rows usually do, as gaps are longer. A file may change its step,
 * as day-ahead prices did on 1 October 2025: rows that are alike in this last as long as they are apart.
 */
function lengthsMs(starts: readonly number[]): number[] {
  const apart = starts.map((startMs, row) => (starts[row + 1] ?? Number.POSITIVE_INFINITY) - startMs);
  const counts = new Map<number, number>();
  for (const stepMs of apart.slice(0, -1)) counts.set(stepMs, (counts.get(stepMs) ?? 0) + 1);
  const [usualMs = SLOT_MS] = [...counts].reduce((a, b) => (b[1] > a[1] ? b : a), [SLOT_MS, 0]);
  let alikeFrom = 0;
  return apart.flatMap((stepMs, row) => {
    if (apart[row + 1] === stepMs) return [];
    const rows = row + 1 - alikeFrom;
    alikeFrom = row + 1;
    const lengthMs = rows < ROWS_ALIKE ? Math.min(stepMs, usualMs) : stepMs;
    return new Array<number>(rows).fill(Math.min(lengthMs, MOST_STEP_MS));
  });
}

/** The column of the slots' begins: by its name, else the first. */
export function timeColumn({ columns }: CsvTable): string {
  return columns.find((name) => name === "start_utc") ?? columns[0] ?? "";
}

/** Means by slot of rows `start_utc` and `column`. A row lasts until the next, but no longer than rows usually do. */
export function readSeries(table: CsvTable, column: string): SeriesRead {
  const dropped: Record<string, number> = {};
  const drop = (why: string, count = 1) => {
    if (count > 0) dropped[why] = (dropped[why] ?? 0) + count;
  };
  drop("line has another number of cells than the header", table.unreadable);
  const time = timeColumn(table);
  const byTime = new Map<number, number>();
  const starts: number[] = [];
  for (const row of table.rows) {
    const [atMs, value] = [timeCell(row[time]), numberCell(row[column])];
    if (atMs === undefined || Number.isNaN(atMs)) drop("no time");
    else if (value !== undefined && !Number.isFinite(value)) drop("not a number");
    else {
      starts.push(atMs);
      if (value === undefined) drop("blank");
      else if (byTime.has(atMs)) drop("time was there before");
      else byTime.set(atMs, value);
    }
  }
  return {
    bySlot: slotMeans(
      byTime,
      [...new Set(starts)].sort((a, b) => a - b),
    ),
    dropped,
  };
}

function slotMeans(byTime: ReadonlyMap<number, number>, starts: readonly number[]): Map<number, number> {
  const lengths = lengthsMs(starts);
  const sums = new Map<number, { sum: number; ms: number }>();
  for (const [index, startMs] of starts.entries()) {
    const value = byTime.get(startMs);
    if (value === undefined) continue;
    const endMs = startMs + lengths[index]!;
    for (let slotMs = Math.floor(startMs / SLOT_MS) * SLOT_MS; slotMs < endMs; slotMs += SLOT_MS) {
      const ms = Math.min(endMs, slotMs + SLOT_MS) - Math.max(startMs, slotMs);
      const entry = sums.get(slotMs) ?? { sum: 0, ms: 0 };
      sums.set(slotMs, { sum: entry.sum + value * ms, ms: entry.ms + ms });
    }
  }
  // A slot of which less than half is known is unknown.
  return new Map(
    [...sums].filter(([, { ms }]) => ms >= SLOT_MS / 2).map(([slotMs, { sum, ms }]) => [slotMs, sum / ms]),
  );
}

/** The series over the scenario's slots from `startMs` on. */
export function overSlots(read: SeriesRead, startMs: number, slots: number, shift: Shift): ScenarioSeries {
  return Array.from({ length: slots }, (_, slot) => {
    const atMs = toFileMs(startMs + slot * SLOT_MS, shift);
    return read.bySlot.get(Math.floor(atMs / SLOT_MS) * SLOT_MS);
  });
}

/** The nearest days first, but the same weekday before those that are two days away. */
const NEAR_DAYS = [1, -1, 7, -7, 2, -2];

/** Days back (+) or ahead (-) as they are asked for what is unknown, as many as a series has. */
function daysAway(slots: number): readonly number[] {
  const far = Array.from({ length: Math.ceil(slots / DAY_SLOTS) }, (_, day) => day + 1);
  return [...new Set([...NEAR_DAYS, ...far.flatMap((day) => [day, -day])])];
}

/** What stands where nobody knows: the same slot of another day, else `otherwise`. Says how many that were. */
export function withoutHoles(
  series: ScenarioSeries,
  otherwise: number,
): { readonly values: number[]; readonly filled: number } {
  let filled = 0;
  const days = daysAway(series.length);
  const values = series.map((value, slot) => {
    if (value !== undefined) return value;
    filled++;
    for (const day of days) {
      const other = series[slot - DAY_SLOTS * day];
      if (other !== undefined) return other;
    }
    return otherwise;
  });
  return { values, filled };
}

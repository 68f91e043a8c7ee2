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
export function toFileMs(atMs: number, shift: Shift): number {
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

/** The usual distance of two rows; gaps are longer. */
function usualStepMs(starts: readonly number[]): number {
  const counts = new Map<number, number>();
  for (let index = 1; index < starts.length; index++) {
    const step = starts[index]! - starts[index - 1]!;
    if (step > 0) counts.set(step, (counts.get(step) ?? 0) + 1);
  }
  const usual = [...counts].sort((a, b) => b[1] - a[1])[0]?.[0] ?? SLOT_MS;
  return Math.min(usual, MOST_STEP_MS);
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
  starts.sort((a, b) => a - b);
  return { bySlot: slotMeans(byTime, starts), dropped };
}

function slotMeans(byTime: ReadonlyMap<number, number>, starts: readonly number[]): Map<number, number> {
  const stepMs = usualStepMs(starts);
  const sums = new Map<number, { sum: number; ms: number }>();
  for (const [index, startMs] of starts.entries()) {
    const value = byTime.get(startMs);
    if (value === undefined || starts[index - 1] === startMs) continue;
    const endMs = Math.min(startMs + stepMs, nextAfter(starts, index));
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

function nextAfter(starts: readonly number[], index: number): number {
  for (let next = index + 1; next < starts.length; next++) if (starts[next]! > starts[index]!) return starts[next]!;
  return Number.POSITIVE_INFINITY;
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

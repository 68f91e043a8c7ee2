/** The calendar of a place, by IANA zone, cheap enough to ask for every quarter-hour of a month. */
import type { ZoneTable } from "./zone-table.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

export interface LocalMoment {
  /** Days of the calendar since 1970-01-01. */
  readonly day: number;
  /** Months since the year 0. */
  readonly month: number;
  readonly monthOfYear: number;
  /** 1 is Monday. */
  readonly weekday: number;
  readonly minuteOfDay: number;
  /** Days of the month that are left, this one included. */
  readonly daysLeft: number;
}

const MOST_KEPT = 4_000;
const tables = new Map<string, ZoneTable>();
const formatters = new Map<string, Intl.DateTimeFormat>();
const offsets = new Map<string, Map<number, number>>();

function formatterOf(timeZone: string): Intl.DateTimeFormat {
  let formatter = formatters.get(timeZone);
  if (!formatter) {
    formatter = new Intl.DateTimeFormat("en-GB", {
      timeZone,
      year: "numeric",
      month: "2-digit",
      day: "2-digit",
      hour: "2-digit",
      minute: "2-digit",
      hourCycle: "h23",
    });
    formatters.set(timeZone, formatter);
  }
  return formatter;
}

/** Takes a zone from the machine's own table: as exact as Intl, which takes 8 MB for as long as the process lives. */
export function knowZone(timeZone: string, table: ZoneTable): void {
  tables.set(timeZone, table);
}

/** Whether there is a zone of this name. */
export function isTimeZone(timeZone: string): boolean {
  if (tables.has(timeZone)) return true;
  try {
    formatterOf(timeZone);
    return true;
  } catch {
    return false;
  }
}

function formattedOffsetMs(hourMs: number, timeZone: string): number {
  const parts = formatterOf(timeZone).formatToParts(hourMs);
  const part = new Map(parts.map(({ type, value }) => [type, Number(value)]));
  const at = (type: Intl.DateTimeFormatPartTypes) => part.get(type)!;
  return Date.UTC(at("year"), at("month") - 1, at("day"), at("hour"), at("minute")) - hourMs;
}

/** What the clock on the wall is ahead of UTC at a whole hour, ms. */
function offsetMs(hourMs: number, timeZone: string): number {
  const known = offsets.get(timeZone) ?? new Map<number, number>();
  offsets.set(timeZone, known);
  const before = known.get(hourMs);
  if (before !== undefined) return before;
  const offset = tables.get(timeZone)?.offsetMs(hourMs) ?? formattedOffsetMs(hourMs, timeZone);
  if (known.size >= MOST_KEPT) known.clear();
  known.set(hourMs, offset);
  return offset;
}

/** What the clock on the wall shows at `atMs`, as if it were UTC, epoch ms. Clocks are changed at whole hours of UTC. */
export function wallClockMs(atMs: number, timeZone: string): number {
  return atMs + offsetMs(Math.floor(atMs / HOUR_MS) * HOUR_MS, timeZone);
}

/**
 * When the clock on the wall shows `wallMs`, epoch ms: the first of the two in the hour that comes twice; an hour later in
 * the one that is left out.
 */
export function whenWallShowsMs(wallMs: number, timeZone: string): number {
  const offsetAt = (atMs: number) => wallClockMs(atMs, timeZone) - atMs;
  const before = offsetAt(wallMs - DAY_MS);
  const after = offsetAt(wallMs + DAY_MS);
  if (before === after) return wallMs - before;
  const early = wallMs - Math.max(before, after);
  const late = wallMs - Math.min(before, after);
  return wallClockMs(early, timeZone) === wallMs ? early : late;
}

/** Midnight at the begin of a day, written 2019-05-06, epoch ms. NaN where it is no day. */
export function midnightMs(day: string, timeZone: string): number {
  const wallMs = dayOf(day) * DAY_MS;
  return Number.isNaN(wallMs) ? wallMs : whenWallShowsMs(wallMs, timeZone);
}

/** Year and month of a day of the epoch, by the length of months. */
function monthOf(day: number): { readonly year: number; readonly monthOfYear: number } {
  let year = 1970 + Math.floor(day / 365.2425);
  if (day >= Date.UTC(year + 1, 0, 1) / DAY_MS) year++;
  if (day < Date.UTC(year, 0, 1) / DAY_MS) year--;
  let monthOfYear = 12;
  while (monthOfYear > 1 && day < Date.UTC(year, monthOfYear - 1, 1) / DAY_MS) monthOfYear--;
  return { year, monthOfYear };
}

/** Day, month, weekday and minute at `atMs` (epoch ms) in a zone. */
export function localMoment(atMs: number, timeZone: string): LocalMoment {
  const wallMs = wallClockMs(atMs, timeZone);
  const day = Math.floor(wallMs / DAY_MS);
  const { year, monthOfYear } = monthOf(day);
  const nextMonth = Date.UTC(year, monthOfYear, 1) / DAY_MS;
  return {
    day,
    month: year * 12 + monthOfYear - 1,
    monthOfYear,
    // Day 0 of the epoch was a Thursday.
    weekday: ((((day + 3) % 7) + 7) % 7) + 1,
    minuteOfDay: Math.floor((wallMs - day * DAY_MS) / 60_000),
    daysLeft: nextMonth - day,
  };
}

/** The date of a day of the epoch, written 2019-05-06. */
export function dateOf(day: number): string {
  const { year, monthOfYear } = monthOf(day);
  const dayOfMonth = day - Date.UTC(year, monthOfYear - 1, 1) / DAY_MS + 1;
  return `${year}-${twoDigits(monthOfYear)}-${twoDigits(dayOfMonth)}`;
}

/** Two digits of a number below 100. */
export function twoDigits(value: number): string {
  return String(value).padStart(2, "0");
}

export interface TimeWindow {
  readonly from: string;
  readonly to: string;
  readonly days?: readonly number[];
  readonly months?: readonly number[];
}

/** The day of a date written 2019-05-06, as in `LocalMoment.day`; NaN where it is no date. */
export function dayOf(date: string): number {
  return Date.parse(`${date}T00:00:00Z`) / DAY_MS;
}

/** Minute of the day of a time written HH:MM. */
export function minuteOf(text: string): number {
  const [hours = 0, minutes = 0] = text.split(":").map(Number);
  return hours * 60 + minutes;
}

/** Whether a moment lies in a window; one over midnight belongs to the day on which it begins. */
export function isWithin(moment: LocalMoment, { from, to, days, months }: TimeWindow): boolean {
  if (months && !months.includes(moment.monthOfYear)) return false;
  const [begins, ends] = [minuteOf(from), minuteOf(to)];
  const onDay = (weekday: number) => !days || days.includes(weekday);
  const { minuteOfDay: minute, weekday } = moment;
  if (begins < ends) return onDay(weekday) && minute >= begins && minute < ends;
  return (onDay(weekday) && minute >= begins) || (onDay(weekday === 1 ? 7 : weekday - 1) && minute < ends);
}

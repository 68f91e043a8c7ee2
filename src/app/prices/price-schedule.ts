/** When a market is asked again: politely, each site at a minute of its own. */

import { dateOf, localMoment } from "../../core/time/calendar.ts";
import { SLOT_MS, slotStartMs } from "../../core/time/slots.ts";
import type { PriceTable } from "../../planner/prices/price-sources.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
/** While tomorrow's prices may come at any moment. */
const EXPECTED_EVERY_MS = 15 * MINUTE_MS;
/** The auction's result is out by then, local time. */
const PUBLISHED_MINUTE = 13 * 60;
const DAY_MINUTES = 24 * 60;
/** A day is known when so much of it is: days have 23 to 25 hours, and some sources end with the UTC day. */
const MOST_OF_A_DAY_MS = 20 * HOUR_MS;
/** Before the auction there is no news, but a correction may come. */
const LONGEST_MORNING_MS = 3 * HOUR_MS;
const SPREAD_MS = 10 * MINUTE_MS;
const MOST_SLOTS = 400;

/** End of the last slot that is known without a hole from the running one on, epoch ms. */
export function knownUntilMs(table: PriceTable, nowMs: number): number {
  const first = slotStartMs(nowMs);
  let slots = 0;
  while (slots < MOST_SLOTS && table.has(first + slots * SLOT_MS)) slots++;
  return first + slots * SLOT_MS;
}

/** Whether a market has an address for each day. */
export function namesDay(url: string): boolean {
  return /\{(date|year|month|day)\}/.test(url);
}

/** The address of a local day, written 2026-01-31. */
export function addressOfDay(url: string, date: string): string {
  const [year = "", month = "", day = ""] = date.split("-");
  const parts: Readonly<Record<string, string>> = { date, year, month, day };
  return url.replaceAll(/\{(date|year|month|day)\}/g, (_, name: string) => parts[name]!);
}

/** The local days that such a market is asked for: today until it is known to its end, tomorrow once that can be out. */
export function daysToAsk({ nowMs, knownUntilMs: untilMs, timeZone }: Omit<AskContext, "failures" | "random">): {
  readonly today?: string;
  readonly tomorrow?: string;
} {
  const { day, minuteOfDay: minute } = localMoment(nowMs, timeZone);
  const tomorrowMs = nowMs + (DAY_MINUTES - minute) * MINUTE_MS;
  const isTodayKnown = untilMs >= tomorrowMs - HOUR_MS;
  const isTomorrowKnown = untilMs >= tomorrowMs + MOST_OF_A_DAY_MS;
  return {
    ...(isTodayKnown ? {} : { today: dateOf(day) }),
    ...(minute < PUBLISHED_MINUTE || isTomorrowKnown ? {} : { tomorrow: dateOf(day + 1) }),
  };
}

export interface AskContext {
  readonly nowMs: number;
  readonly knownUntilMs: number;
  readonly timeZone: string;
  /** Failures since the last success. */
  readonly failures: number;
  /** From 0 to 1. */
  readonly random: number;
}

/** A minute after the first failure, twice as long after each one more. */
function afterFailuresMs({ failures, random }: AskContext, mostMs: number): number {
  return Math.min(mostMs, MINUTE_MS * 2 ** Math.min(failures - 1, 10)) * (1 + random / 2);
}

/**
 * Time until the market is asked again, ms. With tomorrow's prices known six hours; each quarter-hour once they can be
 * out; each hour when what is known runs out, and every three before. After a failure sooner: a minute, doubling.
 */
export function nextAskMs(context: AskContext): number {
  const { nowMs, timeZone, failures, random } = context;
  const { minuteOfDay: minute } = localMoment(nowMs, timeZone);
  const tomorrowMs = nowMs + (DAY_MINUTES - minute) * MINUTE_MS;
  const isComplete = context.knownUntilMs >= tomorrowMs + MOST_OF_A_DAY_MS;
  const isExpected = !isComplete && minute >= PUBLISHED_MINUTE;
  if (failures > 0) return afterFailuresMs(context, isExpected ? EXPECTED_EVERY_MS : HOUR_MS);
  const spreadMs = random * SPREAD_MS;
  if (isComplete) return 6 * HOUR_MS + spreadMs;
  if (isExpected) return EXPECTED_EVERY_MS + spreadMs;
  if (context.knownUntilMs < nowMs + LONGEST_MORNING_MS) return HOUR_MS + spreadMs;
  return Math.min(LONGEST_MORNING_MS, (PUBLISHED_MINUTE - minute) * MINUTE_MS) + spreadMs;
}

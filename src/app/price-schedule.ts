/** When a market is asked again: politely, each site at a minute of its own. */
import { SLOT_MS, slotStartMs } from "../core/slots.ts";
import { localMinute, type PriceTable } from "../planner/price-sources.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
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

export interface AskContext {
  readonly nowMs: number;
  readonly knownUntilMs: number;
  readonly timeZone: string;
  /** Failures since the last success. */
  readonly failures: number;
  /** From 0 to 1. */
  readonly random: number;
}

/**
 * Time until the market is asked again, ms. After a failure a minute, doubling up to an hour; with tomorrow's prices known
 * six hours; else each hour once they can be out or what is known runs out, and every three before.
 */
export function nextAskMs(context: AskContext): number {
  const { nowMs, timeZone, failures, random } = context;
  if (failures > 0) return Math.min(HOUR_MS, MINUTE_MS * 2 ** Math.min(failures - 1, 10)) * (1 + random / 2);
  const { minute } = localMinute(nowMs, timeZone);
  const tomorrowMs = nowMs + (DAY_MINUTES - minute) * MINUTE_MS;
  const spreadMs = random * SPREAD_MS;
  if (context.knownUntilMs >= tomorrowMs + MOST_OF_A_DAY_MS) return 6 * HOUR_MS + spreadMs;
  const runsOut = context.knownUntilMs < nowMs + LONGEST_MORNING_MS;
  if (runsOut || minute >= PUBLISHED_MINUTE) return HOUR_MS + spreadMs;
  return Math.min(LONGEST_MORNING_MS, (PUBLISHED_MINUTE - minute) * MINUTE_MS) + spreadMs;
}

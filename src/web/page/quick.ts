/** Departures that one tap says, and a word that keeps what the driver said before. */

import { nextStanding } from "../../core/drivers/standing.ts";
import { WEEKDAYS } from "../../core/site/site-departures.ts";
import type { LiveEvse } from "../../core/view/view.ts";
import { dayTime } from "./format.ts";
import { words } from "./words/en.ts";

const HOUR_MS = 3_600_000;
const HOURS = [1, 2, 4];
/** Times at which people leave, nearer than which hours are said. */
const CLOCK = ["06:00", "07:00", "08:00", "16:00", "17:00", "18:00"];
const CLOCK_AHEAD_MS = 4.5 * HOUR_MS;

export interface Quick {
  readonly text: string;
  readonly departureMs: number;
}

/** When the site's clock shows `at` next, epoch ms; undefined for no time. */
export function nextTime(at: string, nowMs: number, timeZone: string): number | undefined {
  if (!/^\d\d:\d\d$/.test(at)) return undefined;
  return nextStanding([{ days: [...WEEKDAYS], at }], nowMs, timeZone)?.departureMs;
}

/** In some hours, and so many of the next usual times, in their order. */
export function quickDepartures(nowMs: number, timeZone: string, times: number): Quick[] {
  const hours = HOURS.map((count) => ({ text: words.inHours(count), departureMs: nowMs + count * HOUR_MS }));
  const clock = CLOCK.flatMap((at) => nextTime(at, nowMs + CLOCK_AHEAD_MS, timeZone) ?? [])
    .sort((a, b) => a - b)
    .slice(0, times);
  return [...hours, ...clock.map((departureMs) => ({ text: dayTime(departureMs, nowMs), departureMs }))];
}

/** What a wish says. */
export interface Word {
  readonly departureMs?: number;
  readonly energyWh?: number;
  readonly preference?: string;
}

type Said = Pick<LiveEvse, "departureMs" | "departureSaid" | "askedWh" | "energySaid" | "energyWh" | "preference">;

/** A wish replaces the one before: what the driver said already is said again, energy as what is left of it. */
export function wordWith(evse: Said, change: Word): Word {
  const { departureMs, departureSaid, askedWh = 0, energySaid, energyWh, preference } = evse;
  return {
    ...(departureSaid === "driver" && departureMs !== undefined ? { departureMs } : {}),
    ...(energySaid === "driver" ? { energyWh: Math.max(0, askedWh - energyWh) } : {}),
    ...(preference === undefined || preference === "regular" ? {} : { preference }),
    ...change,
  };
}

/**
 * The measured week laid over now. The demonstration starts on a Tuesday at one o'clock: the sun is high, power is
 * cheap, cars come and go. Its time zone is chosen so that the page shows the hour of the data, and its place so that the sun
 * is up when it is in the data.
 */
import { SLOT_MS } from "../../core/time/slots.ts";
import { type MeasuredSession, measuredWeek } from "../data.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const START_DAY = 1;
const START_HOUR = 13;
const WEEK_SLOTS = 672;

export interface DemoDay {
  /** When the data's Monday 00:00 was, epoch ms. */
  readonly weekStartMs: number;
  readonly timeZone: string;
  /** Degrees, north and east positive. */
  readonly location: { readonly latitude: number; readonly longitude: number };
  /** Row of the measured week at a time. */
  slotOf(atMs: number): number;
  /** Seconds since the data's Monday at a time. */
  secondsOf(atMs: number): number;
}

/** Hours by which the page's clock is ahead of UTC. */
function offsetHours(nowMs: number): number {
  const offset = START_HOUR - new Date(nowMs).getUTCHours();
  return offset < -12 ? offset + 24 : offset;
}

function zoneFor(offset: number): string {
  // The names of these zones count the other way round: Etc/GMT-2 is two hours east.
  return offset === 0 ? "Etc/GMT" : `Etc/GMT${offset > 0 ? "-" : "+"}${Math.abs(offset)}`;
}

/** The sun was measured in June at 40 degrees north: so far from the equator, where it is summer now. */
function locationFor(nowMs: number, offset: number): DemoDay["location"] {
  const month = new Date(nowMs).getUTCMonth();
  const isNorthernSummer = month >= 3 && month < 9;
  const east = 15 * offset;
  return { latitude: isNorthernSummer ? 40 : -40, longitude: east > 180 ? east - 360 : east };
}

/** Lays the week so that the hour of `nowMs` is the telling one; minutes stay, so quarter-hours fit. */
export function demoDay(nowMs: number): DemoDay {
  const hourStartMs = Math.floor(nowMs / HOUR_MS) * HOUR_MS;
  const weekStartMs = hourStartMs - START_DAY * DAY_MS - START_HOUR * HOUR_MS;
  const offset = offsetHours(nowMs);
  const wrap = (slot: number) => ((slot % WEEK_SLOTS) + WEEK_SLOTS) % WEEK_SLOTS;
  return {
    weekStartMs,
    timeZone: zoneFor(offset),
    location: locationFor(nowMs, offset),
    slotOf: (atMs) => wrap(Math.floor((atMs - weekStartMs) / SLOT_MS)),
    secondsOf: (atMs) => ((((atMs - weekStartMs) / 1000) % (WEEK_SLOTS * 900)) + WEEK_SLOTS * 900) % (WEEK_SLOTS * 900),
  };
}

/** Prices from a day ago until in three days as the CSV that a day-ahead source would give. */
export function pricesCsv(day: DemoDay, nowMs: number): string {
  const first = Math.floor((nowMs - DAY_MS) / SLOT_MS) * SLOT_MS;
  const lines = ["start_utc,eur_per_kwh"];
  for (let slot = 0; slot < 4 * 96; slot++) {
    const atMs = first + slot * SLOT_MS;
    const price = measuredWeek().eurPerKwh[day.slotOf(atMs)];
    lines.push(`${new Date(atMs).toISOString().replace(".000", "")},${price ?? ""}`);
  }
  return `${lines.join("\n")}\n`;
}

/** Sessions that are there at a time of the data, the longest-staying first, and those that come next. */
export function sessionsAround(atS: number): { present: MeasuredSession[]; coming: MeasuredSession[] } {
  const { sessions } = measuredWeek();
  const present = sessions.filter(
    (session) => session.arrivalS <= atS && session.departureS > atS + 1800 && session.energyWh > 5000,
  );
  const coming = sessions.filter((session) => session.arrivalS > atS);
  return { present: present.sort((a, b) => b.energyWh - a.energyWh), coming };
}

/** Local time for people, by IANA zone. */
import { localMoment, twoDigits } from "./calendar.ts";

const WEEKDAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"] as const;

/** `HH:MM`, with the weekday in front when it is not the day of `nowMs`. */
export function localTime(atMs: number, nowMs: number, timeZone: string): string {
  const { day, weekday, minuteOfDay } = localMoment(atMs, timeZone);
  const text = `${twoDigits(Math.floor(minuteOfDay / 60))}:${twoDigits(minuteOfDay % 60)}`;
  return day === localMoment(nowMs, timeZone).day ? text : `${WEEKDAYS[weekday - 1]} ${text}`;
}

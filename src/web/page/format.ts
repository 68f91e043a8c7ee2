/** Numbers and times as people read them. */
import { signal } from "@preact/signals";
import { whenWallShowsMs } from "../../core/time/calendar.ts";
import { words } from "./words/en.ts";

export const timeZone = signal<string | undefined>(undefined);

function time(options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  return new Intl.DateTimeFormat(words.locale, { ...options, ...(timeZone.value ? { timeZone: timeZone.value } : {}) });
}

/** `13:45`, with the weekday when it is not the day of now. */
export function clockTime(ms: number, nowMs = Date.now()): string {
  const day = time({ dateStyle: "short" });
  const text = time({ hour: "2-digit", minute: "2-digit" }).format(ms);
  return day.format(ms) === day.format(nowMs) ? text : `${time({ weekday: "short" }).format(ms)} ${text}`;
}

const DAY_MS = 86_400_000;

/** Further ahead a weekday may be that of another week. */
const WEEKDAY_TELLS_MS = 6 * DAY_MS;

/** `13:45`, `tomorrow 07:00`, `Thu 07:00` or `12 November 07:00`. */
export function dayTime(ms: number, nowMs: number): string {
  const day = time({ dateStyle: "short" });
  const isTomorrow = day.format(ms) !== day.format(nowMs) && day.format(ms) === day.format(nowMs + DAY_MS);
  if (ms > nowMs + WEEKDAY_TELLS_MS) return `${dateText(ms)} ${clockTime(ms, ms)}`;
  return isTomorrow ? words.tomorrow(clockTime(ms, ms)) : clockTime(ms, nowMs);
}

/** `12 November`. */
export function dateText(ms: number): string {
  return time({ day: "numeric", month: "long" }).format(ms);
}

export function clockSeconds(ms: number): string {
  return time({ hour: "2-digit", minute: "2-digit", second: "2-digit" }).format(ms);
}

export function fixed(value: number | undefined, digits: number): string {
  return value === undefined
    ? "–"
    : new Intl.NumberFormat(words.locale, { minimumFractionDigits: digits, maximumFractionDigits: digits }).format(
        value,
      );
}

export const kw = (watts: number | undefined) => (watts === undefined ? "–" : `${fixed(watts / 1000, 1)} kW`);
export const kwh = (wh: number | undefined) => fixed(wh === undefined ? undefined : wh / 1000, 1);
export const euro = (eur: number) =>
  new Intl.NumberFormat(words.locale, { style: "currency", currency: "EUR" }).format(eur);

/** A cost in euros, and that it is not all where the price of some energy was not known. */
export const cost = ({ costEur, unpricedWh = 0 }: { readonly costEur: number; readonly unpricedWh?: number }) =>
  unpricedWh > 0 ? words.costUnknown(costEur === 0 ? undefined : euro(costEur)) : euro(costEur);

/** `YYYY-MM-DDTHH:MM` of the site's zone for an input field, and back to epoch ms. */
export function toLocalInput(ms: number): string {
  const parts = Object.fromEntries(
    time({ year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", hourCycle: "h23" })
      .formatToParts(ms)
      .map((part) => [part.type, part.value]),
  );
  return `${parts.year}-${parts.month}-${parts.day}T${parts.hour}:${parts.minute}`;
}

export function fromLocalInput(text: string): number {
  return whenWallShowsMs(Date.parse(`${text}Z`), timeZone.value ?? Intl.DateTimeFormat().resolvedOptions().timeZone);
}

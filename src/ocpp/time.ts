/** Times as chargers write them. */
export interface ReadTime {
  readonly atMs: number;
  /** Why the time was not taken as it stands. */
  readonly problem?: string;
}

const ISO = /^(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?\s*(Z|[+-]\d\d(?::?\d\d)?)?$/i;
/** Before this no charger spoke OCPP 1.6: its clock is not set (1970 or a firmware date). */
const EARLIEST_MS = Date.UTC(2015, 0, 1);
const AHEAD_MS = 120_000;

function zoneMs(zone: string | undefined): number {
  if (!zone || zone.toUpperCase() === "Z") return 0;
  const digits = zone.slice(1).replace(":", "");
  const minutes = Number(digits.slice(0, 2)) * 60 + Number(digits.slice(2) || 0);
  return (zone.startsWith("-") ? -minutes : minutes) * 60_000;
}

/**
 * Reads a timestamp of a charger; `nowMs` stands in where it says nothing usable. No zone is read as UTC, `+03` is a
 * zone, a clock that was never set and a time in the future (local time marked Z) are read as now.
 */
export function readTime(text: unknown, nowMs: number): ReadTime {
  const match = typeof text === "string" ? ISO.exec(text.trim()) : null;
  if (!match) return { atMs: nowMs, problem: "no readable time, taken as now" };
  const [, year, month, day, hour, minute, second, fraction, zone] = match;
  const ms = Math.trunc(Number(`0.${fraction ?? 0}`) * 1000);
  const atMs =
    Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second ?? 0), ms) -
    zoneMs(zone);
  if (atMs < EARLIEST_MS) return { atMs: nowMs, problem: "the clock of the charge point is not set, taken as now" };
  if (atMs > nowMs + AHEAD_MS) return { atMs: nowMs, problem: "a time in the future, taken as now" };
  return zone ? { atMs } : { atMs, problem: "no time zone, taken as UTC" };
}

/** True when a message tells of the past: older than two minutes, or clearly from before the connection. */
export function isReplayed(atMs: number, nowMs: number, connectedAtMs: number): boolean {
  return nowMs - atMs > 120_000 || atMs < connectedAtMs - 2_000;
}

/** Times as chargers write them. */
export interface ReadTime {
  readonly atMs: number;
  /** Why the time was not taken as it stands. */
  readonly problem?: string;
}

const ISO = /^(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?\s*(Z|[+-]\d\d(?::?\d\d)?)?$/i;
/** Before this no charger spoke OCPP 1.6: its clock is not set (1970 or a firmware date). */
export const EARLIEST_MS = Date.UTC(2015, 0, 1);
const AHEAD_MS = 120_000;

function zoneMs(zone: string | undefined): number {
  if (!zone || zone.toUpperCase() === "Z") return 0;
  const digits = zone.slice(1).replace(":", "");
  const minutes = Number(digits.slice(0, 2)) * 60 + Number(digits.slice(2) || 0);
  return (zone.startsWith("-") ? -minutes : minutes) * 60_000;
}

/** The time as it is written, epoch ms; no zone is read as UTC, `+03` is a zone. `undefined` where none can be read. */
export function writtenTime(text: unknown): { readonly ms: number; readonly hasZone: boolean } | undefined {
  const match = typeof text === "string" && text.length < 100 ? ISO.exec(text.trim()) : null;
  if (!match) return undefined;
  const [, year, month, day, hour, minute, second, fraction, zone] = match;
  const milli = Math.trunc(Number(`0.${fraction ?? 0}`) * 1000);
  const local = Date.UTC(
    Number(year),
    Number(month) - 1,
    Number(day),
    Number(hour),
    Number(minute),
    Number(second ?? 0),
    milli,
  );
  return { ms: local - zoneMs(zone), hasZone: zone !== undefined };
}

/**
 * Reads a timestamp of a charger whose clock lags behind ours by `lagMs`; `nowMs` stands in where it says nothing
 * usable. A clock that was never set and a time in the future (local time marked Z) are read as now.
 */
export function readTime(text: unknown, { nowMs, lagMs = 0 }: { nowMs: number; lagMs?: number }): ReadTime {
  const written = writtenTime(text);
  if (!written) return { atMs: nowMs, problem: "no readable time, taken as now" };
  const atMs = written.ms + lagMs;
  if (atMs < EARLIEST_MS) return { atMs: nowMs, problem: "the clock of the charge point is not set, taken as now" };
  if (atMs > nowMs + AHEAD_MS) return { atMs: nowMs, problem: "a time in the future, taken as now" };
  return written.hasZone ? { atMs } : { atMs, problem: "no time zone, taken as UTC" };
}

/** True when a message tells of the past: older than two minutes, or clearly from before the connection. */
export function isReplayed(atMs: number, nowMs: number, connectedAtMs: number): boolean {
  return nowMs - atMs > 120_000 || atMs < connectedAtMs - 2_000;
}

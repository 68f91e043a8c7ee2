/** Days and hours of a place, by its IANA zone: what a measured file needs to stand for another year or country. */

const formatters = new Map<string, Intl.DateTimeFormat>();

function formatter(timeZone: string): Intl.DateTimeFormat {
  let known = formatters.get(timeZone);
  if (!known) {
    known = new Intl.DateTimeFormat("en-GB", {
      timeZone,
      year: "numeric",
      month: "2-digit",
      day: "2-digit",
      hour: "2-digit",
      minute: "2-digit",
      second: "2-digit",
      hourCycle: "h23",
    });
    formatters.set(timeZone, known);
  }
  return known;
}

/** What the clock on the wall shows at `atMs`, as if it were UTC, epoch ms. */
export function wallClockMs(atMs: number, timeZone: string): number {
  if (timeZone === "UTC") return atMs;
  const part = new Map(
    formatter(timeZone)
      .formatToParts(atMs)
      .map(({ type, value }) => [type, Number(value)]),
  );
  const at = (type: Intl.DateTimeFormatPartTypes) => part.get(type)!;
  const whole = Date.UTC(at("year"), at("month") - 1, at("day"), at("hour"), at("minute"), at("second"));
  return whole + (((atMs % 1000) + 1000) % 1000);
}

/**
 * When the clock on the wall shows `wallMs`, epoch ms: the first of the two in the hour that comes twice; an hour later in
 * the one that is left out.
 */
export function whenWallShowsMs(wallMs: number, timeZone: string): number {
  const offsetAt = (atMs: number) => wallClockMs(atMs, timeZone) - atMs;
  const before = offsetAt(wallMs - 86_400_000);
  const after = offsetAt(wallMs + 86_400_000);
  if (before === after) return wallMs - before;
  const early = wallMs - Math.max(before, after);
  const late = wallMs - Math.min(before, after);
  return wallClockMs(early, timeZone) === wallMs ? early : late;
}

/** Midnight at the begin of a day, written 2019-05-06, epoch ms. NaN where it is no day. */
export function midnightMs(day: string, timeZone: string): number {
  const wallMs = Date.parse(`${day}T00:00:00Z`);
  return Number.isNaN(wallMs) ? wallMs : whenWallShowsMs(wallMs, timeZone);
}

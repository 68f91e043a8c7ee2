/** Local time for people, by IANA zone. Formatting is pure given the time; formatters are kept, they are dear to make. */

interface Formatters {
  readonly time: Intl.DateTimeFormat;
  readonly day: Intl.DateTimeFormat;
  readonly weekday: Intl.DateTimeFormat;
}

const formatters = new Map<string, Formatters>();

function formattersOf(timeZone: string): Formatters {
  let known = formatters.get(timeZone);
  if (!known) {
    known = {
      time: new Intl.DateTimeFormat("en-GB", { timeZone, hour: "2-digit", minute: "2-digit", hour12: false }),
      day: new Intl.DateTimeFormat("en-CA", { timeZone, year: "numeric", month: "2-digit", day: "2-digit" }),
      weekday: new Intl.DateTimeFormat("en-GB", { timeZone, weekday: "short" }),
    };
    formatters.set(timeZone, known);
  }
  return known;
}

/** `HH:MM`, with the weekday in front when it is not the day of `nowMs`. */
export function localTime(atMs: number, nowMs: number, timeZone: string): string {
  const { time, day, weekday } = formattersOf(timeZone);
  const text = time.format(atMs);
  return day.format(atMs) === day.format(nowMs) ? text : `${weekday.format(atMs)} ${text}`;
}

/** Whether Intl knows the zone. */
export function isTimeZone(timeZone: string): boolean {
  try {
    formattersOf(timeZone);
    return true;
  } catch {
    return false;
  }
}

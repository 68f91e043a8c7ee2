/** The last forecasts that came from outside, with what was said before of the last hours: so they can be judged. */
import type { ForecastKind, PowerSeries } from "../facts/forecast-facts.ts";
import type { SiteFact } from "../facts/index.ts";

/** A series, who gave it and when. */
export interface GivenSeries extends PowerSeries {
  readonly by?: string;
  readonly receivedMs?: number;
}

export type ForecastsState = Readonly<Partial<Record<ForecastKind, GivenSeries>>>;

/** A provider that is asked by us and is silent for so long: what it said last is no better than the site's own. */
const PROVIDER_VALID_MS = 12 * 3_600_000;

const MINUTE_MS = 60_000;

const KEPT_MS = 2 * 3_600_000;

/** The new series, preceded by what the one before said of the two hours until its start. */
function following(before: PowerSeries | undefined, series: PowerSeries): PowerSeries {
  const { minutes, startMs } = series;
  if (before?.minutes !== minutes || (startMs - before.startMs) % (minutes * MINUTE_MS) !== 0) return series;
  const fromMs = Math.max(before.startMs, startMs - KEPT_MS);
  const earlier: number[] = [];
  for (let atMs = fromMs; atMs < startMs; atMs += minutes * MINUTE_MS) {
    const powerW = powerAt(before, atMs);
    if (powerW === undefined) return series;
    earlier.push(powerW);
  }
  return { ...series, startMs: startMs - earlier.length * minutes * MINUTE_MS, powerW: [...earlier, ...series.powerW] };
}

/** Folds one fact into the slice. */
export function evolveForecasts(slice: ForecastsState, fact: SiteFact): ForecastsState {
  if (fact.type !== "forecast-received") return slice;
  const { kind, by, series } = fact.data;
  // What somebody else said is no measure of this one.
  const before = slice[kind]?.by === by ? slice[kind] : undefined;
  return { ...slice, [kind]: { ...following(before, series), by, receivedMs: fact.atMs } };
}

/** What others expect, unless they fell silent. */
export function forecastInForce(slice: ForecastsState, kind: ForecastKind, nowMs: number): PowerSeries | undefined {
  const given = slice[kind];
  const isOld = given?.by?.startsWith("provider:") && nowMs - (given.receivedMs ?? nowMs) > PROVIDER_VALID_MS;
  return isOld ? undefined : given;
}

/** Power at a time, W; missing outside of what the series covers. */
export function powerAt(series: PowerSeries | undefined, atMs: number): number | undefined {
  return series?.powerW[Math.floor((atMs - series.startMs) / (series.minutes * MINUTE_MS))];
}

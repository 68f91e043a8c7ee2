/** The last forecasts that came from outside. */
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

/** Folds one fact into the slice. */
export function evolveForecasts(slice: ForecastsState, fact: SiteFact): ForecastsState {
  if (fact.type !== "forecast-received") return slice;
  const { kind, by, series } = fact.data;
  return { ...slice, [kind]: { ...series, by, receivedMs: fact.atMs } };
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

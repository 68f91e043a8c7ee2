/** The last forecasts that came from outside. */
import type { ForecastKind, PowerSeries } from "../facts/forecast-facts.ts";
import type { SiteFact } from "../facts/index.ts";

export type ForecastsState = Readonly<Partial<Record<ForecastKind, PowerSeries>>>;

const MINUTE_MS = 60_000;

/** Folds one fact into the slice. */
export function evolveForecasts(slice: ForecastsState, fact: SiteFact): ForecastsState {
  return fact.type === "forecast-received" ? { ...slice, [fact.data.kind]: fact.data.series } : slice;
}

/** Power at a time, W; missing outside of what the series covers. */
export function powerAt(series: PowerSeries | undefined, atMs: number): number | undefined {
  return series?.powerW[Math.floor((atMs - series.startMs) / (series.minutes * MINUTE_MS))];
}

/** What the grid's energy emits, as it was told last. */
import type { IntensitySeries } from "../facts/forecast-facts.ts";
import type { SiteFact } from "../facts/index.ts";

/** Empty where nobody told any. */
export interface IntensityState {
  readonly series?: IntensitySeries;
}

const MINUTE_MS = 60_000;

/** Folds one fact into the slice. */
export function evolveIntensity(slice: IntensityState, fact: SiteFact): IntensityState {
  return fact.type === "grid-intensity-received" ? { series: fact.data.series } : slice;
}

/** Grams of CO2 of a kWh from the grid at a time; missing outside of what was told. */
export function gramsPerKwhAt({ series }: IntensityState, atMs: number): number | undefined {
  return series?.gramsPerKwh[Math.floor((atMs - series.startMs) / (series.minutes * MINUTE_MS))];
}

/** Asks providers for forecasts of sun and building. One that fails is asked again later; meanwhile the site's own counts. */
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import type { PowerSeries } from "../../core/facts/forecast-facts.ts";
import type { SiteDraft } from "../../core/facts/index.ts";
import type { Clock, Log } from "../../core/ports.ts";
import type { SiteConfiguration } from "../../core/site/site.ts";
import { powerSeriesFrom, sumOfSeries } from "../../planner/forecast/series-source.ts";
import { publicHost, readJson, reasonOf } from "../http-json.ts";
import { type CompleteSource, completeSource } from "./providers.ts";

const MINUTE_MS = 60_000;
/** After a failure: a quarter-hour, doubling, six hours at most. */
const FIRST_RETRY_MS = 15 * MINUTE_MS;
const LONGEST_RETRY_MS = 6 * 60 * MINUTE_MS;
/** Not every site asks in the same second. */
const SPREAD_MS = 5 * MINUTE_MS;
/** A part of a sum that is older is no longer counted on. */
const MOST_INTERVALS = 400;
const MOST_GRAMS = 5_000;
const PART_VALID_MS = 12 * 60 * MINUTE_MS;

export interface ForecastsOptions {
  readonly configuration: SiteConfiguration;
  /** Of `site.yaml`; key files are relative to it. */
  readonly directory: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly record: (drafts: readonly SiteDraft[]) => Promise<unknown>;
  /** From 0 to 1. */
  readonly random?: () => number;
}

interface Part {
  readonly source: CompleteSource;
  answer?: { readonly series: PowerSeries; readonly atMs: number };
  failures: number;
  cancel: () => void;
}

/** Asks all sources of the configuration, until it is closed. `ready` resolves after the first round. */
export function createForecasts(options: ForecastsOptions): { readonly ready: Promise<void>; close(): void } {
  const { configuration, directory, clock, log, random = Math.random } = options;
  let closed = false;
  const parts = (configuration.forecasts ?? []).flatMap((source): Part[] => {
    const complete = completeSource(source, configuration);
    if (!("problem" in complete)) return [{ source: complete, failures: 0, cancel() {} }];
    log.warn("A forecast source is not asked", { for: source.for, problem: complete.problem });
    return [];
  });

  async function answerOf({ url, series, parameters, keyFile }: CompleteSource) {
    const key = keyFile === undefined ? undefined : (await readFile(resolve(directory, keyFile), "utf8")).trim();
    const body = await readJson(url, key === undefined ? {} : { authorization: `Bearer ${key}` });
    const numbers = (name: string) => (typeof parameters[name] === "number" ? { [name]: parameters[name] } : {});
    const context = { nowMs: clock.wallMs(), ...numbers("peakW"), ...numbers("performance") };
    const result = powerSeriesFrom(body, series, context);
    if ("problem" in result) throw new Error(result.problem);
    return result;
  }

  /** The sum of a kind, once every part of it has answered lately: half a roof is no forecast. */
  async function tell(kind: CompleteSource["kind"]): Promise<void> {
    const own = parts.filter(({ source }) => source.kind === kind);
    const nowMs = clock.wallMs();
    const series = own.flatMap(({ answer }) => (answer && nowMs - answer.atMs < PART_VALID_MS ? [answer.series] : []));
    const sum = series.length === own.length ? sumOfSeries(series) : undefined;
    if (!sum) return;
    const [one] = series;
    if (kind === "co2" && one) return tellIntensity(own, one);
    if (kind === "co2") return;
    const by = `provider:${[...new Set(own.map(({ source }) => source.name))].join("+")}`;
    await options.record([{ type: "forecast-received", source: by, data: { kind, by, series: sum } }]);
  }

  /** The first of several: emissions are no sum. */
  async function tellIntensity([part]: readonly Part[], { startMs, powerW }: PowerSeries): Promise<void> {
    const by = `provider:${part?.source.name}`;
    const gramsPerKwh = powerW.slice(0, MOST_INTERVALS).map((grams) => Math.min(MOST_GRAMS, grams));
    const data = { by, series: { startMs, minutes: 15 as const, gramsPerKwh } };
    await options.record([{ type: "grid-intensity-received", source: by, data }]);
  }

  async function ask(part: Part): Promise<void> {
    const { source } = part;
    const from = publicHost(source.url);
    try {
      const { series, unreadable } = await answerOf(source);
      if (unreadable > 0) log.warn("Some values of a forecast could not be read", { from, unreadable });
      part.answer = { series, atMs: clock.wallMs() };
      part.failures = 0;
      if (!closed) await tell(source.kind);
    } catch (error) {
      part.failures++;
      log.warn("A forecast could not be read; the site reckons by itself", { from, error: reasonOf(error) });
    }
    if (closed) return;
    const everyMs = source.everyMinutes * MINUTE_MS;
    const retryMs = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(part.failures - 1, 10));
    part.cancel = clock.after(
      (part.failures === 0 ? everyMs : retryMs) + random() * SPREAD_MS,
      "forecast",
      () => void ask(part),
    );
  }

  return {
    ready: Promise.all(parts.map(ask)).then(() => {}),
    close() {
      closed = true;
      for (const { cancel } of parts) cancel();
    },
  };
}

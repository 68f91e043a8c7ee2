/** Prices of the site: from the tariff, a file beside `site.yaml`, or a market by HTTP, asked for again every half hour. */
import { readFile, stat } from "node:fs/promises";
import { resolve } from "node:path";
import type { Clock, Log, Prices } from "../core/ports.ts";
import type { PriceSource, SiteConfiguration } from "../core/site.ts";
import { type PriceTable, pricesFromCsv, pricesFromJson, timeOfUsePrice } from "../planner/price-sources.ts";

const REFRESH_MS = 1_800_000;
const HTTP_TIMEOUT_MS = 15_000;
const MOST_BYTES = 4_000_000;

export interface PricesOptions {
  readonly tariff: SiteConfiguration["tariff"];
  readonly timeZone: string;
  /** Of `site.yaml`; a price file is relative to it. */
  readonly directory: string;
  readonly clock: Clock;
  readonly log: Log;
}

type DayAhead = Extract<PriceSource, { kind: "day-ahead" }>;
type Read = { readonly prices: PriceTable; readonly unreadable: number };

interface Source {
  at(slotStartMs: number): number | undefined;
  refresh(): Promise<void>;
}

async function readCsv(path: string): Promise<Read> {
  const { size } = await stat(path);
  if (size > MOST_BYTES) throw new Error(`it is larger than ${MOST_BYTES} bytes`);
  return pricesFromCsv(await readFile(path, "utf8"));
}

async function readHttp(url: string): Promise<Read> {
  const response = await fetch(url, {
    signal: AbortSignal.timeout(HTTP_TIMEOUT_MS),
    headers: { accept: "application/json" },
  });
  if (!response.ok || !response.body) throw new Error(`it answered ${response.status}`);
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body) {
    bytes += chunk.length;
    if (bytes > MOST_BYTES) throw new Error(`it sent more than ${MOST_BYTES} bytes`);
    chunks.push(chunk);
  }
  return pricesFromJson(JSON.parse(Buffer.concat(chunks).toString("utf8")));
}

function dayAhead(source: DayAhead, { directory, log }: PricesOptions): Source {
  let table: PriceTable = new Map();
  const places = [source.file, source.url].filter((place) => place !== undefined);
  const read = (place: string) => (place === source.file ? readCsv(resolve(directory, place)) : readHttp(place));

  async function refreshFrom(place: string): Promise<PriceTable> {
    // An address may carry a key after the question mark.
    const from = place.split("?")[0];
    try {
      const { prices, unreadable } = await read(place);
      if (unreadable > 0)
        log.warn("Some price rows could not be read; their quarter-hours have no price", { from, unreadable });
      if (prices.size === 0) log.warn("The price source has no prices; the last known ones stay", { from });
      return prices;
    } catch (error) {
      log.warn("Prices could not be read; the last known ones stay", { from, error: String(error).slice(0, 200) });
      return new Map();
    }
  }

  return {
    at(slotStartMs) {
      // With nothing known at all the plan still needs a number; else a missing slot is "not known yet".
      if (table.size === 0) return source.fallbackEurPerKwh;
      const market = table.get(slotStartMs);
      return market === undefined ? undefined : market * source.factor + source.addEurPerKwh;
    },
    async refresh() {
      const tables = await Promise.all(places.map(refreshFrom));
      const rows = tables.flatMap((prices) => [...prices]);
      if (rows.length > 0) table = new Map(rows);
    },
  };
}

function sourceOf(source: PriceSource, options: PricesOptions): Source {
  const refresh = () => Promise.resolve();
  if (source.kind === "fixed") return { at: () => source.eurPerKwh, refresh };
  if (source.kind === "day-ahead") return dayAhead(source, options);
  return { at: (slotStartMs) => timeOfUsePrice(source, slotStartMs, options.timeZone), refresh };
}

/**
 * The site's prices. `ready` resolves after the first reading of files and markets, whether it succeeded or not. Without
 * an export tariff the export price is 0.
 */
export function createPrices(options: PricesOptions): Prices & { readonly ready: Promise<void>; close(): void } {
  const { tariff, clock } = options;
  const imports = sourceOf(tariff.import, options);
  const exports = tariff.export ? sourceOf(tariff.export, options) : undefined;
  const refresh = async () => {
    await Promise.all([imports.refresh(), exports?.refresh()]);
  };
  const stop = clock.every(REFRESH_MS, "prices", () => void refresh());
  return {
    importEurPerKwh: (slotStartMs) => imports.at(slotStartMs),
    exportEurPerKwh: (slotStartMs) => (exports ? exports.at(slotStartMs) : 0),
    ready: refresh(),
    close: stop,
  };
}

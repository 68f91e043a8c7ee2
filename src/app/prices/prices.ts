/** Prices of the site: from the tariff, a file beside `site.yaml`, or a market by HTTP. */
import { feesEurPerKwh } from "../../core/money/fees.ts";
import type { Prices } from "../../core/ports.ts";
import type { PriceSource, SiteConfiguration } from "../../core/site/site.ts";
import { timeOfUsePrice } from "../../planner/prices/price-sources.ts";
import { createDayAhead, type DayAheadOptions } from "./day-ahead.ts";

export interface PricesOptions extends Omit<DayAheadOptions, "random"> {
  readonly tariff: SiteConfiguration["tariff"];
  /** From 0 to 1, so that not every site asks in the same second. */
  readonly random?: () => number;
}

interface Source {
  at(slotStartMs: number): number | undefined;
  readonly ready: Promise<void>;
  close(): void;
}

function constantly(at: Source["at"]): Source {
  return { at, ready: Promise.resolve(), close() {} };
}

const MOST_REMEMBERED_SLOTS = 1000;

/** Calendars are slow, and every tick asks for two days of slots. */
function remembered(at: Source["at"]): Source["at"] {
  const known = new Map<number, number | undefined>();
  return (slotStartMs) => {
    if (known.has(slotStartMs)) return known.get(slotStartMs);
    if (known.size >= MOST_REMEMBERED_SLOTS) known.clear();
    const price = at(slotStartMs);
    known.set(slotStartMs, price);
    return price;
  };
}

function sourceOf(source: PriceSource, options: PricesOptions): Source {
  if (source.kind === "fixed") return constantly(() => source.eurPerKwh);
  if (source.kind === "time-of-use")
    return constantly(remembered((slotMs) => timeOfUsePrice(source, slotMs, options.timeZone)));
  const market = createDayAhead(source, { random: Math.random, ...options });
  return {
    at(slotStartMs) {
      // What the owner said for this case, else unknown: a plan finds a number of its own, a bill must not.
      if (!market.known()) return source.fallbackEurPerKwh;
      const price = market.at(slotStartMs);
      return price === undefined ? undefined : price * source.factor + source.addEurPerKwh;
    },
    ready: market.ready,
    close: market.close,
  };
}

/** Grid fees come on top of the price of energy; where that is unknown, so is the sum. */
function withFees(source: Source, { tariff, timeZone }: PricesOptions): Source {
  const { fees = [] } = tariff;
  if (fees.length === 0) return source;
  const fee = remembered((slotMs) => feesEurPerKwh(fees, slotMs, timeZone));
  const at = (slotStartMs: number) => {
    const price = source.at(slotStartMs);
    return price === undefined ? undefined : Math.round((price + fee(slotStartMs)!) * 1e6) / 1e6;
  };
  return { at, ready: source.ready, close: () => source.close() };
}

/**
 * The site's prices. `ready` resolves after the first reading of files and markets, whether it succeeded or not. Without
 * an export tariff the export price is 0.
 */
export function createPrices(options: PricesOptions): Prices & { readonly ready: Promise<void>; close(): void } {
  const imports = withFees(sourceOf(options.tariff.import, options), options);
  const exports = options.tariff.export ? sourceOf(options.tariff.export, options) : constantly(() => 0);
  return {
    importEurPerKwh: (slotStartMs) => imports.at(slotStartMs),
    exportEurPerKwh: (slotStartMs) => exports.at(slotStartMs),
    ready: Promise.all([imports.ready, exports.ready]).then(() => {}),
    close() {
      imports.close();
      exports.close();
    },
  };
}

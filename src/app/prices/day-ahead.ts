/** Day-ahead prices from a file beside `site.yaml` and from a market by HTTP; what was known stays when a source fails. */
import { readFile, stat } from "node:fs/promises";
import { resolve } from "node:path";
import type { Clock, Log } from "../../core/ports.ts";
import type { PriceSource } from "../../core/site/site.ts";
import {
  type PriceRows,
  type PriceTable,
  type PriceUnit,
  pricesFromCsv,
  pricesFromJson,
} from "../../planner/prices/price-sources.ts";
import { MOST_BYTES, publicHost, readJson, reasonOf } from "../http-json.ts";
import { addressOfDay, daysToAsk, knownUntilMs, namesDay, nextAskMs } from "./price-schedule.ts";

const FILE_CHECK_MS = 60_000;
/** Yesterday stands in for a day whose prices are not out; older ones serve nothing. */
const KEPT_MS = 2 * 86_400_000;

export interface DayAheadOptions {
  readonly timeZone: string;
  /** Of `site.yaml`; a price file is relative to it. */
  readonly directory: string;
  readonly clock: Clock;
  readonly log: Log;
  /** From 0 to 1, so that not every site asks in the same second. */
  readonly random: () => number;
}

export interface DayAhead {
  /** EUR/kWh of the market, without markup. */
  at(slotStartMs: number): number | undefined;
  /** Whether any price was ever read. */
  known(): boolean;
  /** Resolves after the first reading, whether it succeeded or not. */
  readonly ready: Promise<void>;
  close(): void;
}

type DayAheadSource = Extract<PriceSource, { kind: "day-ahead" }>;

/** Rows of one place, added to what it gave before. */
function collected(from: string, { clock, log }: DayAheadOptions) {
  const table = new Map<number, number>();
  function forgetOld(): void {
    // A clock that is not trusted may stand in the future.
    if (!clock.wallTrusted()) return;
    for (const slotMs of table.keys()) if (slotMs < clock.wallMs() - KEPT_MS) table.delete(slotMs);
  }
  function add({ prices, unreadable, problem }: PriceRows): boolean {
    if (problem !== undefined) log.warn(`Prices are not used: ${problem}. The last known ones stay`, { from });
    else if (prices.size === 0) log.warn("The price source has no prices; the last known ones stay", { from });
    if (unreadable > 0)
      log.warn("Some price rows could not be read; their quarter-hours have no price", { from, unreadable });
    for (const [slotMs, price] of prices) table.set(slotMs, price);
    forgetOld();
    return prices.size > 0;
  }
  /** Whether there were prices. */
  async function read(rows: () => Promise<PriceRows>): Promise<boolean> {
    try {
      return add(await rows());
    } catch (error) {
      log.warn("Prices could not be read; the last known ones stay", { from, error: reasonOf(error) });
      return false;
    }
  }
  /** Prices that may not be out yet are not missed. */
  async function readEarly(rows: () => Promise<PriceRows>): Promise<void> {
    const found = await rows().catch(() => undefined);
    if (found && found.prices.size > 0) add(found);
    else log.debug("Tomorrow's prices are not there yet", { from });
  }
  return { table, read, readEarly };
}

interface Place {
  readonly table: PriceTable;
  readonly ready: Promise<void>;
  close(): void;
}

/** A file, read again when it changes. */
function fromFile(file: string, unit: PriceUnit | undefined, options: DayAheadOptions): Place {
  const path = resolve(options.directory, file);
  const { table, read } = collected(path, options);
  let seen: string | undefined;
  async function check(): Promise<void> {
    const found = await stat(path).catch(() => undefined);
    const version = found ? `${found.mtimeMs} ${found.size}` : "missing";
    if (version === seen) return;
    seen = version;
    await read(async () => {
      if (found && found.size > MOST_BYTES) throw new Error(`it is larger than ${MOST_BYTES} bytes`);
      return pricesFromCsv(await readFile(path, "utf8"), unit);
    });
  }
  return { table, ready: check(), close: options.clock.every(FILE_CHECK_MS, "price file", () => void check()) };
}

/** A market's address, asked when there can be news. */
function fromUrl(url: string, { unit, series }: DayAheadSource, options: DayAheadOptions): Place {
  const { clock, timeZone, random } = options;
  const { table, read, readEarly } = collected(`the market at ${publicHost(url)}`, options);
  let failures = 0;
  let closed = false;
  let cancel = () => {};
  const rowsOf = (address: string) => async () => pricesFromJson(await readJson(address), unit, series);
  /** Whether what should be known now is. */
  async function readAll(): Promise<boolean> {
    if (!namesDay(url)) return read(rowsOf(url));
    const nowMs = clock.wallMs();
    const days = daysToAsk({ nowMs, knownUntilMs: knownUntilMs(table, nowMs), timeZone });
    const isKnown = days.today === undefined || (await read(rowsOf(addressOfDay(url, days.today))));
    if (days.tomorrow !== undefined) await readEarly(rowsOf(addressOfDay(url, days.tomorrow)));
    return isKnown;
  }
  async function ask(): Promise<void> {
    failures = (await readAll()) ? 0 : failures + 1;
    if (closed) return;
    const nowMs = clock.wallMs();
    const until = knownUntilMs(table, nowMs);
    const delayMs = nextAskMs({ nowMs, knownUntilMs: until, timeZone, failures, random: random() });
    cancel = clock.after(delayMs, "prices", () => void ask());
  }
  const close = () => {
    closed = true;
    cancel();
  };
  return { table, ready: ask(), close };
}

/** Reads the file and asks the market of a day-ahead source; where both know a quarter-hour the market counts. */
export function createDayAhead(source: DayAheadSource, options: DayAheadOptions): DayAhead {
  const places: Place[] = [];
  if (source.url !== undefined) places.push(fromUrl(source.url, source, options));
  if (source.file !== undefined) places.push(fromFile(source.file, source.unit, options));
  return {
    at(slotStartMs) {
      for (const { table } of places) {
        const price = table.get(slotStartMs);
        if (price !== undefined) return price;
      }
      return undefined;
    },
    known: () => places.some(({ table }) => table.size > 0),
    ready: Promise.all(places.map(({ ready }) => ready)).then(() => {}),
    close() {
      for (const place of places) place.close();
    },
  };
}

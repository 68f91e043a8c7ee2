import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, it, vi } from "vitest";
import type { Log } from "../../core/ports.ts";
import type { PriceSource } from "../../core/site/site.ts";
import { VirtualClock } from "../../sim/virtual-clock.ts";
import { knownUntilMs, nextAskMs } from "./price-schedule.ts";
import { createPrices } from "./prices.ts";

const START_MS = Date.parse("2026-06-15T00:00Z");
const directory = mkdtempSync(join(tmpdir(), "prices-"));
const warnings: string[] = [];
const log: Log = {
  debug() {},
  info() {},
  warn: (message, details) => warnings.push(`${message} ${JSON.stringify(details)}`),
  error() {},
};
let clock = new VirtualClock(START_MS);

const dayAhead = { kind: "day-ahead" as const, fallbackEurPerKwh: 0.31, factor: 1.19, addEurPerKwh: 0.1 };

async function pricesFrom(source: PriceSource) {
  const tariff = { import: source, opportunityEurPerHour: 0 };
  const prices = createPrices({ tariff, timeZone: "Europe/Berlin", directory, clock, log, random: () => 0 });
  await prices.ready;
  return prices;
}

async function marketOf(answer: (path: string) => string) {
  const server = createServer((request, response) => {
    response.end(answer(request.url ?? ""));
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  return {
    base: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
}

beforeEach(() => {
  warnings.length = 0;
  clock = new VirtualClock(START_MS);
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

describe("the site's prices", () => {
  it("are the market's with tax and fees, and not known beyond its last row", async () => {
    writeFileSync(
      join(directory, "prices.csv"),
      "start_utc,eur_per_kwh\n2026-06-15T00:00:00Z,0.1\n2026-06-15T00:15:00Z,-0.1\n",
    );
    const prices = await pricesFrom({ ...dayAhead, file: "prices.csv" });
    expect(prices.importEurPerKwh(START_MS)).toBeCloseTo(0.219, 9);
    expect(prices.importEurPerKwh(START_MS + 900_000)).toBeCloseTo(-0.019, 9);
    expect(prices.importEurPerKwh(START_MS + 86_400_000)).toBeUndefined();
    expect(prices.exportEurPerKwh(START_MS)).toBe(0);
    prices.close();
  });

  it("have the grid's fees on top, by the time of the place, and stay unknown where the market is", async () => {
    writeFileSync(
      join(directory, "fees.csv"),
      "start_utc,eur_per_kwh\n2026-06-15T00:00:00Z,0.1\n2026-06-15T02:00:00Z,0.1\n",
    );
    const windows = [{ from: "00:00", to: "03:00", eurPerKwh: 0.01 }];
    const fees = [{ name: "grid", eurPerKwh: 0.08, windows, eurPerYear: 0 }];
    const source = { ...dayAhead, factor: 1, addEurPerKwh: 0, file: "fees.csv" };
    const tariff = { import: source, fees, opportunityEurPerHour: 0 };
    const prices = createPrices({ tariff, timeZone: "Europe/Berlin", directory, clock, log, random: () => 0 });
    await prices.ready;
    expect(prices.importEurPerKwh(START_MS)).toBe(0.11);
    expect(prices.importEurPerKwh(START_MS + 2 * 3_600_000)).toBe(0.18);
    expect(prices.importEurPerKwh(START_MS + 20 * 3_600_000)).toBeUndefined();
    prices.close();
  });

  it("follow a file that is written anew, and keep what it said of today", async () => {
    const file = join(directory, "rewritten.csv");
    const prices = await pricesFrom({ ...dayAhead, factor: 1, addEurPerKwh: 0, file: "rewritten.csv" });
    expect(prices.importEurPerKwh(START_MS)).toBe(0.31);
    writeFileSync(file, "start_utc,eur_per_kwh\n2026-06-15T00:00:00Z,0.1\n");
    await clock.advance(60_000);
    await vi.waitFor(() => expect(prices.importEurPerKwh(START_MS)).toBe(0.1));
    writeFileSync(file, "start_utc,eur_per_kwh\n2026-06-16T00:00:00Z,0.25\n2026-06-16T01:00:00Z,0.26\n");
    await clock.advance(60_000);
    await vi.waitFor(() => expect(prices.importEurPerKwh(START_MS + 86_400_000)).toBe(0.25));
    expect(prices.importEurPerKwh(START_MS)).toBe(0.1);
    expect(warnings).toHaveLength(1);
    prices.close();
  });

  it("fall back, with a warning, where the file is missing", async () => {
    const prices = await pricesFrom({ ...dayAhead, file: "missing.csv" });
    expect(prices.importEurPerKwh(START_MS)).toBe(0.31);
    expect(warnings.join()).toContain("Prices could not be read");
    prices.close();
  });

  it("come over HTTP, and an answer that is no JSON is a warning", async () => {
    const market = await marketOf((path) =>
      path === "/good" ? JSON.stringify([{ start: "2026-06-15T00:00:00Z", eur_per_kwh: 0.2 }]) : "<html>",
    );
    const good = await pricesFrom({ ...dayAhead, url: `${market.base}/good` });
    expect(good.importEurPerKwh(START_MS)).toBeCloseTo(0.338, 9);
    const bad = await pricesFrom({ ...dayAhead, url: `${market.base}/bad` });
    expect(bad.importEurPerKwh(START_MS)).toBe(0.31);
    expect(warnings).toHaveLength(1);
    good.close();
    bad.close();
    await market.close();
  });

  it("are asked for again a minute after a failure, and what was known stays", async () => {
    const answers = ["<html>", JSON.stringify([{ start: "2026-06-15T00:00:00Z", eur_per_kwh: 0.2 }])];
    const market = await marketOf(() => answers.shift() ?? "<html>");
    const prices = await pricesFrom({ ...dayAhead, factor: 1, addEurPerKwh: 0, url: `${market.base}/prices` });
    expect(prices.importEurPerKwh(START_MS)).toBe(0.31);
    await clock.advance(60_000);
    await vi.waitFor(() => expect(prices.importEurPerKwh(START_MS)).toBe(0.2));
    // The hour passes, the market fails: the price of then is still the price of then.
    await clock.advance(3_600_000);
    await vi.waitFor(() => expect(warnings).toHaveLength(2));
    expect(prices.importEurPerKwh(START_MS)).toBe(0.2);
    prices.close();
    await market.close();
  });

  it("come from a market that has an address for each day, and tomorrow's when they are out", async () => {
    const asked: string[] = [];
    let isOut = false;
    const rows = (day: string, price: number) =>
      JSON.stringify(
        Array.from({ length: 24 }, (_, hour) => ({
          NOK_per_kWh: 11 * price,
          EUR_per_kWh: price,
          time_start: new Date(Date.parse(`${day}T00:00:00+02:00`) + hour * 3_600_000).toISOString(),
        })),
      );
    const market = await marketOf((path) => {
      asked.push(path);
      if (path === "/2026/06-15_NO1.json") return rows("2026-06-15", 0.1);
      return path === "/2026/06-16_NO1.json" && isOut ? rows("2026-06-16", 0.2) : "<html>404";
    });
    const prices = await pricesFrom({
      ...{ ...dayAhead, factor: 1, addEurPerKwh: 0, unit: "EUR/kWh" },
      url: `${market.base}/{year}/{month}-{day}_NO1.json`,
      series: { time: "time_start", value: "EUR_per_kWh" },
    });
    // It is two o'clock in Berlin.
    expect(prices.importEurPerKwh(START_MS)).toBe(0.1);
    expect(asked).toEqual(["/2026/06-15_NO1.json"]);
    const tomorrowMs = START_MS + 24 * 3_600_000;
    await clock.advance(11.5 * 3_600_000);
    await vi.waitFor(() => expect(asked.at(-1)).toBe("/2026/06-16_NO1.json"));
    expect(prices.importEurPerKwh(tomorrowMs)).toBeUndefined();
    isOut = true;
    await vi.waitFor(async () => {
      await clock.advance(15 * 60_000);
      expect(prices.importEurPerKwh(tomorrowMs)).toBe(0.2);
    });
    expect(new Set(asked).size).toBe(2);
    expect(warnings).toEqual([]);
    prices.close();
    await market.close();
  });

  it("say nothing of a key in the address", async () => {
    const prices = await pricesFrom({ ...dayAhead, url: "http://owner:secret1@127.0.0.1:9/prices?key=secret2" });
    expect(warnings).toHaveLength(1);
    expect(warnings.join()).not.toMatch(/secret|owner/);
    expect(warnings.join()).toContain("the market at 127.0.0.1:9");
    prices.close();
  });

  it("are fetched with the user and password of the address", async () => {
    const seen: unknown[] = [];
    const server = createServer((request, response) => {
      seen.push(request.headers.authorization);
      response.end(JSON.stringify([{ start: "2026-06-15T00:00:00Z", eur_per_kwh: 0.2 }]));
    });
    await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
    const url = `http://owner:p%40ss@127.0.0.1:${(server.address() as AddressInfo).port}/prices`;
    const prices = await pricesFrom({ ...dayAhead, factor: 1, addEurPerKwh: 0, url });
    expect(prices.importEurPerKwh(START_MS)).toBe(0.2);
    expect(seen).toEqual([`Basic ${Buffer.from("owner:p@ss").toString("base64")}`]);
    prices.close();
    server.closeAllConnections();
    await new Promise((closed) => server.close(closed));
  });

  it("keep today where the market now knows only tomorrow", async () => {
    const day = (date: string, eurPerKwh: number) =>
      JSON.stringify([{ start: `${date}T00:00:00Z`, eur_per_kwh: eurPerKwh }]);
    const answers = [day("2026-06-15", 0.1), day("2026-06-16", 0.2)];
    const market = await marketOf(() => answers.shift() ?? "[]");
    const prices = await pricesFrom({ ...dayAhead, factor: 1, addEurPerKwh: 0, url: `${market.base}/prices` });
    await clock.advance(3_600_000);
    await vi.waitFor(() => expect(prices.importEurPerKwh(START_MS + 86_400_000)).toBe(0.2));
    expect(prices.importEurPerKwh(START_MS)).toBe(0.1);
    prices.close();
    await market.close();
  });

  it("of an unnamed unit are refused, with what to write where, and read once it is written", async () => {
    const market = await marketOf(() => JSON.stringify([{ start: "2026-06-15T00:00:00Z", price: 5 }]));
    const url = `${market.base}/prices`;
    const mute = await pricesFrom({ ...dayAhead, url });
    expect(mute.importEurPerKwh(START_MS)).toBe(0.31);
    expect(warnings.join()).toMatch(/unit.*EUR\/MWh.*site\.yaml/);
    const told = await pricesFrom({ ...dayAhead, factor: 1, addEurPerKwh: 0, url, unit: "EUR/MWh" });
    expect(told.importEurPerKwh(START_MS)).toBe(0.005);
    mute.close();
    told.close();
    await market.close();
  });

  it("that nobody knows and no fallback replaces stay unknown, for import and export alike", async () => {
    const { fallbackEurPerKwh: _, ...source } = dayAhead;
    const tariff = {
      import: { ...source, file: "missing.csv" },
      export: { ...source, file: "missing.csv" },
      opportunityEurPerHour: 0,
    };
    const prices = createPrices({ tariff, timeZone: "UTC", directory, clock, log, random: () => 0 });
    await prices.ready;
    expect(prices.importEurPerKwh(START_MS)).toBeUndefined();
    expect(prices.exportEurPerKwh(START_MS)).toBeUndefined();
    prices.close();
  });

  it("are not taken from an answer without end", async () => {
    const market = await marketOf(() => `[${"0,".repeat(2_500_000)}0]`);
    const prices = await pricesFrom({ ...dayAhead, url: `${market.base}/huge` });
    expect(prices.importEurPerKwh(START_MS)).toBe(0.31);
    expect(warnings.join()).toContain("more than 4000000 bytes");
    prices.close();
    await market.close();
  });
});

describe("the market is asked again", () => {
  const at = (local: string) => Date.parse(`2026-06-15T${local}+02:00`);
  const endOf = (day: string) => Date.parse(`${day}T00:00+02:00`) + 86_400_000;
  const minutes = (nowMs: number, known: string, failures = 0, random = 0) =>
    nextAskMs({ nowMs, knownUntilMs: endOf(known), timeZone: "Europe/Berlin", failures, random }) / 60_000;

  it("when tomorrow's prices can be out, then each quarter-hour until they are", () => {
    expect(minutes(at("11:30"), "2026-06-15")).toBe(90);
    expect(minutes(at("06:00"), "2026-06-15")).toBe(180);
    expect(minutes(at("13:20"), "2026-06-15")).toBe(15);
    expect(minutes(at("13:20"), "2026-06-16")).toBe(360);
  });

  it("each hour while even now is not known", () => {
    expect(minutes(at("06:00"), "2026-06-14")).toBe(60);
  });

  it("after failures later and later, at most an hour and a half, and not by all sites at once", () => {
    expect([1, 2, 3, 8, 99].map((failures) => minutes(at("06:00"), "2026-06-15", failures))).toEqual([1, 2, 4, 60, 60]);
    expect(minutes(at("06:00"), "2026-06-15", 99, 1)).toBe(90);
    expect(minutes(at("11:30"), "2026-06-15", 0, 0.5)).toBe(95);
    expect(minutes(at("13:20"), "2026-06-15", 99)).toBe(15);
  });

  it("knows how far the prices reach without a hole", () => {
    const table = new Map([0, 1, 3].map((slot) => [START_MS + slot * 900_000, 0.1]));
    expect(knownUntilMs(table, START_MS + 5)).toBe(START_MS + 1_800_000);
    expect(knownUntilMs(new Map(), START_MS)).toBe(START_MS);
  });
});

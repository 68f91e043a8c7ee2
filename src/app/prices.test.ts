import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import type { Clock, Log } from "../core/ports.ts";
import type { PriceSource } from "../core/site.ts";
import { createPrices } from "./prices.ts";

const START_MS = Date.parse("2026-06-15T00:00Z");
const directory = mkdtempSync(join(tmpdir(), "prices-"));
const warnings: string[] = [];
const log: Log = { debug() {}, info() {}, warn: (message) => warnings.push(message), error() {} };
const ticks: (() => void)[] = [];
const clock: Clock = {
  wallMs: () => START_MS,
  monoMs: () => 0,
  wallTrusted: () => true,
  after: () => () => {},
  every: (_, __, run) => {
    ticks.push(run);
    return () => ticks.splice(ticks.indexOf(run), 1);
  },
};

const dayAhead = { kind: "day-ahead" as const, fallbackEurPerKwh: 0.31, factor: 1.19, addEurPerKwh: 0.1 };

async function pricesFrom(source: PriceSource) {
  const tariff = { import: source, opportunityEurPerHour: 0 };
  const prices = createPrices({ tariff, timeZone: "Europe/Berlin", directory, clock, log });
  await prices.ready;
  return prices;
}

afterEach(() => {
  warnings.length = 0;
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
    expect(ticks).toHaveLength(0);
  });

  it("fall back, with a warning, where the file is missing", async () => {
    const prices = await pricesFrom({ ...dayAhead, file: "missing.csv" });
    expect(prices.importEurPerKwh(START_MS)).toBe(0.31);
    expect(warnings.join()).toContain("Prices could not be read");
    prices.close();
  });

  it("come over HTTP, and an answer that is no JSON is a warning", async () => {
    const server = createServer((request, response) => {
      response.end(
        request.url === "/good" ? JSON.stringify([{ start: "2026-06-15T00:00:00Z", price: 0.2 }]) : "<html>",
      );
    });
    await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
    const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const good = await pricesFrom({ ...dayAhead, url: `${base}/good` });
    expect(good.importEurPerKwh(START_MS)).toBeCloseTo(0.338, 9);
    const bad = await pricesFrom({ ...dayAhead, url: `${base}/bad` });
    expect(bad.importEurPerKwh(START_MS)).toBe(0.31);
    expect(warnings).toHaveLength(1);
    good.close();
    bad.close();
    server.closeAllConnections();
    await new Promise((closed) => server.close(closed));
  });
});

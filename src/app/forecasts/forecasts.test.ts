import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { siteOf } from "../../core/control/site.test-kit.ts";
import type { SiteDraft } from "../../core/facts/index.ts";
import type { Log } from "../../core/ports.ts";
import type { ForecastSource } from "../../core/site/site-forecasts.ts";
import { evolveForecasts, forecastInForce } from "../../core/state/forecasts.ts";
import { VirtualClock } from "../../sim/virtual-clock.ts";
import { forecastProblems } from "./forecast-check.ts";
import { createForecasts } from "./forecasts.ts";
import { forecastProviders } from "./providers.ts";

const NOW_MS = Date.UTC(2026, 5, 15, 10);
const directory = mkdtempSync(join(tmpdir(), "forecasts-"));
afterAll(() => rmSync(directory, { recursive: true, force: true }));
const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

let clock = new VirtualClock(NOW_MS);
let warnings: string[] = [];
let drafts: SiteDraft[] = [];
beforeEach(() => {
  clock = new VirtualClock(NOW_MS);
  warnings = [];
  drafts = [];
});
const log: Log = { debug() {}, info() {}, error() {}, warn: (m, d) => void warnings.push(`${m} ${JSON.stringify(d)}`) };

async function provider(answer: (request: IncomingMessage) => string | number) {
  const server = createServer((request, response) => {
    const said = answer(request);
    if (typeof said === "number") response.statusCode = said;
    response.end(typeof said === "number" ? "" : said);
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  closing.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function configured(forecasts: ForecastSource[]) {
  return { ...siteOf({ pv: true, evses: [{ id: "a" }] }).configuration, forecasts };
}

async function ask(forecasts: ForecastSource[]) {
  const record = async (batch: readonly SiteDraft[]) => drafts.push(...batch);
  const started = createForecasts({
    configuration: configured(forecasts),
    directory,
    clock,
    log,
    record,
    random: () => 0,
  });
  closing.push(() => started.close());
  await started.ready;
}

const series = {
  rows: "forecasts",
  time: "end",
  value: "kw",
  stamp: "end",
  minutes: 30,
  unit: "kW",
  missing: "unknown",
} as const;
const half = (kw: number) =>
  JSON.stringify({
    forecasts: [30, 60].map((minute) => ({ end: new Date(clock.wallMs() + minute * 60_000).toISOString(), kw })),
  });

describe("a forecast provider", () => {
  it("is asked with its key and its parameters, and its word is a fact; two roofs are one sun", async () => {
    const seen: string[] = [];
    const url = await provider(({ url: path, headers }) => {
      seen.push(`${path} ${headers.authorization}`);
      return half(path?.includes("east") ? 1 : 2);
    });
    writeFileSync(join(directory, "key"), "secret\n");
    const roof = (name: string) => ({
      for: "pv" as const,
      url: `${url}/{name}?peak={peakW}`,
      series,
      parameters: { name },
    });
    await ask([{ ...roof("east"), keyFile: "key" }, roof("west & south")]);
    expect(seen.sort()).toEqual(["/east?peak=10000 Bearer secret", "/west%20%26%20south?peak=10000 undefined"]);
    expect(drafts.at(-1)).toEqual({
      type: "forecast-received",
      source: "provider:own",
      data: {
        kind: "pv",
        by: "provider:own",
        series: { startMs: NOW_MS, minutes: 15, powerW: [3000, 3000, 3000, 3000] },
      },
    });
    expect(drafts).toHaveLength(1);
  });

  it("of what the grid emits tells it by the kWh; what is no emission is no forecast of it, and the other way round", async () => {
    const start = NOW_MS / 1000;
    const answer = {
      unix_seconds: [-900, 0, 900, 1800].map((seconds) => start + seconds),
      co2eq: [310, null, null, null],
      co2eq_forecast: [null, 305.4, 120, 80],
    };
    const url = await provider(() => JSON.stringify(answer));
    const { series: map, kinds } = forecastProviders().get("energy-charts")!;
    expect(kinds).toEqual(["co2"]);
    await ask([{ for: "co2", url, series: map, parameters: {} }]);
    expect(drafts).toEqual([
      {
        type: "grid-intensity-received",
        source: "provider:own",
        data: { by: "provider:own", series: { startMs: NOW_MS, minutes: 15, gramsPerKwh: [305, 120, 80] } },
      },
    ]);
    expect(warnings).toEqual([]);
    const wrong: ForecastSource[] = [
      { for: "co2", url, series, parameters: {} },
      { for: "pv", url, series: map, parameters: {} },
    ];
    expect(forecastProblems(configured(wrong)).map(({ message }) => message)).toEqual([
      expect.stringContaining("g/kWh"),
      expect.stringContaining("g/kWh is no power"),
    ]);
  });

  it("that fails is asked again later and later; the site goes on by itself, and no key is in the log", async () => {
    let answers = 0;
    const url = await provider(() => {
      answers++;
      return answers === 1 ? 500 : answers === 2 ? "<html>" : answers === 3 ? "{}" : half(4);
    });
    await ask([{ for: "building", url: `${url}/?key=hidden`, series, parameters: {} }]);
    for (const [minutes, asked] of [
      [15, 2],
      [30, 3],
      [60, 4],
    ] as const) {
      await clock.advance(minutes * 60_000);
      await vi.waitFor(() => expect(answers).toBe(asked));
      await vi.waitFor(() => expect(warnings.length).toBe(Math.min(3, asked)));
    }
    await vi.waitFor(() => expect(drafts).toHaveLength(1));
    expect(warnings.join("\n")).not.toContain("hidden");
    expect(warnings.join("\n")).toContain("500");
  });

  it("that fell silent half a day ago is no longer believed; what somebody pushed is", () => {
    const given = (by: string) =>
      evolveForecasts(
        {},
        {
          type: "forecast-received",
          data: { kind: "pv", by, series: { startMs: NOW_MS, minutes: 60, powerW: new Array(48).fill(1) } },
          ...{ source: by, seq: 1, atMs: NOW_MS, monoMs: 0, wallTrusted: true, boot: "b", version: 1 },
        },
      );
    const laterMs = NOW_MS + 13 * 3_600_000;
    expect(forecastInForce(given("provider:solcast"), "pv", NOW_MS + 3_600_000)).toBeDefined();
    expect(forecastInForce(given("provider:solcast"), "pv", laterMs)).toBeUndefined();
    expect(forecastInForce(given("api"), "pv", laterMs)).toBeDefined();
  });

  it("is known as a template, whose lacking parameters are named before the start", () => {
    expect([...forecastProviders().keys()]).toEqual(["energy-charts", "forecast-solar", "open-meteo", "solcast"]);
    const problems = forecastProblems(
      configured([
        { for: "pv", provider: "open-meteo", parameters: { tilt: 30 } },
        { for: "pv", provider: "nobody", parameters: {} },
        { for: "building", provider: "solcast", parameters: {} },
        { for: "pv", provider: "solcast", parameters: { site: "x" } },
        { for: "pv", provider: "forecast-solar", parameters: { tilt: 30, azimuth: 0 } },
      ]),
    ).map(({ message }) => message);
    expect(problems).toHaveLength(4);
    expect(problems[0]).toContain("azimuth");
    expect(problems[1]).toContain("open-meteo");
    expect(problems[3]).toContain("keyFile");
  });
});

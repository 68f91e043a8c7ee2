import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { equalShares, leastLaxity, uncontrolled } from "../sim/baselines.ts";
import { createLinearSolver } from "../solver/glpk.ts";
import { perfectForesight } from "./perfect-foresight.ts";
import { readScenario } from "./scenario-file.ts";
import { toldOrders } from "./scenario-orders.ts";
import { simulate } from "./simulate.ts";

const SCENARIOS = fileURLToPath(new URL("../../config/scenarios", import.meta.url));
let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "scenario-"));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function file(name: string, text: string): string {
  const path = join(directory, name);
  writeFileSync(path, text);
  return path;
}

const SITE = "site: { timeZone: Europe/Berlin, country: NL, mainFuseA: 32, evses: [{ id: a }, { id: b }] }";
const DAY = "period: { from: 2025-10-26, days: 1 }";

function read(lines: readonly string[], days?: number) {
  return readScenario(file("scenario.yaml", ["name: test", ...lines].join("\n")), days);
}

function scenarioOf(lines: readonly string[]) {
  const result = read(lines);
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return result;
}

const SESSION_COLUMNS =
  "session_id,site,station_id,arrival_utc,departure_utc,energy_kwh,requested_kwh,est_departure_utc,done_charging_utc,max_kw,phases,extra";

describe("a scenario file", () => {
  it("that misspells a key is refused with its line and what was meant", () => {
    const result = read([DAY, "site: { timeZone: Europe/Berlin, country: NL,", "  mainFuse: 32 }"]);
    expect(result.ok).toBe(false);
    if (result.ok) return;
    const problem = result.problems.find(({ path }) => path === "site.mainFuse");
    expect(problem).toMatchObject({ line: 4, message: '"mainFuse" is not known here' });
    expect(problem?.advice).toContain("mainFuseA");
  });

  it("that names a day which is in no calendar, or market prices for export without a file of them, is refused", () => {
    const february = read(["period: { from: 2026-02-30, days: 1 }", SITE]);
    expect(february.ok ? [] : february.problems).toMatchObject([{ line: 2, message: '"2026-02-30" is no day' }]);
    file("one.csv", "start_utc,load_kw\n2025-10-26T00:00:00Z,1");
    const begins = read([DAY, SITE, "data:", "  load: { file: one.csv, begins: 2025-02-31 }"]);
    expect(begins.ok ? [] : begins.problems).toMatchObject([{ line: 5, message: '"2025-02-31" is no day' }]);
    const sold = read([DAY, SITE, "tariff:", "  export: { kind: day-ahead }"]);
    expect(sold.ok ? [] : sold.problems).toMatchObject([{ line: 5, message: expect.stringContaining("needs prices") }]);
  });

  it("whose load is known for three days of fourteen has a building on all of them", () => {
    const hours = Array.from({ length: 72 }, (_, hour) => {
      return `${new Date(Date.UTC(2025, 10, 3, hour)).toISOString()},${hour % 24 < 12 ? 1 : 3}`;
    });
    file("three-days.csv", ["start_utc,load_kw", ...hours].join("\n"));
    const site = SITE.replace("Europe/Berlin", "UTC");
    const { scenario, notes } = scenarioOf([
      "period: { from: 2025-11-03, days: 14 }",
      site,
      "data: { load: three-days.csv }",
    ]);
    expect(scenario.loadW.slice(0, 14 * 96)).toEqual(
      Array.from({ length: 14 * 96 }, (_, slot) => (slot % 96 < 48 ? 1000 : 3000)),
    );
    file("noon.csv", "start_utc,load_kw\n2025-11-03T12:00:00Z,1.5\n2025-11-03T12:15:00Z,2.5");
    const noon = scenarioOf(["period: { from: 2025-11-03, days: 1 }", site, "data: { load: noon.csv }"]).scenario;
    expect(noon.loadW.slice(47, 51)).toEqual([2000, 1500, 2500, 2000]);
    expect(notes.map(({ text }) => text)).toContain(
      "1056 of 1344 quarter-hours are unknown; the same time of another day stands for them",
    );
  });

  it("that names a file which is not there, or a zone that is none, says so at the line", () => {
    const missing = read([DAY, SITE, "data:", "  prices: nowhere.csv"]);
    expect(missing.ok ? [] : missing.problems).toMatchObject([
      { line: 5, message: expect.stringContaining("does not exist") },
    ]);
    const nowhere = read([DAY, SITE.replace("Europe/Berlin", "Europe/Nowhere")]);
    expect(nowhere.ok ? [] : nowhere.problems).toMatchObject([
      { line: 3, message: '"Europe/Nowhere" is no time zone' },
    ]);
  });

  it("with data of the sun and no roof has the roof of the data: the controller knows where the export comes from", () => {
    const rows = Array.from({ length: 100 }, (_, slot) => {
      const atMs = Date.UTC(2025, 9, 25, 22) + slot * 900_000;
      return `${new Date(atMs).toISOString()},${slot === 50 ? 4 : 2}`;
    });
    file("sun.csv", ["start_utc,pv_kw", ...rows].join("\n"));
    const { scenario } = scenarioOf([DAY, SITE, "data: { pv: sun.csv }"]);
    expect(scenario.pvPeakW).toBe(4000);
    expect(scenario.configuration.devices.find(({ role }) => role === "pv")?.pv?.peakW).toBe(4000);
    const smaller = scenarioOf([DAY, SITE.replace(" }] }", " }], pv: { peakKw: 3 } }"), "data: { pv: sun.csv }"]);
    expect(smaller.scenario.configuration.devices.find(({ role }) => role === "pv")?.pv?.peakW).toBe(3000);
  });

  it("that names no data at all is a site without cars at a fixed price", () => {
    const { scenario } = scenarioOf([DAY, SITE]);
    expect(scenario.sessions).toEqual([]);
    expect(scenario.billedImportEurPerKwh.slice(0, 2)).toEqual([0.3, 0.3]);
  });
});

describe("the day on which the clocks change", () => {
  it("has 100 quarter-hours in autumn and 92 in spring, each with its own price", () => {
    const rows = Array.from({ length: 400 }, (_, slot) => {
      return `${new Date(Date.UTC(2025, 9, 25, 20) + slot * 900_000).toISOString()},${slot}`;
    });
    file("prices.csv", ["start_utc,eur_per_kwh", ...rows].join("\n"));
    const { scenario } = scenarioOf([DAY, SITE, "data: { prices: prices.csv }"]);
    expect((scenario.endMs - scenario.startMs) / 900_000).toBe(100);
    expect(scenario.importEurPerKwh[0]).toBe(8);
    expect(scenario.importEurPerKwh[99]).toBe(107);
    const spring = scenarioOf(["period: { from: 2025-03-30, days: 1 }", SITE]).scenario;
    expect((spring.endMs - spring.startMs) / 900_000).toBe(92);
  });
});

describe("measured series", () => {
  it("of another year and continent come at the same time of day", () => {
    // Noon in Los Angeles in June 2019 is 19:00 UTC; noon in Berlin in October 2025 is 11:00 UTC.
    file("pv.csv", "start_utc,pv_kw\n2019-06-09T19:00:00Z,3.4\n2019-06-09T19:15:00Z,1.7\n");
    const data = "data: { pv: { file: pv.csv, begins: 2019-06-09, timeZone: America/Los_Angeles, peakKw: 3.4 } }";
    const site = SITE.replace("evses", "pv: { peakKw: 6.8 }, evses");
    const { scenario } = scenarioOf([DAY, site, data]);
    const noon = (Date.UTC(2025, 9, 26, 11) - scenario.startMs) / 900_000;
    expect(scenario.pvW.slice(noon - 1, noon + 3)).toEqual([0, 6800, 3400, 0]);
  });

  it("of five minutes, half-hours and hours are averaged to quarter-hours; holes and nonsense are counted, not guessed", () => {
    const start = Date.UTC(2025, 9, 25, 22);
    const five = [1, 2, 3, "", "x", 6].map((kw, index) => `${new Date(start + index * 300_000).toISOString()},${kw}`);
    file("load.csv", ["start_utc,load_kw", ...five, "broken line"].join("\n"));
    const { scenario, notes } = scenarioOf([DAY, SITE, "data: { load: load.csv }"]);
    expect(scenario.loadW.slice(0, 1)).toEqual([2000]);
    const texts = notes.map(({ text }) => text);
    expect(texts).toContain("1 row left out: blank (load_kw)");
    expect(texts).toContain("1 row left out: not a number (load_kw)");
    expect(texts).toContain("1 row left out: line has another number of cells than the header (load_kw)");
    expect(texts.some((text) => /^9\d of 100 quarter-hours are unknown/.test(text))).toBe(true);
  });

  it("may have their columns in any order, with a mark at the beginning and the line ends of Windows", () => {
    file("turned.csv", "\uFEFFeur_per_kwh,start_utc\r\n0.25,2025-10-25T22:00:00Z\r\n0.5,2025-10-25T23:00:00Z\r\n");
    const { scenario } = scenarioOf([DAY, SITE, "data: { prices: turned.csv }"]);
    expect(scenario.importEurPerKwh.slice(3, 5)).toEqual([0.25, 0.5]);
  });

  it("that know nothing of the period are refused", () => {
    file("old.csv", "start_utc,eur_per_kwh\n2019-01-01T00:00:00Z,0.1\n");
    const result = read([DAY, SITE, "data: { prices: old.csv }"]);
    expect(result.ok ? [] : result.problems).toMatchObject([
      { message: expect.stringContaining("knows nothing of the period: it has 2019-01-01 to 2019-01-01") },
    ]);
  });
});

describe("a site that may export 1 kW", () => {
  it("throttles its sun, in reality as in perfect foresight", async () => {
    file("sun.csv", "start_utc,pv_kw\n2025-10-26T11:00:00Z,4\n2025-10-26T12:00:00Z,0\n");
    const site = SITE.replace("evses", "exportLimitW: 1000, evses");
    const tariff = "tariff: { export: { kind: fixed, eurPerKwh: 0.1 } }";
    const { scenario } = scenarioOf([DAY, site, tariff, "data: { pv: sun.csv }"]);
    const optimum = perfectForesight(scenario, { linear: await createLinearSolver(), endValueEurPerKwh: 0 });
    expect(uncontrolled(scenario)).toMatchObject({ exportWh: 1000, costEur: -0.1 });
    expect(optimum?.exportWh).toBeCloseTo(1000, 3);
  });
});

describe("a site whose sun is paid better than what it imports costs", () => {
  it("cannot do both at once: perfect foresight exports the sun and charges in the night, and no rule is cheaper", async () => {
    file("sun.csv", "start_utc,pv_kw\n2025-10-26T11:00:00Z,4\n2025-10-26T12:00:00Z,0\n");
    file("stays.csv", [SESSION_COLUMNS, "s1,x,a,2025-10-26T10:55:00Z,2025-10-26T16:00:00Z,4,,,,3.68,1,"].join("\n"));
    const tariff = "tariff: { import: { kind: fixed, eurPerKwh: 0.1 }, export: { kind: fixed, eurPerKwh: 0.3 } }";
    const site = SITE.replace("NL", "NL, unbalanceLimitA: 63");
    const { scenario } = scenarioOf([DAY, site, tariff, "data: { pv: sun.csv, sessions: stays.csv }"]);
    const optimum = perfectForesight(scenario, { linear: await createLinearSolver(), endValueEurPerKwh: 0 });
    // Of the hour's 4 kWh all are sold for 0.30 EUR, of the car's 4 kWh all are bought for 0.10.
    expect(optimum?.costEur).toBeCloseTo(-0.8, 3);
    expect(uncontrolled(scenario).costEur).toBeGreaterThan(-0.8);
    expect(optimum?.method).not.toContain("relaxed");
  });

  it("is found out exactly for a week with a car that may give back: no energy is sold that nobody has", async () => {
    const hours = (value: (hour: number) => number) =>
      Array.from(
        { length: 168 },
        (_, hour) =>
          `2025-09-${15 + Math.floor(hour / 24)}T${String(hour % 24).padStart(2, "0")}:00:00Z,${value(hour % 24)}`,
      ).join("\n");
    file("sun.csv", `start_utc,pv_kw\n${hours((hour) => Math.max(0, 6 - Math.abs(hour - 11)))}\n`);
    file("load.csv", `start_utc,load_kw\n${hours((hour) => 0.3 + (hour % 7) / 20)}\n`);
    file(
      "prices.csv",
      `start_utc,eur_per_kwh\n${hours((hour) => 0.3 - 0.25 * Math.cos(((hour - 1) * Math.PI) / 6) ** 2 - hour / 1000)}\n`,
    );
    const stay = (day: number) =>
      `s${day},x,a,2025-09-${day}T10:10:00Z,2025-09-${day + 1}T06:40:00Z,${4 + day / 10},,,,11,3,`;
    file("stays.csv", [SESSION_COLUMNS, ...[15, 16, 17, 18, 19, 20].map(stay)].join("\n"));
    const { scenario } = scenarioOf([
      "period: { from: 2025-09-15, days: 7 }",
      "site: { timeZone: UTC, country: NL, mainFuseA: 32, exportLimitW: 8000, pv: { peakKw: 6, control: true }, evses: [{ id: a, discharge: { by: negative-limit, maxPowerW: 10000, capacityWh: 60000, minSocPercent: 30, efficiencyPercent: 85, wearEurPerKwh: 0.04 } }] }",
      "tariff: { import: { kind: day-ahead }, export: { kind: fixed, eurPerKwh: 0.08 } }",
      "data: { pv: sun.csv, load: load.csv, prices: prices.csv, sessions: stays.csv }",
    ]);
    const linear = await createLinearSolver();
    const optimum = perfectForesight(scenario, { linear, endValueEurPerKwh: 0, limitMs: 10_000 })!;
    expect(optimum.method).not.toContain("relaxed");
    const billed = optimum.gridW.reduce((sum, powerW, slot) => {
      const eurPerKwh = powerW > 0 ? scenario.billedImportEurPerKwh[slot]! : scenario.exportEurPerKwh[slot]!;
      return sum + (powerW / 4000) * eurPerKwh;
    }, 0);
    expect(optimum.costEur).toBeCloseTo(billed, 2);
  });
});

describe("a car with more phases than its EVSE", () => {
  it("charges on those that are wired: what it got has been imported", () => {
    file("stays.csv", [SESSION_COLUMNS, "s1,x,a,2025-10-26T10:00:00Z,2025-10-26T11:00:00Z,9,,,,11,3,"].join("\n"));
    const site = "site: { timeZone: Europe/Berlin, country: NL, mainFuseA: 32, evses: [{ id: a, phases: [L2] }] }";
    const { scenario } = scenarioOf([DAY, site, "data: { sessions: stays.csv }"]);
    const free = uncontrolled(scenario);
    expect(free.importWh).toBeGreaterThan(3000);
    expect(free.importWh).toBeLessThan(3680);
    expect(free.energyDeliveredWh).toBeCloseTo(free.importWh, -1);
  });
});

it("a scenario may be named by all that is peculiar to it: longer than a site's name", () => {
  const name =
    "Garage of eight, March, semicolons and decimal commas, half of the drivers misstate, 25 A, prices with a day missing";
  const result = readScenario(file("long.yaml", [`name: "${name}"`, DAY, SITE].join("\n")));
  expect(result.ok && result.scenario.name).toBe(name);
});

describe("a contract for less than the fuse", () => {
  it("is kept by the simple rules, too: by all but those who charge without control", () => {
    const stays = ["a", "b"].map((id) => `s-${id},x,${id},2025-10-26T10:00:00Z,2025-10-26T14:00:00Z,20,,,,11,3,`);
    file("stays.csv", [SESSION_COLUMNS, ...stays].join("\n"));
    const site = SITE.replace("mainFuseA: 32", "mainFuseA: 32, importLimitW: 9000");
    const { scenario } = scenarioOf([DAY, site, "data: { sessions: stays.csv }"]);
    expect(uncontrolled(scenario).peakW).toBeGreaterThan(15_000);
    for (const rule of [equalShares, leastLaxity]) {
      expect(rule(scenario).peakW).toBeLessThanOrEqual(9000);
      expect(rule(scenario).peakW).toBeGreaterThan(8000);
    }
  });
});

describe("dirty sessions", () => {
  const rows = [
    "s1,x,a,2025-10-26T08:00:00Z,2025-10-26T12:00:00Z,10,,,,7.4,1,",
    "s1,x,a,2025-10-26T08:00:00Z,2025-10-26T12:00:00Z,10,,,,7.4,1,",
    "s2,x,a,2025-10-26T09:00:00Z,2025-10-26T13:00:00Z,10,,,,7.4,1,",
    's3,x,,2025-10-26T09:00:00+02:00,2025-10-26T13:00:00Z,8,20,2025-10-26T20:00:00Z,,11,3,"a=1;user=U,7"',
    "s4,x,b,2025-10-26T15:00:00Z,,10,,,,7.4,1,",
    "s5,x,b,2025-10-26T15:00:00Z,2025-10-26T14:00:00Z,10,,,,7.4,1,",
    "s6,x,b,2025-10-26T15:00:00Z,2025-10-26T15:01:00Z,100,,,,7.4,1,",
    "s7,x,b,2025-10-26T15:00:00Z,2025-10-28T15:00:00Z,10,,,,7.4,1,",
    "s8,x,b,2025-10-26T15:00:00Z,2025-10-26T16:00:00Z,,,,,7.4,1,",
  ];

  it("are left out and counted by reason; the others keep what the driver said", () => {
    file("sessions.csv", [SESSION_COLUMNS, ...rows].join("\n"));
    const { scenario, notes } = scenarioOf([DAY, SITE, "data: { sessions: sessions.csv }"]);
    expect(scenario.sessions).toMatchObject([
      {
        id: "s3",
        evseId: "a",
        requestedWh: 20_000,
        statedDepartureMs: Date.UTC(2025, 9, 26, 20),
        phases: 3,
        token: "user-U7",
      },
    ]);
    const texts = notes.map(({ text }) => text);
    for (const why of [
      "session was there before",
      "no time of departure",
      "left before it came",
      "more energy than any charger can give in that time",
      "stays beyond the period",
      "no energy",
    ])
      expect(texts).toContain(`1 row left out: ${why}`);
    expect(texts).toContain("2 rows left out: its EVSE was taken");
  });
});

describe("flexibility orders", () => {
  const DAY_IN_JUNE = "period: { from: 2025-06-02, days: 1 }";
  const session = "s1,x,a,2025-06-02T06:00:00Z,2025-06-02T16:00:00Z,11,11,2025-06-02T16:00:00Z,,11.04,3,";
  const dear = (fromUtc: number, toUtc: number) =>
    Array.from({ length: 48 }, (_, hour) => {
      const cheap = hour >= fromUtc && hour < toUtc;
      return `${new Date(Date.UTC(2025, 5, 1, 22 + hour)).toISOString()},${cheap ? 0.05 : 0.4}`;
    });
  const lines = [DAY_IN_JUNE, SITE, "tariff: { import: { kind: day-ahead } }"];
  const data = "data: { sessions: ordered.csv, prices: cheap.csv }";
  const order = (more = "") => `orders: [{ from: 2025-06-02T12:00, to: 2025-06-02T14:00, importLimitW: 5000${more} }]`;

  it("are a limit of the site in their time for plan, guard, rules and the best possible, and lift no fuse", async () => {
    file("ordered.csv", [SESSION_COLUMNS, session].join("\n"));
    // 12:00 to 14:00 at the site is by far the cheapest.
    file("cheap.csv", ["start_utc,eur_per_kwh", ...dear(12, 14)].join("\n"));
    const free = scenarioOf([...lines, data]).scenario;
    const { scenario } = scenarioOf([...lines, order(), data]);
    const within = (gridW: readonly number[]) => gridW.slice(48, 56);
    const kwh = (gridW: readonly number[]) => within(gridW).reduce((sum, powerW) => sum + powerW / 4000, 0);
    expect(kwh((await simulate(free)).gridW)).toBeGreaterThan(10);
    const kept = await simulate(scenario);
    expect(Math.max(...within(kept.gridW))).toBeLessThanOrEqual(5050);
    // As much as it allows is used, the rest is charged at another time.
    expect(kwh(kept.gridW)).toBeGreaterThan(8);
    expect(kept.energyDeliveredWh).toBeGreaterThan(10_900);
    const best = perfectForesight(scenario, { linear: await createLinearSolver(), endValueEurPerKwh: 0 });
    expect(Math.max(...within(best!.gridW))).toBeLessThanOrEqual(5001);
    const late = { ...scenario, orders: scenario.orders!.map((one) => ({ ...one, startMs: scenario.startMs })) };
    expect(Math.max(...equalShares(late).gridW.slice(0, 56))).toBeLessThanOrEqual(5001);
    const high = { ...scenario, orders: scenario.orders!.map((one) => ({ ...one, importLimitW: 500_000 })) };
    expect((await simulate(high)).peakA).toBeLessThanOrEqual(32);
  }, 60_000);

  it("are told as early as the file says; one that ends before it begins is refused", () => {
    const { scenario } = scenarioOf([...lines, order(", toldHoursBefore: 2"), data]);
    const hourMs = 3_600_000;
    const told = (hour: number) => toldOrders(scenario, scenario.startMs + hour * hourMs, hourMs).length;
    expect([9, 10, 11].map(told)).toEqual([0, 1, 0]);
    const early = scenarioOf([...lines, order(), data]).scenario;
    expect(toldOrders(early, early.startMs + 1000, 1000)[0]?.data).toMatchObject({
      limitW: [{ startMs: Date.UTC(2025, 5, 2, 10), endMs: Date.UTC(2025, 5, 2, 12), value: 5000 }],
    });
    const wrong = read([...lines, order().replace("T14:00", "T11:00"), data]);
    expect(wrong.ok ? [] : wrong.problems).toMatchObject([{ line: 5, path: "orders.0.to" }]);
  });
});

describe("what the grid emits", () => {
  it("is told to the controller as far as the file knows it, and is in its books", async () => {
    const rows = Array.from(
      { length: 20 },
      (_, hour) => `${new Date(Date.UTC(2025, 9, 25, 22 + hour)).toISOString()},320`,
    );
    file("co2.csv", ["start_utc,g_per_kwh", ...rows].join("\n"));
    const { scenario } = scenarioOf([DAY, SITE, "data: { co2: co2.csv }"]);
    const told: unknown[] = [];
    await simulate(scenario, {
      onFacts: (facts) => {
        for (const fact of facts) if (fact.type === "quarter-hour-metered") told.push(fact.data.co2GramsPerKwh);
      },
    });
    expect(told.slice(0, 80).every((grams) => grams === 320)).toBe(true);
    expect(told.at(-1)).toBeUndefined();
  }, 30_000);
});

describe("what drivers said", () => {
  it("is not used where it cannot be meant, and counted; a power that is none is that of the file", () => {
    const rows = [
      "s1,x,a,2025-10-26T08:00:00Z,2025-10-26T12:00:00Z,10,lots,yesterday,,0,?,",
      "s2,x,b,2025-10-26T08:00:00Z,2025-10-26T12:00:00Z,10,-5,2025-10-26T07:00:00Z,,,,",
      "s3,x,a,2025-10-26T13:00:00Z,2025-10-26T14:00:00Z,x,,,,,,",
    ];
    file("said.csv", [SESSION_COLUMNS, ...rows].join("\n"));
    const { scenario, notes } = scenarioOf([
      DAY,
      SITE,
      "data: { sessions: { file: said.csv, maxKw: 7.36, phases: 1 } }",
    ]);
    expect(scenario.sessions.map(({ maxCurrentA, phases }) => [maxCurrentA, phases])).toEqual([
      [32, 1],
      [32, 1],
    ]);
    for (const session of scenario.sessions) {
      expect(session).not.toHaveProperty("requestedWh");
      expect(session).not.toHaveProperty("statedDepartureMs");
    }
    expect(notes.map(({ text }) => text)).toEqual([
      "1 row left out: energy is not a number",
      "2 statements not used: no possible energy",
      "2 statements not used: no departure after the arrival",
      "2 sessions used",
    ]);
  });
});

describe("the scenarios that come with wattledger", () => {
  const names = readdirSync(SCENARIOS).filter((name) => name.endsWith(".yaml"));

  it.each(
    names,
  )("%s can be read, has cars, and its best plan never costs more than uncontrolled charging", async (name) => {
    const result = readScenario(join(SCENARIOS, name), 10);
    if (!result.ok) throw new Error(JSON.stringify(result.problems));
    const { scenario } = result;
    expect(scenario.sessions.length).toBeGreaterThan(3);
    const optimum = perfectForesight(scenario, { linear: await createLinearSolver(), endValueEurPerKwh: 0.2 });
    const free = uncontrolled(scenario);
    const storedKwh = ((free.batteryEndWh ?? 0) - (optimum?.batteryEndWh ?? 0)) / 1000;
    const missingKwh = (free.energyDeliveredWh - (optimum?.energyDeliveredWh ?? 0)) / 1000;
    expect(missingKwh).toBeLessThan(0.01 * (free.energyDeliveredWh / 1000));
    const best = (optimum?.costEur ?? Number.NaN) + (optimum?.wearEur ?? 0) + storedKwh * 0.2 + missingKwh;
    expect(best).toBeLessThanOrEqual(free.costEur + free.wearEur + 0.05);
  });

  it("run the same twice", async () => {
    const result = readScenario(join(SCENARIOS, "public.yaml"), 1);
    if (!result.ok) throw new Error("refused");
    const { startMs, sessions } = result.scenario;
    const endMs = startMs + 14 * 3_600_000;
    const day = { ...result.scenario, endMs, sessions: sessions.filter(({ departureMs }) => departureMs <= endMs) };
    const [once, twice] = [await simulate(day), await simulate(day)];
    expect(once.sessions).toBeGreaterThan(3);
    expect(twice).toEqual(once);
  }, 60_000);
});

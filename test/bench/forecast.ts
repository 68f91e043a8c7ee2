/**
 * How far forecasts are off on measured series, beside what anybody could say without reckoning: as yesterday, as a week
 * ago, the mean of three weeks. Files that are named are taken instead: CSV (`start_utc` and `load_kw` or `pv_kw`).
 */
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import type { QuarterHour } from "../../src/core/state/site-slice.ts";
import { SLOT_MS } from "../../src/core/time/slots.ts";
import { forecastBuildingW, forecastPvW } from "../../src/planner/forecast/forecast.ts";
import { parseCsv } from "../../src/study/csv.ts";
import { readSeries } from "../../src/study/scenario-series.ts";
import type { BenchLine } from "./line.ts";

const OWN_FILES = ["house-load-pv.csv", "load-profile-nl.csv", "pv-2012.csv"].map((name) =>
  fileURLToPath(new URL(`../../config/scenarios/data/${name}`, import.meta.url)),
);
const DAY_SLOTS = 96;
const HISTORY_SLOTS = 21 * DAY_SLOTS;
/** A forecast every nine hours and a quarter: each time of the day comes, and each day of the week. */
const EVERY_SLOTS = 37;
/** Hours ahead that are told apart, in slots. */
const AHEAD = { "1 h": [0, 4], "6 h": [4, 24], "24 h": [24, 96] } as const;

type Kind = "load" | "pv";
type Power = number | undefined;

interface Measured {
  readonly file: string;
  readonly kind: Kind;
  readonly startMs: number;
  /** Mean power by quarter-hour, W; undefined is unknown. */
  readonly powerW: readonly Power[];
}

/** W ahead of a slot of the series, from what was before it. */
type Forecast = (series: Measured, from: number) => readonly Power[];

const ahead = (f: (slot: number) => Power): Power[] => Array.from({ length: DAY_SLOTS }, (_, slot) => f(slot));

function own({ kind, startMs, powerW }: Measured, from: number): number[] {
  const quarterHours: QuarterHour[] = [];
  for (let slot = Math.max(0, from - HISTORY_SLOTS); slot < from; slot++) {
    const power = powerW[slot];
    if (power === undefined) continue;
    const energy = kind === "load" ? { buildingWh: power / 4 } : { pvWh: power / 4 };
    quarterHours.push({ slotStartMs: startMs + slot * SLOT_MS, complete: true, ...energy });
  }
  const nowW = powerW[from - 1];
  const input = { quarterHours, startMs: startMs + from * SLOT_MS, slots: DAY_SLOTS };
  const now = nowW === undefined ? input : { ...input, nowW };
  return kind === "load" ? forecastBuildingW(now) : forecastPvW(now);
}

const PEERS: Readonly<Record<string, Forecast>> = {
  yesterday: ({ powerW }, from) => ahead((slot) => powerW[from + slot - DAY_SLOTS]),
  "last week": ({ powerW }, from) => ahead((slot) => powerW[from + slot - 7 * DAY_SLOTS]),
  "mean of three weeks": ({ powerW }, from) =>
    ahead((slot) => {
      const days = Array.from({ length: 21 }, (_, day) => powerW[from + slot - (day + 1) * DAY_SLOTS]);
      const known = days.filter((power) => power !== undefined);
      return known.length === 0 ? undefined : known.reduce((sum, power) => sum + power, 0) / known.length;
    }),
};

interface ForecastLine extends BenchLine {
  readonly hours: Errors["percent"];
  readonly bias: number;
  readonly peers: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

interface Errors {
  /** Mean absolute error by hours ahead, and of a day's energy; bias; all in per cent of the mean power. */
  readonly percent: Readonly<Record<string, number>>;
  readonly dayPercent: number;
  readonly biasPercent: number;
}

function errorsOf(series: Measured, forecast: Forecast): Errors {
  const sums = new Map(Object.keys(AHEAD).map((name) => [name, { absolute: 0, count: 0 }]));
  let [bias, actual, count, dayError, days] = [0, 0, 0, 0, 0];
  for (let from = HISTORY_SLOTS; from + DAY_SLOTS <= series.powerW.length; from += EVERY_SLOTS) {
    const said = forecast(series, from);
    let [dayOff, known] = [0, 0];
    for (const [name, [begin, end]] of Object.entries(AHEAD)) {
      for (let slot = begin; slot < end; slot++) {
        const [truth, guess] = [series.powerW[from + slot], said[slot]];
        if (truth === undefined || guess === undefined) continue;
        const sum = sums.get(name)!;
        sum.absolute += Math.abs(guess - truth);
        sum.count++;
        known++;
        dayOff += guess - truth;
        actual += truth;
      }
    }
    bias += dayOff;
    count += known;
    if (known < DAY_SLOTS) continue;
    dayError += Math.abs(dayOff) / DAY_SLOTS;
    days++;
  }
  const mean = actual / Math.max(1, count);
  const percent = (value: number) => Math.round((1000 * value) / mean) / 10;
  return {
    percent: Object.fromEntries([...sums].map(([name, sum]) => [name, percent(sum.absolute / Math.max(1, sum.count))])),
    dayPercent: percent(dayError / Math.max(1, days)),
    biasPercent: percent(bias / Math.max(1, count)),
  };
}

function measuredIn(file: string): Measured[] {
  const table = parseCsv(readFileSync(file, "utf8"));
  const columns = table.columns.flatMap((column): { column: string; kind: Kind }[] => {
    if (column.startsWith("load_kw")) return [{ column, kind: "load" }];
    return column.startsWith("pv_kw") ? [{ column, kind: "pv" }] : [];
  });
  return columns.map(({ column, kind }) => {
    const { bySlot } = readSeries(table, column);
    const starts = [...bySlot.keys()];
    const startMs = Math.min(...starts);
    const slots = Math.round((Math.max(...starts) - startMs) / SLOT_MS) + 1;
    // A blank of the sun's is night.
    const blank = kind === "pv" ? 0 : undefined;
    const at = (slot: number) => bySlot.get(startMs + slot * SLOT_MS);
    const powerW = Array.from({ length: slots }, (_, slot) => {
      const kw = at(slot);
      return kw === undefined ? blank : Math.max(0, kw * 1000);
    });
    return { file: basename(file), kind, startMs, powerW };
  });
}

function lineOf(series: Measured): ForecastLine {
  const { percent, dayPercent, biasPercent } = errorsOf(series, own);
  const peers = Object.entries(PEERS).map(([name, forecast]) => [name, errorsOf(series, forecast)] as const);
  return {
    name: `forecast ${series.kind} ${series.file}`,
    value: dayPercent,
    unit: "% error of the energy of the next day",
    limit: Math.min(...peers.map(([, errors]) => errors.dayPercent)),
    hours: percent,
    bias: biasPercent,
    peers: Object.fromEntries(peers.map(([name, errors]) => [name, { day: errors.dayPercent, ...errors.percent }])),
  };
}

/** One line a measured series; its limit is the best of the simple peers. */
export async function benchForecast(args: readonly string[]): Promise<BenchLine[]> {
  return (args.length > 0 ? args : OWN_FILES).flatMap((file) => measuredIn(file).map(lineOf));
}

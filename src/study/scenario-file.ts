/** Reads a scenario: its YAML by schema, its measured files beside it, and says what of them it could not use. */
import { readFileSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { Ajv } from "ajv";
import { type ConfigurationProblem, parseConfiguration, Source } from "../app/configuration/configuration.ts";
import { schemaProblems } from "../app/configuration/schema-problems.ts";
import { feesEurPerKwh } from "../core/money/fees.ts";
import type { PriceSource } from "../core/site/site.ts";
import { siteModel } from "../core/site/site-model.ts";
import { isTimeZone, midnightMs, wallClockMs } from "../core/time/calendar.ts";

import { SLOT_MS } from "../core/time/slots.ts";
import { timeOfUsePrice } from "../planner/prices/price-sources.ts";
import type { Scenario, ScenarioBattery, ScenarioSeries } from "../sim/scenario.ts";
import { type CsvTable, parseCsv } from "./csv.ts";
import { ordersOf } from "./scenario-orders.ts";
import { type DataFile, type ScenarioFile, ScenarioSchema, type SessionsFile } from "./scenario-schema.ts";
import { overSlots, readSeries, type SeriesRead, type Shift, timeColumn, withoutHoles } from "./scenario-series.ts";
import { readSessions } from "./scenario-sessions.ts";
import { siteDocument } from "./scenario-site-configuration.ts";

/** What was found in a measured file, for a person. */
export interface DataNote {
  readonly file: string;
  readonly text: string;
}

export type ScenarioResult =
  | { readonly ok: true; readonly scenario: Scenario; readonly notes: readonly DataNote[] }
  | { readonly ok: false; readonly problems: readonly ConfigurationProblem[] };

const LARGEST_YAML_BYTES = 1_000_000;
const LARGEST_CSV_BYTES = 100_000_000;
const DAY_MS = 86_400_000;
/** Prices are looked up beyond the end, as a plan does. */
const SLOTS_BEYOND = 2 * 96;

const ajv = new Ajv({ allErrors: true, strict: true, verbose: true });
const validate = ajv.compile(ScenarioSchema);

type Path = readonly (string | number)[];

/** Whether a day is in the calendar, as 2025-02-30 is not. */
function isDay(text: string): boolean {
  const ms = Date.parse(`${text}T00:00:00Z`);
  return Number.isFinite(ms) && new Date(ms).toISOString().startsWith(text);
}

/** A mistake in the scenario or in one of its files, with the place in the scenario. */
class ScenarioProblem extends Error {
  readonly path: Path;
  readonly advice: string;
  constructor(path: Path, message: string, advice: string) {
    super(message);
    this.path = path;
    this.advice = advice;
  }
}

interface Reading {
  readonly document: ScenarioFile;
  readonly directory: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly slots: number;
  readonly notes: DataNote[];
}

function note(reading: Reading, file: string, text: string): void {
  reading.notes.push({ file, text });
}

const counted = (count: number, what: string) => `${count} ${what}${count === 1 ? "" : "s"}`;

/** `where` in the file, if not all of it was asked for. */
function noteDropped(reading: Reading, file: string, dropped: Readonly<Record<string, number>>, where = ""): void {
  for (const [why, count] of Object.entries(dropped))
    note(reading, file, `${counted(count, "row")} left out: ${why}${where}`);
}

function tableOf(reading: Reading, file: string, path: Path): CsvTable {
  const full = resolve(reading.directory, file);
  try {
    if (statSync(full).size > LARGEST_CSV_BYTES) throw new Error("it is larger than 100 MB");
    return parseCsv(readFileSync(full, "utf8"));
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    const why = code === "ENOENT" ? "does not exist" : `cannot be read (${code ?? (error as Error).message})`;
    throw new ScenarioProblem(path, `${full} ${why}`, "Paths are relative to the scenario's own folder");
  }
}

function shiftOf(reading: Reading, data: Pick<DataFile, "begins" | "timeZone">, path: Path): Shift {
  const { site, period } = reading.document;
  const fileZone = data.timeZone ?? site.timeZone;
  if (!isTimeZone(fileZone))
    throw new ScenarioProblem(path, `"${fileZone}" is no time zone`, "Write an IANA zone, such as Europe/Berlin");
  const byMs = data.begins === undefined ? 0 : Date.parse(data.begins) - Date.parse(period.from);
  if (data.begins !== undefined && !isDay(data.begins))
    throw new ScenarioProblem(path, `"${data.begins}" is no day`, "Write it like 2019-05-06");
  return { siteZone: site.timeZone, fileZone, byMs };
}

const normal = <T extends object>(data: string | (T & { readonly file: string })) =>
  typeof data === "string" ? ({ file: data } as T & { readonly file: string }) : data;

/** From when to when a file has values. */
function spanText({ bySlot }: SeriesRead): string {
  if (bySlot.size === 0) return ": no row of it has a time and a number";
  let [first, last] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const slotMs of bySlot.keys()) [first, last] = [Math.min(first, slotMs), Math.max(last, slotMs)];
  const day = (atMs: number) => new Date(atMs).toISOString().slice(0, 10);
  return `: it has ${day(first)} to ${day(last)}`;
}

interface SeriesQuestion {
  readonly key: "prices" | "exportPrices" | "pv" | "load" | "co2";
  readonly columns: readonly string[];
}

/** A series of the data over the period and two days more; `undefined` where the scenario names none. */
function seriesOf(reading: Reading, { key, columns }: SeriesQuestion): ScenarioSeries | undefined {
  const named = reading.document.data[key];
  if (named === undefined) return undefined;
  const data = normal<DataFile>(named as string | DataFile);
  const path = ["data", key];
  const table = tableOf(reading, data.file, path);
  const known = table.columns.filter((name) => name !== timeColumn(table));
  const column =
    data.column?.toLowerCase() ??
    columns.find((name) => known.includes(name)) ??
    (known.length === 1 ? known[0] : undefined);
  if (column === undefined || !known.includes(column))
    throw new ScenarioProblem(
      path,
      `${data.file} has no column ${column ?? columns[0]}`,
      `It has: ${table.columns.join(", ")}`,
    );
  const read = readSeries(table, column);
  noteDropped(reading, data.file, read.dropped, ` (${column})`);
  const series = overSlots(read, reading.startMs, reading.slots + SLOTS_BEYOND, shiftOf(reading, data, path));
  if (series.slice(0, reading.slots).every((value) => value === undefined))
    throw new ScenarioProblem(
      path,
      `${data.file} knows nothing of the period${spanText(read)}`,
      "Correct period.from, or say with `begins:` which day of the file stands for it",
    );
  return series;
}

/** Without holes: the same time of another day stands for what is unknown, the mean where no day knows that time. */
function filled(reading: Reading, series: ScenarioSeries, what: string): number[] {
  const known = series.filter((value) => value !== undefined);
  const mean = known.reduce((sum, value) => sum + value, 0) / Math.max(1, known.length);
  const { values } = withoutHoles(series, mean);
  const holes = series.slice(0, reading.slots).filter((value) => value === undefined).length;
  if (holes > 0)
    note(
      reading,
      what,
      `${holes} of ${reading.slots} quarter-hours are unknown; the same time of another day stands for them`,
    );
  return values;
}

/** Building and sun, W. A blank of the sun's is no sun where it is blank at the same time of most days. */
function flows(reading: Reading): Pick<Scenario, "loadW" | "pvW" | "pvPeakW"> {
  const { site, data } = reading.document;
  const none = () => new Array<number>(reading.slots + SLOTS_BEYOND).fill(0);
  const load = seriesOf(reading, { key: "load", columns: ["load_kw", "kw", "power_kw"] });
  const pv = seriesOf(reading, { key: "pv", columns: ["pv_kw", "kw", "power_kw"] });
  const loadKw = load ? filled(reading, load, "load") : none();
  const meanKw = data.load === undefined || typeof data.load === "string" ? undefined : data.load.meanKw;
  const fileMeanKw = loadKw.slice(0, reading.slots).reduce((sum, kw) => sum + kw, 0) / reading.slots;
  const loadFactor = meanKw === undefined || fileMeanKw <= 0 ? 1 : meanKw / fileMeanKw;
  const filePeakKw = data.pv === undefined || typeof data.pv === "string" ? undefined : data.pv.peakKw;
  const highestKw = Math.max(0.1, ...(pv ?? []).map((kw) => kw ?? 0));
  const peakKw = site.pv?.peakKw ?? (pv ? (filePeakKw ?? highestKw) : 0);
  const pvFactor = filePeakKw === undefined ? 1 : peakKw / filePeakKw;
  const unknown = (pv ?? []).slice(0, reading.slots).filter((kw) => kw === undefined).length;
  if (unknown > 0) note(reading, "pv", `${unknown} of ${reading.slots} quarter-hours are unknown and count as no sun`);
  return {
    loadW: loadKw.map((kw) => Math.max(0, kw * 1000 * loadFactor)),
    pvW: pv ? pv.map((kw) => Math.max(0, (kw ?? 0) * 1000 * pvFactor)) : none(),
    pvPeakW: pv ? peakKw * 1000 : 0,
  };
}

/** Prices of a tariff; `market` is the series of the data that a day-ahead tariff builds on. */
function priced(reading: Reading, source: PriceSource | undefined, market: ScenarioSeries | undefined): ScenarioSeries {
  const { timeZone } = reading.document.site;
  return Array.from({ length: reading.slots + SLOTS_BEYOND }, (_, slot) => {
    const slotMs = reading.startMs + slot * SLOT_MS;
    if (source?.kind === "fixed") return source.eurPerKwh;
    if (source?.kind === "time-of-use") return timeOfUsePrice(source, slotMs, timeZone);
    const price = market?.[slot];
    return price === undefined ? undefined : price * (source?.factor ?? 1) + (source?.addEurPerKwh ?? 0);
  });
}

const DEFAULT_IMPORT: PriceSource = { kind: "fixed", eurPerKwh: 0.3 };
const PRICE_COLUMNS = ["eur_per_kwh", "price"];

type ScenarioPrices = Pick<Scenario, "importEurPerKwh" | "billedImportEurPerKwh" | "exportEurPerKwh" | "isDayAhead">;

function prices(reading: Reading): ScenarioPrices {
  const { tariff } = reading.document;
  const market = seriesOf(reading, { key: "prices", columns: PRICE_COLUMNS });
  const exportMarket = seriesOf(reading, { key: "exportPrices", columns: PRICE_COLUMNS });
  if (tariff?.import?.kind === "day-ahead" && !market)
    throw new ScenarioProblem(
      ["tariff", "import"],
      "needs prices, and the scenario names none",
      "Name a file under data.prices",
    );
  if (tariff?.export?.kind === "day-ahead" && !market && !exportMarket)
    throw new ScenarioProblem(
      ["tariff", "export"],
      "needs prices, and the scenario names none",
      "Name a file under data.exportPrices, or data.prices where both have the same market",
    );
  const energy = priced(reading, tariff?.import ?? (market ? undefined : DEFAULT_IMPORT), market);
  const { timeZone } = reading.document.site;
  const fee = (slot: number) => feesEurPerKwh(tariff?.fees ?? [], reading.startMs + slot * SLOT_MS, timeZone);
  const importEurPerKwh = energy.map((price, slot) => (price === undefined ? undefined : price + fee(slot)));
  const exportSource = tariff?.export ?? (exportMarket ? undefined : ({ kind: "fixed", eurPerKwh: 0 } as const));
  const exported = priced(reading, exportSource, exportMarket ?? market);
  return {
    importEurPerKwh,
    billedImportEurPerKwh: filled(reading, importEurPerKwh, "prices"),
    exportEurPerKwh: filled(reading, exported, "export prices"),
    isDayAhead: tariff?.import ? tariff.import.kind === "day-ahead" : market !== undefined,
  };
}

function batteryOf({ battery }: ScenarioFile["site"]): { battery?: ScenarioBattery } {
  if (!battery) return {};
  const { capacityWh, maxChargeW, maxDischargeW, minSocPercent, startSocPercent, efficiencyPercent, wearEurPerKwh } =
    battery;
  return {
    battery: {
      capacityWh,
      maxChargeW,
      maxDischargeW,
      minEnergyWh: (capacityWh * minSocPercent) / 100,
      startEnergyWh: (capacityWh * Math.max(minSocPercent, startSocPercent)) / 100,
      efficiency: Math.sqrt(efficiencyPercent / 100),
      wearEurPerKwh,
    },
  };
}

function sessionsOf(reading: Reading, evses: Scenario["evses"], voltageV: number): Scenario["sessions"] {
  const { data } = reading.document;
  if (data.sessions === undefined) return [];
  const { file, begins: _, timeZone: __, ...options } = normal<SessionsFile>(data.sessions);
  const table = tableOf(reading, file, ["data", "sessions"]);
  for (const column of ["arrival_utc", "departure_utc", "energy_kwh"])
    if (!table.columns.includes(column))
      throw new ScenarioProblem(
        ["data", "sessions"],
        `${file} has no column ${column}`,
        `It has: ${table.columns.join(", ")}`,
      );
  const shift = shiftOf(reading, normal<SessionsFile>(data.sessions), ["data", "sessions"]);
  const { startMs, endMs } = reading;
  const read = readSessions(table, { startMs, endMs, voltageV, evses, shift, ...options });
  noteDropped(reading, file, read.dropped);
  for (const [why, count] of Object.entries(read.unheard))
    note(reading, file, `${counted(count, "statement")} not used: ${why}`);
  note(reading, file, `${counted(read.sessions.length, "session")} used`);
  return read.sessions;
}

/** Whoever has data of the sun has a roof: where the site names none, it is the plant of the data. */
function withRoof({ document }: Reading, pvPeakW: number): ScenarioFile {
  const { site } = document;
  return site.pv || pvPeakW === 0 ? document : { ...document, site: { ...site, pv: { peakKw: pvPeakW / 1000 } } };
}

function ordered(document: ScenarioFile): Pick<Scenario, "orders"> {
  const orders = ordersOf(document);
  if (typeof orders === "number")
    throw new ScenarioProblem(["orders", orders, "to"], "the order ends before it begins", "Correct its times");
  return orders.length === 0 ? {} : { orders };
}

function compose(reading: Reading, file: string): Scenario {
  const { startMs, endMs } = reading;
  const sunAndLoad = flows(reading);
  const document = withRoof(reading, sunAndLoad.pvPeakW);
  const parsed = parseConfiguration(JSON.stringify(siteDocument(document)), file);
  if (!parsed.ok) {
    const [problem] = parsed.problems;
    throw new ScenarioProblem(["site"], `${problem?.path}: ${problem?.message}`, problem?.advice ?? "Correct it");
  }
  const site = siteModel(parsed.configuration);
  const evses = site.evses.map(({ id, circuitPath, phases, minCurrentA, maxCurrentA, phaseSwitching, discharge }) => ({
    id,
    circuitPath,
    phases,
    minCurrentA,
    maxCurrentA,
    ...(phaseSwitching ? { phaseSwitching } : {}),
    ...(discharge ? { discharge } : {}),
  }));
  const co2 = seriesOf(reading, { key: "co2", columns: ["g_per_kwh", "gco2_per_kwh", "co2_g_per_kwh"] });
  return {
    name: document.name,
    seed: document.seed,
    timeZone: document.site.timeZone,
    startMs,
    endMs,
    voltageV: site.voltageV,
    sitePhases: site.phases,
    circuits: site.circuits.map(({ id, limitA, limitW }) => ({
      id,
      limitA,
      ...(limitW === undefined ? {} : { limitW }),
    })),
    ...(site.unbalanceLimitA === undefined || site.phases === 1 ? {} : { unbalanceLimitA: site.unbalanceLimitA }),
    ...(document.site.exportLimitW === undefined ? {} : { exportLimitW: document.site.exportLimitW }),
    ...(document.site.pv?.control ? { mayHoldSun: true } : {}),
    evses,
    ...batteryOf(document.site),
    ...sunAndLoad,
    ...prices(reading),
    ...(co2 ? { co2GramsPerKwh: co2, emittedGramsPerKwh: filled(reading, co2, "co2") } : {}),
    ...ordered(document),
    sessions: sessionsOf(reading, evses, site.voltageV),
    configuration: parsed.configuration,
  };
}

/** The period from its first to its last midnight, as long as its days are there, 92 to 100 quarter-hours each. */
function periodOf(
  document: ScenarioFile,
  days: number | undefined,
): { readonly startMs: number; readonly endMs: number } {
  const { site, period } = document;
  if (!isTimeZone(site.timeZone))
    throw new ScenarioProblem(
      ["site", "timeZone"],
      `"${site.timeZone}" is no time zone`,
      "Write an IANA zone, such as Europe/Berlin",
    );
  const startMs = midnightMs(period.from, site.timeZone);
  if (!isDay(period.from) || !Number.isFinite(startMs))
    throw new ScenarioProblem(["period", "from"], `"${period.from}" is no day`, "Write it like 2019-05-06");
  const wallMs = wallClockMs(startMs, site.timeZone) + (days ?? period.days) * DAY_MS;
  const last = new Date(wallMs).toISOString().slice(0, 10);
  return { startMs, endMs: midnightMs(last, site.timeZone) };
}

/** Reads the text of a scenario; `days` shortens its period. Never throws on what people write. */
export function parseScenario(text: string, file: string, days?: number): ScenarioResult {
  if (text.length > LARGEST_YAML_BYTES) throw new RangeError(`${file} is larger than 1 MB`);
  const source = new Source(text, file);
  const syntax = source.syntaxProblems();
  if (syntax.length > 0) return { ok: false, problems: syntax };
  const value = source.value(ScenarioSchema);
  if (!validate(value)) return { ok: false, problems: source.located(schemaProblems(validate.errors ?? [])) };
  const document = value as ScenarioFile;
  try {
    const { startMs, endMs } = periodOf(document, days);
    const slots = Math.round((endMs - startMs) / SLOT_MS);
    const reading: Reading = { document, directory: dirname(resolve(file)), startMs, endMs, slots, notes: [] };
    return { ok: true, scenario: compose(reading, file), notes: reading.notes };
  } catch (error) {
    if (!(error instanceof ScenarioProblem)) throw error;
    const { path, message, advice } = error;
    return { ok: false, problems: source.located([{ severity: "error", path, message, advice }]) };
  }
}

/** Reads a scenario file. */
export function readScenario(file: string, days?: number): ScenarioResult {
  try {
    return parseScenario(readFileSync(file, "utf8"), file, days);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    const message = code === "ENOENT" ? "does not exist" : `cannot be read (${code ?? (error as Error).message})`;
    const problem = {
      severity: "error" as const,
      file,
      line: 1,
      column: 1,
      path: "",
      message,
      advice: "See docs/scenarios.md",
    };
    return { ok: false, problems: [problem] };
  }
}

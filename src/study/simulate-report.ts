/** One scenario under the controller, under the usual rules, and at its best: the same cars, books and limits for all. */

import { cheapestSlots, earliestDeadline, equalShares, leastLaxity, uncontrolled } from "../sim/baselines.ts";
import { type Scenario, slotImportLimitW, slotsOf } from "../sim/scenario.ts";
import type { ScenarioTotals } from "../sim/scenario-books.ts";
import { createLinearSolver } from "../solver/glpk.ts";
import { type CapacityMonth, capacityBillEur, capacityMonths } from "./capacity-bill.ts";
import { informedScenario, type Truth } from "./informed.ts";
import { type PerfectForesight, perfectForesight } from "./perfect-foresight.ts";
import { rampKept } from "./ramp-kept.ts";
import type { FullReport, Regret, ReportColumn, ReportSeries, SimulationReport } from "./report.ts";
import { AHEAD } from "./report-words.ts";
import type { DataNote } from "./scenario-file.ts";
import { type SimulationResult, simulate } from "./simulate.ts";

export interface ComparisonOptions {
  /** Hears of the controller's simulated days. */
  readonly onDay?: (day: number) => void;
  /** Runs controller and rules once more, told the truth of these. */
  readonly told?: readonly Truth[];
}

const OWN = "wattledger";
const UNCONTROLLED = "uncontrolled";
const OPTIMUM = "perfect foresight";
const RULES: readonly (readonly [string, (scenario: Scenario) => ScenarioTotals])[] = [
  [UNCONTROLLED, uncontrolled],
  ["equal shares", equalShares],
  ["cheapest slots", cheapestSlots],
  ["earliest deadline", earliestDeadline],
  ["least laxity", leastLaxity],
];
/** Meters and pilots are not exact: less than this is not missing. */
const SHORT_WH = 100;
const DRIVER_SHORT_WH = 500;
const LEAST_SAVING_EUR = 0.05;

const round = (value: number, digits: number) => Math.round(value * 10 ** digits) / 10 ** digits;

/** Prices by which runs are compared that differ in what they delivered and left in the battery. */
interface Yardstick {
  readonly missingEurPerKwh: number;
  readonly storedEurPerKwh: number;
  readonly optimum: PerfectForesight;
  readonly months: readonly CapacityMonth[];
  readonly scenario: Scenario;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

type Run = Pick<ScenarioTotals, "costEur" | "wearEur" | "deliveredWh" | "gridW" | "peakW" | "batteryEndWh"> &
  Pick<Partial<PerfectForesight>, "capacityEur"> &
  ReportSeries;

/** What the months' peaks cost, EUR: of perfect foresight by its model, which fills a step to its edge. */
function capacityOf({ capacityEur, gridW }: Run, months: readonly CapacityMonth[]): number {
  return capacityEur ?? capacityBillEur(months, gridW);
}

function comparable(run: Run, { missingEurPerKwh, storedEurPerKwh, scenario, months }: Yardstick): number {
  const missingKwh = scenario.sessions.reduce(
    (sum, session) => sum + Math.max(0, session.energyWh - (run.deliveredWh.get(session.id) ?? 0)) / 1000,
    0,
  );
  const storedKwh = ((run.batteryEndWh ?? 0) - (scenario.battery?.startEnergyWh ?? 0)) / 1000;
  const storedEur = scenario.battery ? storedKwh * storedEurPerKwh : 0;
  return run.costEur + run.wearEur + capacityOf(run, months) + missingKwh * missingEurPerKwh - storedEur;
}

/** What a car or a battery that takes nothing stands by with, W. */
const STANDBY_W = 50;

/** Quarter-hours above a contracted import; of those in which the building took it alone nobody is to blame. */
function quarterHoursAbove(scenario: Scenario, { gridW, evsesW, batteryW }: Run): number {
  const takes = (slot: number) => (evsesW[slot] ?? 0) > STANDBY_W || (batteryW[slot] ?? 0) > STANDBY_W;
  return gridW.filter((powerW, slot) => powerW > slotImportLimitW(scenario, slot) * 1.01 && takes(slot)).length;
}

/** What a reader has to know of the building beside the columns. */
function buildingNotes({ secondsOfBuilding }: ScenarioTotals): DataNote[] {
  if (secondsOfBuilding === 0) return [];
  const text = `the building alone was above a fuse for ${secondsOfBuilding} s, without any car or battery: no overload of anybody's`;
  return [{ file: "load", text }];
}

function column(name: string, run: Run & { readonly energyDeliveredWh: number }, yardstick: Yardstick): ReportColumn {
  const { scenario, optimum, months } = yardstick;
  let [shortWh, driversShort, statedWh] = [0, 0, 0];
  for (const { id, energyWh, requestedWh = 0 } of scenario.sessions) {
    const possibleWh = Math.min(energyWh, optimum.deliveredWh.get(id) ?? 0);
    const missingWh = possibleWh - (run.deliveredWh.get(id) ?? 0);
    const missingOfStatedWh = Math.min(possibleWh, requestedWh) - (run.deliveredWh.get(id) ?? 0);
    if (missingOfStatedWh > SHORT_WH) statedWh += missingOfStatedWh;
    if (missingWh > SHORT_WH) shortWh += missingWh;
    if (missingWh > DRIVER_SHORT_WH) driversShort++;
  }
  const isLimited = scenario.circuits[0]?.limitW !== undefined || (scenario.orders ?? []).length > 0;
  const ramp = rampKept(scenario, run.gridW.slice(0, slotsOf(scenario)));
  const deliveredKwh = run.energyDeliveredWh / 1000;
  return {
    name,
    energyAskedKwh: round(scenario.sessions.reduce((sum, session) => sum + session.energyWh, 0) / 1000, 1),
    energyDeliveredKwh: round(deliveredKwh, 1),
    shortKwh: round(shortWh / 1000, 1),
    driversShort,
    shortOfStatedKwh: round(statedWh / 1000, 1),
    ...(months.length === 0 ? {} : { capacityEur: round(capacityOf(run, months), 2) }),
    costEur: round(run.costEur, 2),
    wearEur: round(run.wearEur, 2),
    comparableEur: round(comparable(run, yardstick), 2),
    peakKw: round(run.peakW / 1000, 1),
    ...(isLimited ? { quarterHoursAboveContract: quarterHoursAbove(scenario, run) } : {}),
    ...(ramp ? { quarterHoursAboveRamp: ramp.quarterHours, worstAboveRampW: ramp.worstW } : {}),
  };
}

function measured(totals: ScenarioTotals): Partial<ReportColumn> {
  const { selfConsumption, co2Kg, batteryCycles } = totals;
  return {
    peakA: totals.peakA,
    secondsAboveLimit: totals.secondsAboveLimit,
    overloads: totals.overloads,
    ...(selfConsumption === undefined ? {} : { selfConsumptionPercent: round(100 * selfConsumption, 1) }),
    ...(co2Kg === undefined ? {} : { co2Kg }),
    ...(batteryCycles === undefined ? {} : { batteryCycles }),
  };
}

function own(result: SimulationResult): Partial<ReportColumn> {
  return {
    profileMessages: result.limitsSent,
    guardInterventions: result.interventions,
    plans: result.plans,
    plansByRules: result.plansByRules,
  };
}

function ideal(optimum: PerfectForesight, scenario: Scenario): Partial<ReportColumn> {
  const { battery, emittedGramsPerKwh } = scenario;
  const pvW = scenario.pvW.slice(0, slotsOf(scenario));
  const pvWh = pvW.reduce((sum, powerW) => sum + powerW / 4, 0);
  const soldWh = pvW.reduce((sum, powerW, slot) => sum + Math.min(powerW, Math.max(0, -optimum.gridW[slot]!)) / 4, 0);
  const usableWh = battery ? battery.capacityWh - battery.minEnergyWh : 0;
  const dischargedWh = optimum.batteryW.reduce((sum, powerW) => sum + Math.max(0, -powerW) / 4, 0);
  const co2Grams = optimum.gridW.reduce(
    (sum, powerW, slot) => sum + (Math.max(0, powerW) / 4000) * (emittedGramsPerKwh?.[slot] ?? 0),
    0,
  );
  return {
    ...(pvWh > 0 ? { selfConsumptionPercent: round(100 * (1 - soldWh / pvWh), 1) } : {}),
    ...(emittedGramsPerKwh ? { co2Kg: round(co2Grams / 1000, 1) } : {}),
    ...(battery ? { batteryCycles: round(dischargedWh / usableWh, 1) } : {}),
  };
}

function regretOf(columns: readonly ReportColumn[]): Regret {
  const eur = (name: string) => columns.find((entry) => entry.name === name)!.comparableEur;
  const achievable = eur(UNCONTROLLED) - eur(OPTIMUM);
  const lost = (name: string) =>
    achievable < LEAST_SAVING_EUR ? {} : { lostPercent: round((100 * (eur(name) - eur(OPTIMUM))) / achievable, 1) };
  const rules = RULES.map(([name]) => name).filter((name) => name !== UNCONTROLLED);
  const best = rules.toSorted((a, b) => eur(a) - eur(b))[0]!;
  return {
    achievableSavingEur: round(achievable, 2),
    savedEur: round(eur(UNCONTROLLED) - eur(OWN), 2),
    ...lost(OWN),
    bestRule: { name: best, ...lost(best) },
  };
}

/** Values by which the runs of a scenario are compared. Throws where the best plan is not found within minutes. */
async function yardstickOf(scenario: Scenario): Promise<Yardstick> {
  const billed = scenario.billedImportEurPerKwh.slice(0, slotsOf(scenario));
  const { efficiency = 1, wearEurPerKwh = 0 } = scenario.battery ?? {};
  const storedEurPerKwh = Math.max(0, median(billed) * efficiency - wearEurPerKwh / 2);
  const linear = await createLinearSolver();
  const options = { linear, endValueEurPerKwh: storedEurPerKwh };
  const optimum =
    perfectForesight(scenario, { ...options, limitMs: 300_000 }) ??
    perfectForesight(scenario, { ...options, windowDays: 5, aheadDays: 2, limitMs: 120_000 });
  if (!optimum) throw new Error(`${scenario.name}: the best plan in hindsight was not found in time`);
  return {
    missingEurPerKwh: Math.max(0, ...billed),
    storedEurPerKwh,
    optimum,
    months: capacityMonths(scenario),
    scenario,
  };
}

type NamedRun = readonly [name: string, run: ReportSeries];

interface Compared {
  readonly columns: readonly ReportColumn[];
  readonly regret: Regret;
  readonly runs: readonly NamedRun[];
  readonly notes: readonly DataNote[];
}

/** Controller and rules, as they are or told the truth, beside the best that was possible. */
async function compared(yardstick: Yardstick, { onDay, told = [] }: ComparisonOptions): Promise<Compared> {
  const { scenario, optimum } = yardstick;
  const known = informedScenario(scenario, told);
  const result = await simulate(scenario, { told, ...(onDay ? { onDay } : {}) });
  const rules = RULES.map(([name, rule]) => ({ name, totals: rule(known) }));
  const columns: ReportColumn[] = [
    { ...column(OWN, result, yardstick), ...measured(result), ...own(result) },
    ...rules.map(({ name, totals }) => ({ ...column(name, totals, yardstick), ...measured(totals) })),
    { ...column(OPTIMUM, optimum, yardstick), ...ideal(optimum, scenario) },
  ].map((entry) => ({
    ...entry,
    ...(entry.energyDeliveredKwh > 0 ? { eurPerKwhDelivered: round(entry.costEur / entry.energyDeliveredKwh, 4) } : {}),
  }));
  const runs: NamedRun[] = [
    [OWN, result],
    ...rules.map(({ name, totals }): NamedRun => [name, totals]),
    [OPTIMUM, optimum],
  ];
  return { columns, regret: regretOf(columns), runs, notes: buildingNotes(result) };
}

/** Why less than nothing was lost, where it was. */
export function aheadNotes(regrets: readonly (Regret | undefined)[]): DataNote[] {
  const isAhead = regrets.some((regret) => (regret?.lostPercent ?? 0) < 0);
  return isAhead ? [{ file: "perfect foresight", text: `less than nothing was lost: ${AHEAD}` }] : [];
}

/** Runs a scenario in every way and compares. */
export async function compareScenario(
  scenario: Scenario,
  notes: readonly DataNote[],
  options: ComparisonOptions = {},
): Promise<FullReport> {
  const startedMs = performance.now();
  const yardstick = await yardstickOf(scenario);
  const { optimum } = yardstick;
  const { onDay } = options;
  const compare = await compared(yardstick, onDay ? { onDay } : {});
  const { columns, regret, runs } = compare;
  const informed = options.told?.length ? await compared(yardstick, options) : undefined;
  const report: SimulationReport = {
    scenario: scenario.name,
    fromUtc: new Date(scenario.startMs).toISOString(),
    untilUtc: new Date(scenario.endMs).toISOString(),
    timeZone: scenario.timeZone,
    days: Math.round((scenario.endMs - scenario.startMs) / 86_400_000),
    evses: scenario.evses.length,
    sessions: scenario.sessions.length,
    notes: [...notes, ...compare.notes, ...aheadNotes([regret, informed?.regret])],
    optimum: optimum.method,
    missingEurPerKwh: round(yardstick.missingEurPerKwh, 4),
    storedEurPerKwh: round(yardstick.storedEurPerKwh, 4),
    tookS: round((performance.now() - startedMs) / 1000, 1),
    columns,
    regret,
    ...(informed ? { informed: { columns: informed.columns, regret: informed.regret } } : {}),
  };
  const series = Object.fromEntries(
    runs.map(([name, { gridW, evsesW, batteryW }]) => [name, { gridW, evsesW, batteryW }]),
  );
  return { report, series, scenario };
}

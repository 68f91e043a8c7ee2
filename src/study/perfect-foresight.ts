/**
 * What the period could have cost at best: a linear model of the same cars, battery, fuses and prices that knows
 * everything in advance. First the least missing energy, then the least money. Cars may draw any power from nothing to
 * their most, and a quarter-hour is one power: both make it a little better than anything real, so it is a bound.
 */
import { SLOT_HOURS } from "../core/time/slots.ts";
import { type Scenario, slotsOf } from "../sim/scenario.ts";
import type { LinearSolver, Solution } from "../solver/glpk.ts";
import { capacityBillEur, capacityMonths } from "./capacity-bill.ts";
import { backFactor } from "./foresight-discharge.ts";
import { type Flows, KILO, WindowModel } from "./foresight-model.ts";
import { modelCars } from "./model-car.ts";

export interface PerfectForesight {
  /** Import less export, wear, and what the peaks of the months cost, EUR. */
  readonly costEur: number;
  readonly wearEur: number;
  readonly capacityEur: number;
  readonly importWh: number;
  readonly exportWh: number;
  readonly deliveredWh: ReadonlyMap<string, number>;
  readonly energyDeliveredWh: number;
  readonly batteryEndWh?: number;
  readonly gridW: readonly number[];
  readonly evsesW: readonly number[];
  readonly batteryW: readonly number[];
  readonly peakW: number;
  /** How it was found, for a person. */
  readonly method: string;
}

export interface ForesightOptions {
  readonly linear: LinearSolver;
  /** EUR/kWh of what is stored at the end. */
  readonly endValueEurPerKwh: number;
  /** Days decided at once, and days looked ahead beyond them; the whole period where it is left out. */
  readonly windowDays?: number;
  readonly aheadDays?: number;
  readonly limitMs?: number;
}

const DAY_SLOTS = 96;
/** Of the yes-or-no of a tariff's steps, and of exporting above the price of importing. */
const CHOICES_GAP = 1e-4;
const CHOICES_MS = 20_000;

interface State {
  readonly doneKwh: Map<string, number>;
  batteryKwh: number;
}

interface Found {
  readonly carsKw: Float64Array;
  /** Wear of what cars gave back, EUR. */
  carsWearEur: number;
  /** What the months' peaks cost, EUR; missing where no model knew of whole months. */
  peaksEur?: number;
  readonly importKw: Float64Array;
  readonly exportKw: Float64Array;
  readonly chargeKw: Float64Array;
  readonly dischargeKw: Float64Array;
}

function emptyFound(slots: number): Found {
  const series = () => new Float64Array(slots);
  return {
    carsKw: series(),
    carsWearEur: 0,
    importKw: series(),
    exportKw: series(),
    chargeKw: series(),
    dischargeKw: series(),
  };
}

/** Takes what is decided up to `until` into what was found so far. */
function commit(
  flows: Flows,
  values: readonly number[],
  until: number,
  found: Found,
  state: State,
  scenario: Scenario,
): void {
  const value = (variable: number | undefined) => (variable === undefined ? 0 : Math.max(0, values[variable] ?? 0));
  for (const [id, variables] of flows.cars) {
    for (const [slot, variable] of variables) {
      if (slot >= until) continue;
      found.carsKw[slot]! += value(variable);
      state.doneKwh.set(id, (state.doneKwh.get(id) ?? 0) + value(variable) * SLOT_HOURS);
    }
  }
  for (const [id, { variables, car }] of flows.given) {
    for (const [slot, variable] of variables) {
      if (slot >= until) continue;
      const kwh = value(variable) * SLOT_HOURS;
      found.carsKw[slot]! -= value(variable);
      found.carsWearEur += kwh * (car.evse.discharge?.wearEurPerKwh ?? 0);
      state.doneKwh.set(id, (state.doneKwh.get(id) ?? 0) - kwh * backFactor(car));
    }
  }
  for (let slot = 0; slot < until; slot++) {
    if (flows.imports[slot] === undefined) continue;
    found.importKw[slot] = value(flows.imports[slot]);
    found.exportKw[slot] = value(flows.exports[slot]);
    const [chargeKw, dischargeKw] = [value(flows.charge[slot]), value(flows.discharge[slot])];
    found.chargeKw[slot] = chargeKw;
    found.dischargeKw[slot] = dischargeKw;
    const { efficiency = 1 } = scenario.battery ?? {};
    state.batteryKwh += SLOT_HOURS * (chargeKw * efficiency - dischargeKw / efficiency);
  }
}

function result(scenario: Scenario, found: Found, state: State, method: string): PerfectForesight {
  const { billedImportEurPerKwh, exportEurPerKwh, battery } = scenario;
  const sum = (series: ArrayLike<number>, weight: (slot: number) => number) =>
    Array.from(series).reduce((total, kw, slot) => total + kw * SLOT_HOURS * weight(slot), 0);
  const storedEur = battery
    ? (battery.wearEurPerKwh / 2) * (sum(found.chargeKw, () => 1) + sum(found.dischargeKw, () => 1))
    : 0;
  const wearEur = storedEur + found.carsWearEur;
  const watts = (series: ArrayLike<number>) => Array.from(series, (kw) => Math.round(kw * KILO));
  const gridW = watts(found.importKw.map((kw, slot) => kw - found.exportKw[slot]!));
  const deliveredWh = new Map([...state.doneKwh].map(([id, kwh]) => [id, kwh * KILO]));
  return {
    costEur:
      sum(found.importKw, (slot) => billedImportEurPerKwh[slot]!) -
      sum(found.exportKw, (slot) => exportEurPerKwh[slot]!),
    wearEur,
    capacityEur: found.peaksEur ?? capacityBillEur(capacityMonths(scenario), gridW),
    importWh: sum(found.importKw, () => KILO),
    exportWh: sum(found.exportKw, () => KILO),
    deliveredWh,
    energyDeliveredWh: [...deliveredWh.values()].reduce((total, wh) => total + wh, 0),
    ...(battery ? { batteryEndWh: Math.round(state.batteryKwh * KILO) } : {}),
    gridW,
    evsesW: watts(found.carsKw),
    batteryW: watts(found.chargeKw.map((kw, slot) => kw - found.dischargeKw[slot]!)),
    peakW: Math.max(0, ...gridW),
    method,
  };
}

/** Exact where it is found in time; else with yes-or-no in between: no plan can be cheaper, but none may reach it. */
function solved(
  { build, hasChoices }: WindowModel,
  { linear, limitMs = 600_000 }: ForesightOptions,
): { readonly solution: Solution; readonly isExact: boolean } {
  const model = build.model();
  const exactMs = Math.min(CHOICES_MS, limitMs);
  const exact = hasChoices
    ? linear.solve(model, { relaxed: false, relativeGap: CHOICES_GAP, limitMs: exactMs })
    : undefined;
  if (exact?.status === "optimal") return { solution: exact, isExact: true };
  return { solution: linear.solve(model, { relaxed: true, limitMs }), isExact: !hasChoices };
}

/** The optimum of the whole period, or of windows that overlap; `undefined` where a window was not solved in time. */
export function perfectForesight(scenario: Scenario, options: ForesightOptions): PerfectForesight | undefined {
  const slots = slotsOf(scenario);
  const cars = modelCars(scenario);
  const windowSlots = Math.max(DAY_SLOTS, Math.round((options.windowDays ?? slots) * DAY_SLOTS));
  const aheadSlots = Math.round((options.aheadDays ?? 2) * DAY_SLOTS);
  const state: State = { doneKwh: new Map(), batteryKwh: (scenario.battery?.startEnergyWh ?? 0) / KILO };
  const found = emptyFound(slots);
  const isWhole = windowSlots >= slots;
  const months = capacityMonths(scenario);
  let isAllExact = true;
  for (let from = 0; from < slots; from += windowSlots) {
    const window = { from, until: Math.min(slots, from + windowSlots + aheadSlots) };
    const model = new WindowModel(scenario, window, options.endValueEurPerKwh);
    for (const car of cars) {
      if (car.until <= from || car.from >= window.until) continue;
      model.addCar(car, state.doneKwh.get(car.session.id) ?? 0);
    }
    model.addBattery(state.batteryKwh);
    model.addGrid();
    model.addRamp(from > 0 ? found.importKw[from - 1]! - found.exportKw[from - 1]! : undefined);
    if (isWhole) model.addPeaks(months);
    const { solution, isExact } = solved(model, options);
    isAllExact &&= isExact;
    if (solution.status !== "optimal") return undefined;
    commit(model.flows, solution.values, Math.min(slots, from + windowSlots), found, state, scenario);
    // Not the bill of what was found: whole W, or the solver's last digit, would be above a step that it keeps exactly.
    if (isWhole)
      found.peaksEur = model.peaks.reduce((eur, { variable, cost }) => eur + cost * solution.values[variable]!, 0);
  }
  const method = isWhole
    ? "linear model of the whole period at once: no plan can be cheaper"
    : `linear models of ${windowSlots / DAY_SLOTS} days, each looking ${aheadSlots / DAY_SLOTS} days further${months.length > 0 ? ", blind to the month's peak" : ""}`;
  return result(
    scenario,
    found,
    state,
    isAllExact ? method : `${method}; its yes-or-no relaxed, so no plan may reach it`,
  );
}

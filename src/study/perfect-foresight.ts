/**
 * What the period could have cost at best: a linear model of the same cars, battery, fuses and prices that knows
 * everything in advance. First the least missing energy, then the least money. Cars may draw any power from nothing to
 * their most, and a quarter-hour is one power: both make it a little better than anything real, so it is a bound.
 */

import { PHASE_INDEXES, type PhaseIndex } from "../core/quantity.ts";
import { SLOT_HOURS, SLOT_MS } from "../core/slots.ts";
import { type LinearTerm, type ModelBuilder, modelBuilder } from "../planner/linear-model.ts";
import { PHASE_SHARES } from "../sim/models/building.ts";
import { type Scenario, type ScenarioEvse, type ScenarioSession, sessionPowerW, slotsOf } from "../sim/scenario.ts";
import type { LinearSolver } from "../solver/glpk.ts";
import { type CapacityMonth, capacityBillEur, capacityMonths } from "./capacity-bill.ts";

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
const KILO = 1000;
/** Far above any price: missing energy is avoided first. */
const MISSING_EUR_PER_KWH = 100;

/** Above any site. */
const MOST_KW = 10_000;
const STEP_GAP = 1e-4;

/** A car as the model sees it. */
interface ModelCar {
  readonly session: ScenarioSession;
  readonly evse: ScenarioEvse;
  readonly phases: readonly PhaseIndex[];
  readonly maxKw: number;
  /** First slot of its stay, and the one after its last. */
  readonly from: number;
  readonly until: number;
}

interface State {
  readonly doneKwh: Map<string, number>;
  batteryKwh: number;
}

interface Window {
  readonly from: number;
  readonly until: number;
}

interface Flows {
  readonly cars: Map<string, readonly (readonly [number, number])[]>;
  readonly imports: (number | undefined)[];
  readonly exports: (number | undefined)[];
  readonly charge: number[];
  readonly discharge: number[];
}

const term = (variable: number, coefficient: number): LinearTerm => ({ variable, coefficient });

function modelCars(scenario: Scenario): ModelCar[] {
  const evses = new Map(scenario.evses.map((evse) => [evse.id, evse]));
  return scenario.sessions.map((session) => {
    const evse = evses.get(session.evseId)!;
    return {
      session,
      evse,
      phases: evse.phases.slice(0, Math.min(session.phases, evse.phases.length)),
      maxKw: sessionPowerW(scenario, session, evse) / KILO,
      from: Math.floor((session.arrivalMs - scenario.startMs) / SLOT_MS),
      until: Math.ceil((session.departureMs - scenario.startMs) / SLOT_MS),
    };
  });
}

/** Part of a slot in which the car is there, 0..1. */
function presence(car: ModelCar, slot: number, scenario: Scenario): number {
  const beginMs = scenario.startMs + slot * SLOT_MS;
  const ms = Math.min(car.session.departureMs, beginMs + SLOT_MS) - Math.max(car.session.arrivalMs, beginMs);
  return Math.max(0, Math.min(1, ms / SLOT_MS));
}

class WindowModel {
  readonly build: ModelBuilder = modelBuilder();
  readonly flows: Flows = { cars: new Map(), imports: [], exports: [], charge: [], discharge: [] };
  /** What the cars take of each slot: variable and car. */
  readonly #drawn = new Map<number, { readonly variable: number; readonly car: ModelCar }[]>();
  readonly #scenario: Scenario;
  readonly #window: Window;
  readonly #endValue: number;

  constructor(scenario: Scenario, window: Window, endValue: number) {
    this.#scenario = scenario;
    this.#window = window;
    this.#endValue = endValue;
  }

  addCar(car: ModelCar, doneKwh: number): void {
    const { session } = car;
    const from = Math.max(car.from, this.#window.from);
    const until = Math.min(car.until, this.#window.until);
    const variables: [number, number][] = [];
    for (let slot = from; slot < until; slot++) {
      const upper = car.maxKw * presence(car, slot, this.#scenario);
      if (upper <= 0) continue;
      const variable = this.build.variable(`p${session.id}_${slot}`, { upper, cost: 1e-7 * (slot - from) });
      variables.push([slot, variable]);
      const drawn = this.#drawn.get(slot) ?? [];
      drawn.push({ variable, car });
      this.#drawn.set(slot, drawn);
    }
    this.flows.cars.set(session.id, variables);
    const leftKwh = Math.max(0, session.energyWh / KILO - doneKwh);
    // A car that stays beyond the window needs in it what it cannot get afterwards, and its part of the rest.
    const laterKwh = Math.max(0, car.until - this.#window.until) * car.maxKw * SLOT_HOURS;
    const part = (until - from) / Math.max(1, car.until - from);
    const needKwh = laterKwh > 0 ? Math.max(leftKwh - laterKwh, leftKwh * part) : leftKwh;
    const short = this.build.variable(`s${session.id}`, { upper: needKwh, cost: MISSING_EUR_PER_KWH });
    const energy = variables.map(([, variable]) => term(variable, SLOT_HOURS));
    this.build.row(`need${session.id}`, { lower: needKwh, upper: needKwh }, [...energy, term(short, 1)]);
  }

  addBattery(startKwh: number): void {
    const { battery } = this.#scenario;
    if (!battery) return;
    const wear = (battery.wearEurPerKwh / 2) * SLOT_HOURS;
    let before: number | undefined;
    for (let slot = this.#window.from; slot < this.#window.until; slot++) {
      const isLast = slot === this.#window.until - 1;
      const c = this.build.variable(`c${slot}`, { upper: battery.maxChargeW / KILO, cost: wear });
      const d = this.build.variable(`d${slot}`, { upper: battery.maxDischargeW / KILO, cost: wear });
      const e = this.build.variable(`e${slot}`, {
        lower: battery.minEnergyWh / KILO,
        upper: battery.capacityWh / KILO,
        cost: isLast ? -this.#endValue : 0,
      });
      const change = [term(e, 1), term(c, -battery.efficiency * SLOT_HOURS), term(d, SLOT_HOURS / battery.efficiency)];
      const start = before === undefined ? startKwh : 0;
      this.build.row(
        `store${slot}`,
        { lower: start, upper: start },
        before === undefined ? change : [...change, term(before, -1)],
      );
      this.flows.charge[slot] = c;
      this.flows.discharge[slot] = d;
      before = e;
    }
  }

  /** Import and export of every slot, with what they cost. */
  addGrid(): void {
    const { billedImportEurPerKwh, exportEurPerKwh, loadW, pvW, exportLimitW, circuits } = this.#scenario;
    for (let slot = this.#window.from; slot < this.#window.until; slot++) {
      const importPrice = billedImportEurPerKwh[slot]!;
      // Where exporting would earn more than importing costs, both at once must not pay.
      const exportPrice = Math.min(importPrice, exportEurPerKwh[slot]!);
      const netKw = (loadW[slot]! - pvW[slot]!) / KILO;
      const i = this.build.variable(`i${slot}`, { upper: Number.POSITIVE_INFINITY, cost: importPrice * SLOT_HOURS });
      const terms = [term(i, 1), ...(this.#drawn.get(slot) ?? []).map(({ variable }) => term(variable, -1))];
      this.flows.imports[slot] = i;
      if (netKw < 0 || this.#scenario.battery) {
        const upper = (exportLimitW ?? Number.POSITIVE_INFINITY) / KILO;
        const x = this.build.variable(`x${slot}`, { upper: Math.max(upper, -netKw), cost: -exportPrice * SLOT_HOURS });
        this.flows.exports[slot] = x;
        terms.push(term(x, -1));
      }
      if (this.flows.charge[slot] !== undefined)
        terms.push(term(this.flows.charge[slot]!, -1), term(this.flows.discharge[slot]!, 1));
      this.build.row(`balance${slot}`, { lower: netKw, upper: netKw }, terms);
      const limitW = circuits[0]?.limitW;
      if (limitW !== undefined)
        this.build.row(`contract${slot}`, { upper: Math.max(limitW / KILO, netKw) }, [term(i, 1)]);
      for (const circuit of circuits) this.#addCircuit(circuit, slot);
    }
  }

  /** The value of each month: at least the floor, and the mean of the highest days. Steps are yes-or-no. */
  addPeaks(months: readonly CapacityMonth[]): void {
    for (const [index, { tariff, part, intervals }] of months.entries()) {
      const days = new Map<number, number>();
      for (const [at, { slots, day, weight, contractedKw }] of intervals.entries()) {
        if (weight <= 0) continue;
        const highest = days.get(day) ?? this.build.variable(`d${index}_${day}`, { upper: Number.POSITIVE_INFINITY });
        days.set(day, highest);
        const terms = slots.map((slot) => term(this.flows.imports[slot]!, -weight / slots.length));
        this.build.row(`q${index}_${at}`, { lower: -weight * contractedKw }, [term(highest, 1), ...terms]);
      }
      const value = this.build.variable(`month${index}`, {
        lower: tariff.floorKw,
        upper: Number.POSITIVE_INFINITY,
        cost: part * tariff.eurPerKwMonth,
      });
      const threshold = this.build.variable(`t${index}`, { upper: Number.POSITIVE_INFINITY });
      const over = [...days.values()].map((highest, at) => {
        const above = this.build.variable(`o${index}_${at}`, { upper: Number.POSITIVE_INFINITY });
        this.build.row(`v${index}_${at}`, { lower: 0 }, [term(above, 1), term(threshold, 1), term(highest, -1)]);
        return term(above, -1 / tariff.peaks);
      });
      this.build.row(`mean${index}`, { lower: 0 }, [term(value, 1), term(threshold, -1), ...over]);
      this.#addSteps(`step${index}`, value, { tariff, part, intervals });
    }
  }

  #addSteps(name: string, value: number, { tariff, part }: CapacityMonth): void {
    if (tariff.steps.length === 0) return;
    const choices = tariff.steps.map(({ upToKw, eurPerMonth }, index) => ({
      choice: this.build.binary(`${name}_${index}`, part * eurPerMonth),
      upToKw: index === tariff.steps.length - 1 ? MOST_KW : upToKw,
    }));
    this.build.row(
      `${name}one`,
      { lower: 1, upper: 1 },
      choices.map(({ choice }) => term(choice, 1)),
    );
    this.build.row(`${name}within`, { upper: 0 }, [
      term(value, 1),
      ...choices.map(({ choice, upToKw }) => term(choice, -upToKw)),
    ]);
  }

  #addCircuit(circuit: Scenario["circuits"][number], slot: number): void {
    const { voltageV, sitePhases } = this.#scenario;
    const on = (this.#drawn.get(slot) ?? []).filter(({ car }) => car.evse.circuitPath.includes(circuit.id));
    if (on.length === 0) return;
    const isRoot = circuit.id === "grid";
    for (const phase of sitePhases === 1 ? ([0] as const) : PHASE_INDEXES) {
      const using = on.filter(({ car }) => car.phases.includes(phase));
      const roomKw = (circuit.limitA * voltageV) / KILO - (isRoot ? this.#othersKw(slot, phase) : 0);
      const mostKw = using.reduce((sum, { car }) => sum + car.maxKw / car.phases.length, 0);
      const chargeKw = isRoot ? (this.#scenario.battery?.maxChargeW ?? 0) / KILO / sitePhases : 0;
      if (mostKw + chargeKw <= roomKw) continue;
      const terms = using.map(({ variable, car }) => term(variable, 1 / car.phases.length));
      if (chargeKw > 0)
        terms.push(term(this.flows.charge[slot]!, 1 / sitePhases), term(this.flows.discharge[slot]!, -1 / sitePhases));
      this.build.row(`f${circuit.id}_${phase}_${slot}`, { upper: Math.max(0, roomKw) }, terms);
    }
    if (circuit.limitW === undefined || isRoot) return;
    this.build.row(
      `w${circuit.id}_${slot}`,
      { upper: circuit.limitW / KILO },
      on.map(({ variable }) => term(variable, 1)),
    );
  }

  /** Building less sun on a phase, kW. */
  #othersKw(slot: number, phase: PhaseIndex): number {
    const { loadW, pvW, sitePhases } = this.#scenario;
    const share = sitePhases === 1 ? 1 : PHASE_SHARES[phase];
    return (loadW[slot]! * share - pvW[slot]! / sitePhases) / KILO;
  }
}

interface Found {
  readonly carsKw: Float64Array;
  readonly importKw: Float64Array;
  readonly exportKw: Float64Array;
  readonly chargeKw: Float64Array;
  readonly dischargeKw: Float64Array;
}

function emptyFound(slots: number): Found {
  const series = () => new Float64Array(slots);
  return { carsKw: series(), importKw: series(), exportKw: series(), chargeKw: series(), dischargeKw: series() };
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
  const wearEur = battery
    ? (battery.wearEurPerKwh / 2) * (sum(found.chargeKw, () => 1) + sum(found.dischargeKw, () => 1))
    : 0;
  const watts = (series: ArrayLike<number>) => Array.from(series, (kw) => Math.round(kw * KILO));
  const gridW = watts(found.importKw.map((kw, slot) => kw - found.exportKw[slot]!));
  const deliveredWh = new Map([...state.doneKwh].map(([id, kwh]) => [id, kwh * KILO]));
  return {
    costEur:
      sum(found.importKw, (slot) => billedImportEurPerKwh[slot]!) -
      sum(found.exportKw, (slot) => exportEurPerKwh[slot]!),
    wearEur,
    capacityEur: capacityBillEur(capacityMonths(scenario), gridW),
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
  const hasSteps = isWhole && months.some(({ tariff }) => tariff.steps.length > 0);
  for (let from = 0; from < slots; from += windowSlots) {
    const window = { from, until: Math.min(slots, from + windowSlots + aheadSlots) };
    const model = new WindowModel(scenario, window, options.endValueEurPerKwh);
    for (const car of cars) {
      if (car.until <= from || car.from >= window.until) continue;
      model.addCar(car, state.doneKwh.get(car.session.id) ?? 0);
    }
    model.addBattery(state.batteryKwh);
    model.addGrid();
    if (isWhole) model.addPeaks(months);
    const solution = options.linear.solve(model.build.model(), {
      relaxed: !hasSteps,
      relativeGap: STEP_GAP,
      limitMs: options.limitMs ?? 600_000,
    });
    if (solution.status !== "optimal") return undefined;
    commit(model.flows, solution.values, Math.min(slots, from + windowSlots), found, state, scenario);
  }
  const method = isWhole
    ? "linear model of the whole period at once: no plan can be cheaper"
    : `linear models of ${windowSlots / DAY_SLOTS} days, each looking ${aheadSlots / DAY_SLOTS} days further${months.length > 0 ? ", blind to the month's peak" : ""}`;
  return result(scenario, found, state, method);
}

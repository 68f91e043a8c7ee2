/** The linear model behind perfect foresight: cars, battery, grid, fuses and peaks of a window of the period, in kW. */
import { PHASE_INDEXES, type PhaseIndex } from "../core/quantity.ts";
import { SLOT_HOURS, SLOT_MS } from "../core/time/slots.ts";
import { type LinearTerm, type ModelBuilder, modelBuilder } from "../planner/model/linear-model.ts";
import { PHASE_SHARES } from "../sim/models/building.ts";
import { type Scenario, slotImportLimitW } from "../sim/scenario.ts";
import type { CapacityMonth } from "./capacity-bill.ts";
import { addGiving, backFactor } from "./foresight-discharge.ts";
import type { ModelCar } from "./model-car.ts";
import { allowedChangeW } from "./ramp-kept.ts";

export const KILO = 1000;
/** Far above any price: missing energy is avoided first. */
const MISSING_EUR_PER_KWH = 100;

/** Of a change that is larger than allowed: before any money, after missing energy, EUR/kW. */
const RAMP_EUR_PER_KW = 10;

/** Above any site. */
const MOST_KW = 10_000;

/** Slots of the period, the last one not included. */
export interface Window {
  readonly from: number;
  readonly until: number;
}

/** Variables of the model by slot; of the cars by session. */
export interface Flows {
  readonly cars: Map<string, readonly (readonly [number, number])[]>;
  /** What they give back, with what a kWh of that takes to be charged again and what it wears. */
  readonly given: Map<string, { readonly variables: readonly (readonly [number, number])[]; readonly car: ModelCar }>;
  readonly imports: (number | undefined)[];
  readonly exports: (number | undefined)[];
  readonly charge: number[];
  readonly discharge: number[];
}

const term = (variable: number, coefficient: number): LinearTerm => ({ variable, coefficient });

/** Part of a slot in which the car is there, 0..1. */
function presence(car: ModelCar, slot: number, scenario: Scenario): number {
  const beginMs = scenario.startMs + slot * SLOT_MS;
  const ms = Math.min(car.session.departureMs, beginMs + SLOT_MS) - Math.max(car.session.arrivalMs, beginMs);
  return Math.max(0, Math.min(1, ms / SLOT_MS));
}

/** Collects the model of a window: first the cars, then the battery, the grid, and the peaks of whole months. */
export class WindowModel {
  readonly build: ModelBuilder = modelBuilder();
  readonly flows: Flows = { cars: new Map(), given: new Map(), imports: [], exports: [], charge: [], discharge: [] };
  /** Not all of it is linear: a relaxed solution is only a bound. */
  hasChoices = false;
  /** What the months' peaks cost, EUR: by these variables. */
  readonly peaks: { readonly variable: number; readonly cost: number }[] = [];
  /** What the cars take of each slot: variable and car. */
  readonly #drawn = new Map<number, { readonly variable: number; readonly car: ModelCar }[]>();
  /** What they give back in each slot. */
  readonly #given = new Map<number, { readonly variable: number; readonly car: ModelCar }[]>();
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
    const given = addGiving(this.build, car, { charging: variables, doneKwh });
    if (given.length > 0) this.flows.given.set(session.id, { variables: given, car });
    for (const [slot, variable] of given) this.#given.set(slot, [...(this.#given.get(slot) ?? []), { variable, car }]);
    const energy = [
      ...variables.map(([, variable]) => term(variable, SLOT_HOURS)),
      ...given.map(([, variable]) => term(variable, -SLOT_HOURS * backFactor(car))),
    ];
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
    const { billedImportEurPerKwh, exportEurPerKwh, loadW, pvW, exportLimitW, mayHoldSun, circuits } = this.#scenario;
    for (let slot = this.#window.from; slot < this.#window.until; slot++) {
      const importPrice = billedImportEurPerKwh[slot]!;
      const exportPrice = exportEurPerKwh[slot]!;
      const netKw = (loadW[slot]! - pvW[slot]!) / KILO;
      const i = this.build.variable(`i${slot}`, { upper: Number.POSITIVE_INFINITY, cost: importPrice * SLOT_HOURS });
      const terms = [term(i, 1), ...(this.#drawn.get(slot) ?? []).map(({ variable }) => term(variable, -1))];
      this.flows.imports[slot] = i;
      const given = this.#given.get(slot) ?? [];
      terms.push(...given.map(({ variable }) => term(variable, 1)));
      if (netKw < 0 || this.#scenario.battery || given.length > 0) {
        const upper = Math.min((exportLimitW ?? Number.POSITIVE_INFINITY) / KILO, this.#mostExportKw(slot, netKw));
        const x = this.build.variable(`x${slot}`, { upper, cost: -exportPrice * SLOT_HOURS });
        this.flows.exports[slot] = x;
        terms.push(term(x, -1));
        if (exportPrice > importPrice) this.#addEitherWay(slot, { i, x, exportKw: upper });
      }
      // What may not be exported, or costs money, the inverter throttles.
      if (mayHoldSun || (exportLimitW !== undefined && this.flows.exports[slot] !== undefined))
        terms.push(term(this.build.variable(`cut${slot}`, { upper: pvW[slot]! / KILO }), -1));
      if (this.flows.charge[slot] !== undefined)
        terms.push(term(this.flows.charge[slot]!, -1), term(this.flows.discharge[slot]!, 1));
      this.build.row(`balance${slot}`, { lower: netKw, upper: netKw }, terms);
      const limitW = slotImportLimitW(this.#scenario, slot);
      if (Number.isFinite(limitW))
        this.build.row(`contract${slot}`, { upper: Math.max(limitW / KILO, netKw) }, [term(i, 1)]);
      for (const circuit of circuits) this.#addCircuit(circuit, slot);
      this.#addUnbalance(slot);
    }
  }

  /**
   * How much import less export may change between quarter-hours: by what the site allows, or by what building and sun do
   * alone. `beforeKw` flowed before the window; missing where nobody knows it.
   */
  addRamp(beforeKw: number | undefined): void {
    const limitW = this.#scenario.configuration.gridConnection.rampLimitW;
    if (limitW === undefined) return;
    const net = (slot: number, sign: number) => {
      const x = this.flows.exports[slot];
      return [term(this.flows.imports[slot]!, sign), ...(x === undefined ? [] : [term(x, -sign)])];
    };
    for (let slot = this.#window.from; slot < this.#window.until; slot++) {
      const isFirst = slot === this.#window.from;
      if (isFirst && beforeKw === undefined) continue;
      const fromKw = isFirst ? beforeKw! : 0;
      const { upW, downW } = allowedChangeW(this.#scenario, slot, limitW);
      const [rise, fall] = ["rise", "fall"].map((name) =>
        this.build.variable(`${name}${slot}`, { upper: Number.POSITIVE_INFINITY, cost: RAMP_EUR_PER_KW }),
      );
      this.build.row(`ramp${slot}`, { lower: fromKw - downW / KILO, upper: fromKw + upW / KILO }, [
        ...net(slot, 1),
        ...(isFirst ? [] : net(slot - 1, -1)),
        term(rise!, -1),
        term(fall!, 1),
      ]);
    }
  }

  /** What cars and battery add to what the site exports anyhow, kW. */
  #mostExportKw(slot: number, netKw: number): number {
    const givenKw = (this.#given.get(slot) ?? []).reduce((sum, { car }) => sum + car.maxKw, 0);
    return Math.max(0, -netKw) + givenKw + (this.#scenario.battery?.maxDischargeW ?? 0) / KILO;
  }

  /** Where exporting earns more than importing costs, a site still does one of them at a time: a yes-or-no. */
  #addEitherWay(slot: number, grid: { readonly i: number; readonly x: number; readonly exportKw: number }): void {
    const { loadW, pvW, battery } = this.#scenario;
    const drawnKw = (this.#drawn.get(slot) ?? []).reduce((sum, { car }) => sum + car.maxKw, 0);
    const sunKw = this.#scenario.mayHoldSun ? 0 : pvW[slot]! / KILO;
    const mostKw = Math.max(0, loadW[slot]! / KILO - sunKw) + drawnKw + (battery?.maxChargeW ?? 0) / KILO;
    const imports = this.build.binary(`imports${slot}`);
    this.hasChoices = true;
    this.build.row(`in${slot}`, { upper: 0 }, [term(grid.i, 1), term(imports, -mostKw)]);
    this.build.row(`out${slot}`, { upper: grid.exportKw }, [term(grid.x, 1), term(imports, grid.exportKw)]);
    this.#addOwnFlows(slot, { ...grid, imports, needKw: Math.max(0, loadW[slot]! / KILO - sunKw) });
  }

  /**
   * What comes in is taken, what goes out is given, by somebody in the same slot: else half a yes trades what nobody has, and
   * no solver finds its way out of that in time.
   */
  #addOwnFlows(slot: number, grid: { i: number; x: number; imports: number; needKw: number }): void {
    const { loadW, pvW } = this.#scenario;
    const leftKw = Math.max(0, pvW[slot]! - loadW[slot]!) / KILO;
    const less = (cars: readonly { readonly variable: number }[], stored: number | undefined) => [
      ...cars.map(({ variable }) => term(variable, -1)),
      ...(stored === undefined ? [] : [term(stored, -1)]),
    ];
    const taken = less(this.#drawn.get(slot) ?? [], this.flows.charge[slot]);
    const given = less(this.#given.get(slot) ?? [], this.flows.discharge[slot]);
    this.build.row(`taken${slot}`, { upper: 0 }, [term(grid.i, 1), term(grid.imports, -grid.needKw), ...taken]);
    this.build.row(`given${slot}`, { upper: leftKw }, [term(grid.x, 1), term(grid.imports, leftKw), ...given]);
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
      const cost = part * tariff.eurPerKwMonth;
      const value = this.build.variable(`month${index}`, {
        lower: tariff.floorKw,
        upper: Number.POSITIVE_INFINITY,
        cost,
      });
      this.peaks.push({ variable: value, cost });
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
    this.hasChoices = true;
    const choices = tariff.steps.map(({ upToKw, eurPerMonth }, index) => ({
      choice: this.build.binary(`${name}_${index}`, part * eurPerMonth),
      cost: part * eurPerMonth,
      upToKw: index === tariff.steps.length - 1 ? MOST_KW : upToKw,
    }));
    for (const { choice, cost } of choices) this.peaks.push({ variable: choice, cost });
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

  /** What cars draw on one phase, less what they draw on another. */
  #addUnbalance(slot: number): void {
    const { unbalanceLimitA, voltageV } = this.#scenario;
    if (unbalanceLimitA === undefined) return;
    const uneven = (this.#drawn.get(slot) ?? []).filter(({ car }) => car.phases.length < PHASE_INDEXES.length);
    const limitKw = (unbalanceLimitA * voltageV) / KILO;
    for (const high of PHASE_INDEXES) {
      const onHigh = uneven.filter(({ car }) => car.phases.includes(high));
      if (onHigh.reduce((sum, { car }) => sum + car.maxKw / car.phases.length, 0) <= limitKw) continue;
      for (const low of PHASE_INDEXES.filter((phase) => phase !== high)) {
        const terms = uneven.flatMap(({ variable, car: { phases } }) => {
          const share = (phases.includes(high) ? 1 : 0) - (phases.includes(low) ? 1 : 0);
          return share === 0 ? [] : [term(variable, share / phases.length)];
        });
        this.build.row(`u${high}${low}_${slot}`, { upper: limitKw }, terms);
      }
    }
  }

  /** Building less sun on a phase, kW. */
  #othersKw(slot: number, phase: PhaseIndex): number {
    const { loadW, pvW, sitePhases } = this.#scenario;
    const share = sitePhases === 1 ? 1 : PHASE_SHARES[phase];
    return (loadW[slot]! * share - pvW[slot]! / sitePhases) / KILO;
  }
}

/**
 * The plan as a linear model in kW, kWh and EUR: import cost less export revenue, wear of batteries, the cost of occupied
 * EVSEs, and far above money a price on energy that a car does not get. A car takes nothing or at least its minimum,
 * by yes-or-no in the first slots only; later slots are planned anew long before they come.
 */

import type { PlanBattery, PlanInput } from "../../core/facts/plan-facts.ts";
import { endParts } from "../../core/money/end-values.ts";
import { circuitRooms, exportCapW, importCapW, leastSunW, presence, slotHours } from "../input/limits.ts";
import { EARLY_EUR_PER_KWH_SLOT, greenEurPerKwh } from "./car-cost.ts";
import type { Direction, PlanLayout } from "./layout.ts";
import { type LinearModel, type ModelBuilder, modelBuilder, term } from "./linear-model.ts";
import { addReverseLimits } from "./model-discharge.ts";
import { addEvse } from "./model-evse.ts";
import { crowding } from "./model-late.ts";
import { addLimits } from "./model-limits.ts";
import { addPeaks } from "./model-peaks.ts";
import { addRamp } from "./model-ramp.ts";
import { addSlack } from "./model-slack.ts";
import { addWanted } from "./model-wanted.ts";
import { planWeights } from "./weights.ts";

const KILO = 1000;
/** Of equal plans the one that moves less through a battery. */
const CALM_EUR_PER_KWH = 2e-6;
/**
 * Of equal slots, in this order: a car charges in the first, for it may leave; a battery takes the sun of the first, before
 * clouds come, and buys in the last. So late imports weigh less than early cars, and more than early sun.
 */
const LATE_IMPORT_EUR_PER_KWH_SLOT = EARLY_EUR_PER_KWH_SLOT / 2;
const EARLY_STORED_EUR_PER_KWH_SLOT = EARLY_EUR_PER_KWH_SLOT / 5;
/** Yes-or-no between import and export, or charge and discharge, in so many slots at most. */
const MOST_EXCLUSIVE_SLOTS = 8;

export interface PlanModel {
  readonly model: LinearModel;
  readonly layout: PlanLayout;
}

/** Slots in which both directions at once would pay, so that a yes-or-no must keep them apart. */
function exclusiveSlots(input: PlanInput, pays: (slot: number) => boolean): Set<number> {
  const slots = Array.from({ length: input.slots }, (_, slot) => slot).filter(pays);
  return new Set(slots.slice(0, MOST_EXCLUSIVE_SLOTS));
}

interface Directed {
  readonly input: PlanInput;
  /** Grows with each yes-or-no between two directions. */
  readonly directions: Direction[];
}

/** What is left in store is worth part by part what it saves, the dearest part first: no yes-or-no is needed. */
function addEndValues(build: ModelBuilder, index: number, battery: PlanBattery, energy: number): void {
  const least = Math.min(battery.minEnergyWh, battery.energyWh) / KILO;
  const parts = endParts(battery).map(({ energyWh, eurPerKwh }, part) =>
    term(build.variable(`left${index}_${part}`, { upper: energyWh / KILO, cost: -eurPerKwh }), -1),
  );
  build.row(`left${index}`, { lower: least }, [term(energy, 1), ...parts]);
}

function addBattery(
  build: ModelBuilder,
  index: number,
  { input, directions }: Directed,
): PlanLayout["batteries"][number] {
  const battery = input.batteries[index]!;
  const { efficiency } = battery;
  const chargeKw = battery.maxChargeW / KILO;
  const dischargeKw = battery.maxDischargeW / KILO;
  const nowKwh = battery.energyWh / KILO;
  // Burning energy in the losses pays only where being paid for it beats the wear.
  const burningPays = (slot: number) =>
    -input.importEurPerKwh[slot]! * (1 - efficiency ** 2) > (battery.wearEurPerKwh / 2) * (1 + efficiency ** 2);
  const exclusive = exclusiveSlots(input, burningPays);
  const charge: number[] = [];
  const discharge: number[] = [];
  let before: number | undefined;
  for (let slot = 0; slot < input.slots; slot++) {
    const isLast = slot === input.slots - 1;
    const hours = slotHours(input, slot);
    const wear = (battery.wearEurPerKwh / 2) * hours;
    const c = build.variable(`charge${index}_${slot}`, {
      upper: chargeKw,
      cost: wear + slot * EARLY_STORED_EUR_PER_KWH_SLOT * hours,
    });
    const d = build.variable(`discharge${index}_${slot}`, {
      upper: dischargeKw,
      cost: wear + CALM_EUR_PER_KWH * hours,
    });
    const energy = build.variable(`stored${index}_${slot}`, {
      lower: Math.min(battery.minEnergyWh / KILO, nowKwh),
      upper: Math.max(battery.capacityWh / KILO, nowKwh),
    });
    if (isLast) addEndValues(build, index, battery, energy);
    const change = [term(energy, 1), term(c, -efficiency * hours), term(d, hours / efficiency)];
    const start = before === undefined ? nowKwh : 0;
    build.row(
      `store${index}_${slot}`,
      { lower: start, upper: start },
      before === undefined ? change : [...change, term(before, -1)],
    );
    if (exclusive.has(slot)) {
      const charging = build.binary(`charging${index}_${slot}`);
      directions.push({ choice: charging, whenYes: c, whenNo: d });
      build.row(`onlyin${index}_${slot}`, { upper: 0 }, [term(c, 1), term(charging, -chargeKw)]);
      build.row(`onlyout${index}_${slot}`, { upper: dischargeKw }, [term(d, 1), term(charging, dischargeKw)]);
    }
    charge.push(c);
    discharge.push(d);
    before = energy;
  }
  return { charge, discharge };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** What flows out of a slot at any price: of the sun that cannot be held back what the building leaves, W. */
function forcedExportW(input: PlanInput, slot: number): number {
  return Math.max(0, leastSunW(input, slot) - (input.buildingW[slot] ?? 0));
}

/** The most that can flow in and out, W: what bounds the yes-or-no of a slot. */
function mostFlows(input: PlanInput, slot: number): { readonly importW: number; readonly exportW: number } {
  const takersW =
    sum(input.evses.map((evse) => evse.maxPowerW)) + sum(input.batteries.map((battery) => battery.maxChargeW));
  const giversW = Math.max(
    0,
    (input.pvW[slot] ?? 0) +
      sum(input.batteries.map((battery) => battery.maxDischargeW)) +
      sum(input.evses.map(({ discharge }) => discharge?.maxPowerW ?? 0)) -
      (input.buildingW[slot] ?? 0),
  );
  return {
    importW: Math.min(importCapW(input, slot), (input.buildingW[slot] ?? 0) + takersW),
    // Who must pay for exporting leaves the sun unused, where somebody can hold it back.
    exportW: input.exportEurPerKwh[slot]! < 0 ? forcedExportW(input, slot) : Math.min(exportCapW(input, slot), giversW),
  };
}

/**
 * What imports weigh beyond their price where there is a battery, EUR/kWh: less in each later slot, so that of equally cheap hours it
 * buys in the last. Until then more is known of what it is for.
 */
function lateEurPerKwh({ batteries, slots }: PlanInput, slot: number): number {
  return batteries.length > 0 ? (slots - slot) * LATE_IMPORT_EUR_PER_KWH_SLOT : 0;
}

type Grid = Pick<PlanLayout, "imports" | "exports" | "pvs">;

function addGrid(build: ModelBuilder, { input, directions }: Directed): Grid {
  const grid = { imports: [] as number[], exports: [] as number[], pvs: [] as number[] };
  const pays = (slot: number) =>
    (input.exportEurPerKwh[slot]! >= 0 || forcedExportW(input, slot) > 0) &&
    input.exportEurPerKwh[slot]! > input.importEurPerKwh[slot]!;
  const exclusive = exclusiveSlots(input, pays);
  for (let slot = 0; slot < input.slots; slot++) {
    const most = mostFlows(input, slot);
    const hours = slotHours(input, slot);
    const [importKw, exportKw] = [most.importW / KILO, most.exportW / KILO];
    const importPrice = input.importEurPerKwh[slot]!;
    // Beyond the slots with a yes-or-no, exporting earns at most what importing costs.
    const exportPrice = exclusive.has(slot)
      ? input.exportEurPerKwh[slot]!
      : Math.min(importPrice, input.exportEurPerKwh[slot]!);
    const i = build.variable(`import_${slot}`, {
      upper: importKw,
      cost: (importPrice + lateEurPerKwh(input, slot)) * hours,
    });
    const e = build.variable(`export_${slot}`, { upper: exportKw, cost: -exportPrice * hours });
    grid.imports.push(i);
    grid.exports.push(e);
    grid.pvs.push(
      build.variable(`pv_${slot}`, {
        lower: leastSunW(input, slot) / KILO,
        upper: (input.pvW[slot] ?? 0) / KILO,
        cost: -1e-7,
      }),
    );
    if (!exclusive.has(slot)) continue;
    const importing = build.binary(`importing_${slot}`);
    directions.push({ choice: importing, whenYes: i, whenNo: e });
    build.row(`onlyimport_${slot}`, { upper: 0 }, [term(i, 1), term(importing, -importKw)]);
    build.row(`onlyexport_${slot}`, { upper: exportKw }, [term(e, 1), term(importing, exportKw)]);
  }
  return grid;
}

function addBalance(build: ModelBuilder, layout: PlanLayout, input: PlanInput): void {
  for (let slot = 0; slot < input.slots; slot++) {
    const terms = [term(layout.imports[slot]!, 1), term(layout.exports[slot]!, -1), term(layout.pvs[slot]!, 1)];
    for (const battery of layout.batteries) {
      terms.push(term(battery.discharge[slot]!, 1), term(battery.charge[slot]!, -1));
    }
    for (const [index, { power }] of layout.evses.entries())
      if (slot < power.length) terms.push(term(power[slot]!, -presence(input.evses[index]!, slot, input)));
    for (const [index, { discharge }] of layout.evses.entries())
      if (slot < discharge.length) terms.push(term(discharge[slot]!, presence(input.evses[index]!, slot, input)));
    const buildingKw = (input.buildingW[slot] ?? 0) / KILO;
    build.row(`balance_${slot}`, { lower: buildingKw, upper: buildingKw }, terms);
  }
}

/** Cars whose drivers want the sun pay extra for what the sun does not give. */
function addGreen(build: ModelBuilder, layout: PlanLayout, input: PlanInput): void {
  const green = input.evses.flatMap((evse, index) =>
    evse.preference === "green" ? [{ evse, power: layout.evses[index]!.power }] : [],
  );
  for (let slot = 0; slot < input.slots; slot++) {
    const powers = green.flatMap(({ evse, power }) =>
      slot < power.length ? [term(power[slot]!, -presence(evse, slot, input))] : [],
    );
    if (powers.length === 0) continue;
    const sunKw = Math.max(0, (input.pvW[slot] ?? 0) - (input.buildingW[slot] ?? 0)) / KILO;
    const bought = build.variable(`bought_${slot}`, {
      upper: Number.POSITIVE_INFINITY,
      cost: greenEurPerKwh(input, slot) * slotHours(input, slot),
    });
    build.row(`green_${slot}`, { lower: -sunKw }, [term(bought, 1), ...powers]);
  }
}

/** The model of a plan; equal inputs give equal models. The input's numbers must be finite. */
export function planModel(input: PlanInput): PlanModel {
  const build = modelBuilder();
  const weights = planWeights(input);
  const directions: Direction[] = [];
  const rooms = circuitRooms(input);
  const isCrowded = crowding(rooms, input);
  const evses = input.evses.map((_, index) => addEvse(build, index, { input, weights, rooms, isCrowded }));
  const batteries = input.batteries.map((_, index) => addBattery(build, index, { input, directions }));
  const grid = addGrid(build, { input, directions });
  const mostKw = Math.max(...grid.imports.map((_, slot) => mostFlows(input, slot).importW)) / KILO;
  const steps = addPeaks(build, { input, imports: grid.imports, mostKw, evses });
  const layout: PlanLayout = { evses, batteries, directions, steps, ...grid };
  addBalance(build, layout, input);
  addGreen(build, layout, input);
  addRamp(build, grid, { input, weights });
  addLimits(build, rooms, { layout, input });
  addSlack(build, rooms, { layout, input });
  addWanted(build, rooms, { layout, input, weights });
  addReverseLimits(build, rooms, { layout, input });
  return { model: build.model(), layout };
}

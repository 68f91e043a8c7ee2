/**
 * Ten homes as captured by another project (evcc-io/optimizer, MIT, licence beside the cases), with the answer of its
 * solver. Compared is money: the bill, less what the batteries hold more at the end at the value that the case itself
 * gives. Its objective holds penalties and preferences of its own, which money does not know.
 *
 * How a case is read: the first slot has an odd length and is taken as answered; hours become four quarter-hours. A car
 * (a battery that cannot discharge) has to get exactly the energy that it got in the answer, at its own minimum power.
 *
 * In 013, 014 and 018 our plans sell from a battery or fill it from the grid, which the answers were not allowed to: that they
 * are cheaper there by up to 1 EUR is no merit. The other seven ask both for the same.
 */
import { readdirSync, readFileSync } from "node:fs";
import { beforeAll, describe, expect, it } from "vitest";
import type { PlanInput, PlanResult } from "../../src/core/facts/plan-facts.ts";
import { SLOT_MS } from "../../src/core/time/slots.ts";
import { planBattery, planEvse, planInput, START_MS } from "../../src/planner/plan-input.test-kit.ts";
import { verifyPlan } from "../../src/planner/verify/verify.ts";
import { createLinearSolver, type LinearSolver } from "../../src/solver/glpk.ts";
import { solvePlan } from "../../src/solver/plan-solver.ts";

/** Powers in W, energies in Wh, prices in EUR/Wh, time in s. */
interface Case {
  readonly request: {
    readonly batteries: readonly {
      readonly c_max: number;
      readonly c_min: number;
      readonly d_max: number;
      readonly p_a: number;
      readonly s_initial: number;
      readonly s_max: number;
      readonly s_min: number;
    }[];
    readonly eta_c: number;
    readonly grid?: { readonly p_max_exp?: number; readonly p_max_imp?: number };
    readonly time_series: Readonly<Record<"dt" | "ft" | "gt" | "p_E" | "p_N", readonly number[]>>;
  };
  readonly expected_response: {
    readonly batteries: readonly {
      readonly charging_power: readonly number[];
      readonly state_of_charge: readonly number[];
    }[];
    readonly grid_import: readonly number[];
    readonly grid_export: readonly number[];
  };
}

const DIRECTORY = new URL("./data/evcc/", import.meta.url);
const CASES = readdirSync(DIRECTORY).filter((name) => name.endsWith(".json"));
const caseOf = (name: string) => JSON.parse(readFileSync(new URL(name, DIRECTORY), "utf8")) as Case;

function quarters({ request }: Case, value: (slot: number) => number): number[] {
  const { dt } = request.time_series;
  return dt.slice(1).flatMap((seconds, index) => new Array<number>(Math.round(seconds / 900)).fill(value(index + 1)));
}

function inputOf(home: Case): PlanInput {
  const { request, expected_response: answer } = home;
  const { dt, ft, gt, p_E, p_N } = request.time_series;
  const powerW = (series: readonly number[]) => quarters(home, (slot) => (series[slot]! * 3600) / dt[slot]!);
  const slots = quarters(home, () => 0).length;
  const grid = request.grid ?? {};
  const evses = request.batteries.flatMap((car, index) => {
    const neededWh = answer.batteries[index]!.charging_power.slice(1).reduce((sum, wh) => sum + wh, 0);
    if (car.d_max > 0 || neededWh < 1) return [];
    return planEvse({
      evseId: `evse-${index}`,
      transactionId: index + 1,
      minPowerW: car.c_min,
      maxPowerW: car.c_max,
      energyNeededWh: Math.round(neededWh),
      departureMs: START_MS + slots * SLOT_MS,
    });
  });
  const batteries = request.batteries.flatMap((battery, index) => {
    if (battery.d_max === 0) return [];
    const energyWh = answer.batteries[index]!.state_of_charge[0]!;
    return planBattery({
      deviceId: `battery-${index}`,
      capacityWh: battery.s_max,
      energyWh,
      minEnergyWh: battery.s_min,
      maxChargeW: battery.c_max,
      maxDischargeW: battery.d_max,
      efficiency: request.eta_c,
      wearEurPerKwh: 0,
      endValueEurPerKwh: battery.p_a * 1000,
    });
  });
  return planInput({
    slots,
    binarySlots: BINARY_SLOTS,
    importEurPerKwh: quarters(home, (slot) => p_N[slot]! * 1000),
    exportEurPerKwh: quarters(home, (slot) => p_E[slot]! * 1000),
    buildingW: powerW(gt),
    pvW: powerW(ft),
    circuits: [{ circuitId: "grid", limitA: 1000 }],
    evses,
    batteries,
    ...(grid.p_max_exp === undefined ? {} : { exportLimitW: grid.p_max_exp }),
    ...(grid.p_max_imp === undefined ? {} : { importLimitW: grid.p_max_imp }),
  });
}

/** Bill less the value of what is stored at the end, EUR. */
function answeredEur({ request, expected_response: answer }: Case): number {
  const { p_E, p_N } = request.time_series;
  let eur = 0;
  for (let slot = 1; slot < p_N.length; slot++)
    eur += answer.grid_import[slot]! * p_N[slot]! - answer.grid_export[slot]! * p_E[slot]!;
  for (const [index, battery] of request.batteries.entries())
    if (battery.d_max > 0) eur -= answer.batteries[index]!.state_of_charge.at(-1)! * battery.p_a;
  return eur;
}

/** As in operation: a yes-or-no for each car in the first four hours, of which two are then driven. */
const BINARY_SLOTS = 16;
const DRIVEN_SLOTS = 8;

const later = <T>(series: readonly T[], by: number): T[] => series.slice(by);

/** What is left of a home's horizon after `by` slots of a plan. */
function after(input: PlanInput, plan: PlanResult, by: number): PlanInput {
  const startMs = input.startMs + by * SLOT_MS;
  const chargedWh = (index: number) =>
    plan.evses[index]!.powerW.slice(0, by).reduce((sum, powerW) => sum + powerW / 4, 0);
  const change = (powerW: number, efficiency: number) => (powerW > 0 ? powerW * efficiency : powerW / efficiency) / 4;
  return {
    ...input,
    startMs,
    nowMs: startMs,
    slots: input.slots - by,
    binarySlots: Math.min(input.binarySlots, input.slots - by),
    importEurPerKwh: later(input.importEurPerKwh, by),
    exportEurPerKwh: later(input.exportEurPerKwh, by),
    buildingW: later(input.buildingW, by),
    pvW: later(input.pvW, by),
    evses: input.evses.map((evse, index) => ({
      ...evse,
      energyNeededWh: Math.max(0, evse.energyNeededWh - chargedWh(index)),
      chargingNow: (plan.evses[index]!.powerW[by - 1] ?? 0) > 0,
    })),
    batteries: input.batteries.map((battery, index) => ({
      ...battery,
      energyWh: plan.batteries[index]!.powerW.slice(0, by).reduce(
        (wh, powerW) => wh + change(powerW, battery.efficiency),
        battery.energyWh,
      ),
    })),
  };
}

/** What a plan gives beyond what a car still takes: it stops by itself. */
function overW(plan: PlanResult, slot: number, left: number[]): number {
  return plan.evses.reduce((sum, { powerW }, index) => {
    const wantedWh = powerW[slot]! / 4;
    const takenWh = Math.min(wantedWh, left[index]!);
    left[index]! -= takenWh;
    return sum + 4 * (wantedWh - takenWh);
  }, 0);
}

interface Driven {
  /** Bill less the value of what is stored at the end, EUR. */
  readonly eur: number;
  readonly missingWh: number;
}

/** The whole horizon as the controller drives it: a plan, its first two hours, the next plan. */
function driven(home: Case, linear: LinearSolver): Driven {
  let input = inputOf(home);
  let eur = 0;
  while (input.slots > 0) {
    const plan = solvePlan(input, 5_000, { linear, nowMs: () => 0 });
    expect(verifyPlan(input, plan)).toEqual([]);
    const by = Math.min(DRIVEN_SLOTS, input.slots);
    const left = input.evses.map((evse) => evse.energyNeededWh);
    for (let slot = 0; slot < by; slot++) {
      const netW = plan.importW[slot]! - plan.exportW[slot]! - overW(plan, slot, left);
      eur += (netW * (netW > 0 ? input.importEurPerKwh[slot]! : input.exportEurPerKwh[slot]!)) / 4000;
    }
    input = after(input, plan, by);
  }
  for (const { energyWh, endValueEurPerKwh = 0 } of input.batteries) eur -= (energyWh / 1000) * endValueEurPerKwh;
  return { eur, missingWh: input.evses.reduce((sum, evse) => sum + evse.energyNeededWh, 0) };
}

let linear: LinearSolver;
beforeAll(async () => {
  linear = await createLinearSolver();
});

/**
 * Whole watts, four quarter-hours instead of an hour at one power, and a car with little sun that needs 1380 W at least: beyond
 * the first four hours a plan believes that it takes any trickle, and finds out later that it must buy what is missing.
 */
const MORE_EUR = 0.005;

describe("homes captured by another project", () => {
  it.each(CASES)("%s: bill and end state are no worse than the answer of its own solver", (name) => {
    const home = caseOf(name);
    const { eur, missingWh } = driven(home, linear);
    expect(missingWh).toBeLessThan(5);
    expect(eur).toBeLessThanOrEqual(answeredEur(home) + MORE_EUR);
  });
});

/** A plan for a plant. */
import type { PlanBattery, PlanInput, PlanPeak, PlanResult } from "../facts/plan-facts.ts";
import { type Plant, START_MS } from "./plant.test-kit.ts";
import { VOLTAGE_V } from "./site.test-kit.ts";

export const SLOT_MS = 900_000;

export interface PlannedEvse {
  readonly evseId: string;
  readonly transactionId: number;
  readonly currentA: readonly number[];
  /** Slots in which it charges on its first phase alone. */
  readonly onePhaseSlots?: readonly number[];
  /** What it gives back. */
  readonly dischargeA?: readonly number[];
  /** In so many slots what the sun leaves over is sold. */
  readonly soldSunSlots?: number;
  /** What it still needs, Wh, until its departure in eight hours; 10 kWh. */
  readonly needWh?: number;
}

/** A plan from the slot in which the plant stands; what the battery does is traded with the grid, or `gridW` says what is. */
export interface PlannedGrid {
  readonly gridW?: readonly number[];
  readonly importEurPerKwh?: readonly number[];
  /** Whether the plan knows what the battery holds, so that its energy has a worth: half of 10 kWh. */
  readonly knowsStore?: boolean;
  /** Whether the month's highest quarter-hour costs. */
  readonly peakCosts?: boolean;
  /** How much the import may change between quarter-hours, W. */
  readonly rampLimitW?: number;
}

const PEAK: PlanPeak = {
  name: "peak",
  eurPerKw: 4,
  spreadDays: 10,
  count: 1,
  floorKw: 2.5,
  intervalSlots: 1,
  earlierKw: [],
  days: [{ fromSlot: 0, toSlot: 8, reachedKw: 0 }],
  beforeWh: 0,
};

const STORE: PlanBattery = {
  deviceId: "battery",
  capacityWh: 10_000,
  energyWh: 5000,
  minEnergyWh: 0,
  maxChargeW: 6000,
  maxDischargeW: 6000,
  efficiency: 0.95,
  wearEurPerKwh: 0.02,
  endValues: [{ energyWh: 10_000, eurPerKwh: 0.2 }],
};

export function plan(
  plant: Plant,
  evses: readonly PlannedEvse[],
  batteryW: readonly number[] = [],
  grid: PlannedGrid = {},
): void {
  const { gridW = batteryW, importEurPerKwh = [0.4, 0.4, 0.2, 0.2], knowsStore, peakCosts, rampLimitW } = grid;
  const slots = 8;
  const series = (values: readonly number[]) => Array.from({ length: slots }, (_, slot) => values[slot] ?? 0);
  const prices = series(importEurPerKwh).map((price, slot) => price || importEurPerKwh[slot % importEurPerKwh.length]!);
  const input: PlanInput = {
    startMs: Math.floor(plant.nowMs() / SLOT_MS) * SLOT_MS,
    nowMs: plant.nowMs(),
    slots,
    nominalVoltageV: VOLTAGE_V,
    sitePhases: 3,
    importEurPerKwh: prices,
    exportEurPerKwh: series([]),
    buildingW: series([]),
    pvW: series([]),
    circuits: [],
    evses: evses.map(({ evseId, transactionId, needWh = 10_000 }) => ({
      evseId,
      transactionId,
      circuitId: "grid",
      phases: [0, 1, 2],
      minPowerW: 4140,
      maxPowerW: 11_040,
      energyNeededWh: needWh,
      departureMs: START_MS + 8 * 3_600_000,
      priority: 5,
      preference: "cheap",
      mayPause: true,
      chargingNow: false,
      connectedSinceMs: START_MS,
    })),
    batteries: knowsStore ? [STORE] : [],
    opportunityEurPerHour: 0,
    binarySlots: 8,
    ...(peakCosts ? { peaks: [PEAK] } : {}),
    ...(rampLimitW === undefined ? {} : { ramp: { limitW: rampLimitW } }),
  };
  const result: PlanResult = {
    status: "optimal",
    detail: "",
    evses: evses.map(({ evseId, transactionId, currentA, dischargeA, onePhaseSlots, soldSunSlots }) => ({
      evseId,
      transactionId,
      ...(soldSunSlots ? { soldSunSlots } : {}),
      ...(onePhaseSlots ? { onePhaseSlots: [...onePhaseSlots] } : {}),
      ...(dischargeA ? { dischargeW: series(dischargeA.map((value) => value * 3 * VOLTAGE_V)) } : {}),
      powerW: series(currentA.map((value, slot) => value * (onePhaseSlots?.includes(slot) ? 1 : 3) * VOLTAGE_V)),
      shortfallWh: 0,
    })),
    // All do the same.
    batteries: batteryW.length
      ? plant.site.batteries.map(({ id }) => ({ deviceId: id, powerW: series(batteryW) }))
      : [],
    importW: series(gridW.map((powerW) => Math.max(0, powerW))),
    exportW: series(gridW.map((powerW) => Math.max(0, -powerW))),
    pvUsedW: series([]),
    costEur: 1,
    solveMs: 1,
  };
  plant.record({ type: "plan-made", source: "planner", data: { trigger: "test", input, result } });
}

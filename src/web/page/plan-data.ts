/** The measured past and the plan as one table for the chart: a row a quarter-hour, W. */

import type { Session } from "../../core/state/sessions.ts";
import type { QuarterHour } from "../../core/state/site-slice.ts";
import type { Plan } from "./store.ts";

export interface ChartSlot {
  readonly startMs: number;
  readonly measured: boolean;
  readonly buildingW: number;
  readonly batteryW: number;
  readonly sunW: number;
  readonly carsW: Readonly<Record<string, number>>;
  readonly eurPerKwh: number | undefined;
  /** Nobody has told it yet: it is what the price is expected to be. */
  readonly expected: boolean;
}

const SLOT_MS = 900_000;
const PAST_SLOTS = 24;
const W_PER_WH = 4;

function past(history: readonly QuarterHour[], sessions: readonly Session[], untilMs: number): ChartSlot[] {
  const cars = new Map<number, Record<string, number>>();
  for (const session of sessions) {
    for (const { slotStartMs, energyWh } of session.quarterHours) {
      const slot = cars.get(slotStartMs) ?? {};
      slot[session.evseId] = (slot[session.evseId] ?? 0) + energyWh * W_PER_WH;
      cars.set(slotStartMs, slot);
    }
  }
  return history
    .filter(({ slotStartMs }) => slotStartMs < untilMs && slotStartMs >= untilMs - PAST_SLOTS * SLOT_MS)
    .map((quarter) => ({
      startMs: quarter.slotStartMs,
      measured: true,
      buildingW: (quarter.buildingWh ?? 0) * W_PER_WH,
      batteryW: (quarter.batteryChargeWh ?? 0) * W_PER_WH,
      sunW: (quarter.pvWh ?? 0) * W_PER_WH,
      carsW: cars.get(quarter.slotStartMs) ?? {},
      eurPerKwh: quarter.importEurPerKwh,
      expected: false,
    }));
}

/** Of an EVSE there may be two rows: a car that is there, and one that is announced. */
function carsOf(rows: Plan["result"]["evses"], slot: number): Record<string, number> {
  const carsW: Record<string, number> = {};
  for (const { evseId, powerW } of rows) carsW[evseId] = (carsW[evseId] ?? 0) + (powerW[slot] ?? 0);
  return carsW;
}

function future({ input, result }: Plan): ChartSlot[] {
  return Array.from({ length: input.slots }, (_, slot) => ({
    startMs: input.startMs + slot * SLOT_MS,
    measured: false,
    buildingW: input.buildingW[slot] ?? 0,
    batteryW: Math.max(
      0,
      result.batteries.reduce((sum, battery) => sum + (battery.powerW[slot] ?? 0), 0),
    ),
    sunW: result.pvUsedW[slot] ?? 0,
    carsW: carsOf(result.evses, slot),
    eurPerKwh: input.importEurPerKwh[slot],
    expected: slot >= (input.pricesKnownSlots ?? input.slots),
  }));
}

/** What may be drawn by the fuse and the contract, W; missing where the plan knows no fuse. */
export function limitW({ circuits, nominalVoltageV, sitePhases, importLimitW }: Plan["input"]): number | undefined {
  const fuse = circuits.find(({ parentId }) => parentId === undefined);
  if (!fuse) return importLimitW;
  return Math.min(fuse.limitA * nominalVoltageV * sitePhases, importLimitW ?? Number.POSITIVE_INFINITY);
}

/** Oldest first; the past ends where the plan begins. */
export function chartSlots(plan: Plan, history: readonly QuarterHour[], sessions: readonly Session[]): ChartSlot[] {
  return [...past(history, sessions, plan.input.startMs), ...future(plan)];
}

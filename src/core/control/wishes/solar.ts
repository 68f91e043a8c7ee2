/** The sun inside a slot: what is exported may as well go into the cars. */
import { sumPhases } from "../../quantity.ts";
import type { ControlInput } from "../control.ts";
import type { EvseObservation } from "../evses/observe-evse.ts";
import { wishPhases } from "../evses/phase-switch.ts";
import type { EvseMemory } from "../memory.ts";
import { SUN_BEFORE_START_MS, SUN_CLOUD_MS, SUN_LEAST_ON_MS, VEHICLE_MARGIN_A } from "../thresholds.ts";

/**
 * Power that is exported now (+) or taken from elsewhere for the cars (-), W; missing where the sun does not matter.
 * What a battery gives does not count as sun.
 */
export function surplusW(input: ControlInput): number | undefined {
  const meter = input.image.meters.get(input.site.gridMeterId);
  const { importEurPerKwh, exportEurPerKwh } = input.image;
  // Where exporting pays at least what importing costs, the sun is better sold.
  const sellsBetter = (exportEurPerKwh ?? 0) >= (importEurPerKwh ?? Number.POSITIVE_INFINITY);
  if (!meter || sellsBetter || input.site.pvIds.length === 0) return undefined;
  let fromBatteryW = 0;
  for (const battery of input.image.batteries.values()) fromBatteryW += Math.max(0, -battery.powerW);
  // Nor does what a car gives.
  for (const { powerW, currentA } of input.image.evses.values()) {
    const takenW = powerW ?? (currentA ? sumPhases(currentA) * input.site.voltageV : 0);
    fromBatteryW += Math.max(0, -takenW);
  }
  return -meter.powerW - fromBatteryW;
}

/**
 * Current with which a car would just use up its share of the surplus, A: what it draws and what is left over, as far
 * as its EVSE can give it.
 */
function carriedA(input: ControlInput, entry: EvseObservation, shareW: number): number {
  const carriedA = Math.floor(entry.surelyA + shareW / (input.site.voltageV * wishPhases(entry)));
  return Math.min(entry.evse.maxCurrentA, carriedA);
}

/** A full car draws this much at most, A. */
const STANDBY_A = 1;

/** It was offered current and took hardly any: the plan asks it again by the hour, the sun does not. */
function takesNothing({ memory: { vehicleCapA } }: EvseObservation): boolean {
  return vehicleCapA !== undefined && vehicleCapA <= STANDBY_A + VEHICLE_MARGIN_A;
}

export interface Sunny {
  readonly currentA: number;
  readonly memory: EvseMemory;
}

function withoutSun(memory: EvseMemory): EvseMemory {
  if (memory.sunnySinceMonoMs === undefined && memory.solarUntilMonoMs === undefined) return memory;
  const { sunnySinceMonoMs: _, solarUntilMonoMs: __, ...rest } = memory;
  return rest;
}

/**
 * Current of a car that follows the sun, A; 0 when it does not. It starts when the sun has carried its minimum for a
 * minute, and then charges for some minutes, through a cloud with a little from the grid: contactors wear.
 */
export function sunnyCurrent(input: ControlInput, entry: EvseObservation, shareW: number | undefined): Sunny {
  const { memory, evse } = entry;
  const { monoMs } = input.image;
  const { sunnySinceMonoMs, solarUntilMonoMs } = memory;
  if (shareW === undefined) return { currentA: 0, memory: withoutSun(memory) };
  const currentA = carriedA(input, entry, shareW);
  const carries = currentA >= evse.minCurrentA && !takesNothing(entry);
  if (solarUntilMonoMs !== undefined) {
    // The grid meter is ahead of the EVSE's: together they say something only when both have seen the last change.
    if (!entry.settled) return { currentA: Math.max(evse.minCurrentA, memory.wishA), memory };
    // Where phases are switched a pause would change them, for ten minutes at least; elsewhere what is bought costs more.
    const lastsMonoMs = carries && evse.phaseSwitching ? monoMs + SUN_CLOUD_MS : solarUntilMonoMs;
    const untilMonoMs = Math.max(solarUntilMonoMs, lastsMonoMs);
    if (!carries && monoMs >= untilMonoMs) return { currentA: 0, memory: withoutSun(memory) };
    return {
      currentA: Math.max(evse.minCurrentA, currentA),
      memory: untilMonoMs === solarUntilMonoMs ? memory : { ...memory, solarUntilMonoMs: untilMonoMs },
    };
  }
  if (!carries || shareW <= 0) return { currentA: 0, memory: withoutSun(memory) };
  if (sunnySinceMonoMs === undefined) return { currentA: 0, memory: { ...memory, sunnySinceMonoMs: monoMs } };
  if (monoMs - sunnySinceMonoMs < SUN_BEFORE_START_MS) return { currentA: 0, memory };
  return { currentA, memory: { ...memory, solarUntilMonoMs: monoMs + SUN_LEAST_ON_MS } };
}

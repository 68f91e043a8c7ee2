/**
 * The rest of the building: the average of each quarter-hour as measured, and inside it appliances that switch on and
 * off. What they draw is taken from the base load, so that the quarter-hour keeps its average.
 */
import type { PerPhase } from "../../core/quantity.ts";
import { SLOT_MS } from "../../core/time/slots.ts";

export interface Appliance {
  readonly powerW: PerPhase;
  /** Runs for the first part of each period. */
  readonly periodMs: number;
  readonly onMs: number;
  readonly offsetMs: number;
}

/** Base load is spread over the phases like this: no building is balanced. */
export const PHASE_SHARES: PerPhase = [0.38, 0.34, 0.28];

const APPLIANCES: readonly Appliance[] = [
  { powerW: [0, 2200, 0], periodMs: 540_000, onMs: 120_000, offsetMs: 45_000 },
  { powerW: [1800, 0, 0], periodMs: 900_000, onMs: 240_000, offsetMs: 400_000 },
  { powerW: [1000, 1000, 1000], periodMs: 1_800_000, onMs: 700_000, offsetMs: 900_000 },
];

function runs(appliance: Appliance, atMs: number): boolean {
  return (atMs + appliance.offsetMs) % appliance.periodMs < appliance.onMs;
}

/** Average power of the appliances over the quarter-hour of `atMs`, W: what the base load gives up for them. */
function applianceAverageW(appliances: readonly Appliance[], atMs: number): number {
  const slot = Math.floor(atMs / SLOT_MS) * SLOT_MS;
  const stepMs = 5_000;
  let sum = 0;
  for (const appliance of appliances) {
    let on = 0;
    for (let ms = slot; ms < slot + SLOT_MS; ms += stepMs) on += runs(appliance, ms) ? 1 : 0;
    sum += ((appliance.powerW[0] + appliance.powerW[1] + appliance.powerW[2]) * on * stepMs) / SLOT_MS;
  }
  return sum;
}

export class Building {
  readonly #averageW: (atMs: number) => number;
  readonly #appliances: readonly Appliance[];
  #slot = Number.NaN;
  #baseW = 0;

  constructor(averageW: (atMs: number) => number, appliances: readonly Appliance[] = APPLIANCES) {
    this.#averageW = averageW;
    this.#appliances = appliances;
  }

  /** Power by phase at a time, W. */
  powerW(atMs: number): PerPhase {
    const slot = Math.floor(atMs / SLOT_MS);
    if (slot !== this.#slot) {
      this.#slot = slot;
      this.#baseW = Math.max(0, this.#averageW(atMs) - applianceAverageW(this.#appliances, atMs));
    }
    let [l1, l2, l3] = PHASE_SHARES.map((share) => share * this.#baseW) as [number, number, number];
    for (const appliance of this.#appliances) {
      if (!runs(appliance, atMs)) continue;
      l1 += appliance.powerW[0];
      l2 += appliance.powerW[1];
      l3 += appliance.powerW[2];
    }
    return [l1, l2, l3];
  }
}

/** Appliances draw at most so much of a quarter-hour's average: a small load is not made large by them. */
const MOST_OF_LOAD = 0.4;

/**
 * A building of any size: the appliances' share of each quarter-hour is scaled to its average, so that this is kept
 * exactly. On a connection of one phase everything is on L1.
 */
export function scaledBuilding(averageW: (atMs: number) => number, phases: 1 | 3): Pick<Building, "powerW"> {
  let slot = Number.NaN;
  let baseW = 0;
  let scale = 0;
  return {
    powerW(atMs) {
      const now = Math.floor(atMs / SLOT_MS);
      if (now !== slot) {
        slot = now;
        const loadW = Math.max(0, averageW(atMs));
        const ownW = applianceAverageW(APPLIANCES, atMs);
        scale = ownW > 0 ? Math.min(1, (MOST_OF_LOAD * loadW) / ownW) : 0;
        baseW = loadW - scale * ownW;
      }
      const power: [number, number, number] = [0, 0, 0];
      for (const phase of [0, 1, 2] as const) power[phase] = PHASE_SHARES[phase] * baseW;
      for (const appliance of APPLIANCES) {
        if (!runs(appliance, atMs)) continue;
        for (const phase of [0, 1, 2] as const) power[phase] += scale * appliance.powerW[phase];
      }
      return phases === 1 ? [power[0] + power[1] + power[2], 0, 0] : power;
    },
  };
}

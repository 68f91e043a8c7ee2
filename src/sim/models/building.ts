/**
 * The rest of the building: the average of each quarter-hour as measured, and inside it appliances that switch on and
 * off. What they draw is taken from the base load, so that the quarter-hour keeps its average.
 */
import type { PerPhase } from "../../core/quantity.ts";
import { SLOT_MS } from "../../core/slots.ts";

export interface Appliance {
  readonly powerW: PerPhase;
  /** Runs for the first part of each period. */
  readonly periodMs: number;
  readonly onMs: number;
  readonly offsetMs: number;
}

/** Base load is spread over the phases like this: no building is balanced. */
const PHASE_SHARES: PerPhase = [0.38, 0.34, 0.28];

export const APPLIANCES: readonly Appliance[] = [
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

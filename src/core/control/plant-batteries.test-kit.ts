/** The batteries of a plant: each goes most of the way to what it was told within a second. */
import type { BatteryReading } from "../image.ts";
import { type PerPhase, PHASE_INDEXES, type PhaseIndex } from "../quantity.ts";
import type { SiteModel } from "../site/site-model.ts";
import type { BatteryCommand } from "./control.ts";

const PART_A_SECOND = 0.7;

export class PlantBatteries {
  /** Missing: it runs by itself, and here that is to do nothing new. */
  readonly toldW = new Map<string, number | undefined>();
  readonly actualW = new Map<string, number>();
  readonly #site: SiteModel;
  readonly #phases: readonly PhaseIndex[];

  constructor(site: SiteModel, phases: readonly PhaseIndex[] = PHASE_INDEXES.slice(0, site.phases)) {
    this.#site = site;
    this.#phases = phases;
  }

  tell(commands: readonly BatteryCommand[]): void {
    for (const { deviceId, powerW } of commands) this.toldW.set(deviceId, powerW);
  }

  step(): void {
    for (const [id, toldW] of this.toldW) {
      const nowW = this.actualW.get(id) ?? 0;
      if (toldW !== undefined) this.actualW.set(id, nowW + (toldW - nowW) * PART_A_SECOND);
    }
  }

  /** Of those that stand on this circuit itself, A. */
  currentA(circuitId: string): PerPhase {
    const here = this.#site.batteries.filter(({ circuit = "grid" }) => circuit === circuitId);
    const powerW = here.reduce((sum, { id }) => sum + (this.actualW.get(id) ?? 0), 0);
    const eachA = powerW / (this.#site.voltageV * this.#phases.length);
    return [0, 1, 2].map((phase) => (this.#phases.includes(phase as PhaseIndex) ? eachA : 0)) as unknown as PerPhase;
  }

  readings(atMonoMs: number): ReadonlyMap<string, BatteryReading> {
    const readingOf = (deviceId: string) => ({
      deviceId,
      atMonoMs,
      powerW: Math.round(this.actualW.get(deviceId) ?? 0),
    });
    return new Map(this.#site.batteries.map(({ id }) => [id, readingOf(id)]));
  }
}

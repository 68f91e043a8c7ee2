/** The physical site of a world: wires, cars, building, sun and battery. It knows nothing of the controller. */
import type { PerPhase } from "../../src/core/quantity.ts";
import { phaseIndex } from "../../src/core/quantity.ts";
import { Battery } from "../../src/sim/models/battery.ts";
import { Building } from "../../src/sim/models/building.ts";
import { Car } from "../../src/sim/models/car.ts";
import { WiredSite } from "../../src/sim/models/site.ts";
import { CAR_WH } from "./giving.ts";
import type { Visit, WorldPlan } from "./plan.ts";

export const VOLTAGE = 230;

export class PhysicalSite {
  readonly wired: WiredSite;
  readonly battery: Battery | undefined;
  /** Part of the sun that gets through. */
  sun = 1;
  /** What faults put on top of the building, A. */
  readonly extraA = new Map<unknown, PerPhase>();
  readonly #plan: WorldPlan;
  #second = 0;

  constructor(
    plan: WorldPlan,
    offeredA: (stall: string) => number,
    offeredPhases: (stall: string) => number = () => 3,
  ) {
    this.#plan = plan;
    const { battery, stalls } = plan;
    this.battery =
      battery &&
      new Battery(
        {
          capacityWh: 10_000,
          maxChargeW: battery.maxW,
          maxDischargeW: battery.maxW,
          minEnergyWh: 1000,
          efficiency: 0.95,
        },
        battery.energyWh,
      );
    this.wired = new WiredSite({
      voltageV: VOLTAGE,
      evses: stalls.map(({ id, circuit, phases }) => ({
        id,
        circuitPath: circuit === "garage" ? ["garage", "grid"] : ["grid"],
        phases: phases.map(phaseIndex),
      })),
      building: Object.assign(new Building(() => 0, []), { powerW: () => this.#buildingW() }),
      pvW: () => (plan.pvW ?? 0) * this.sun,
      ...(this.battery ? { battery: this.battery } : {}),
      offeredA,
      offeredPhases,
    });
  }

  #buildingW(): PerPhase {
    const sumA: [number, number, number] = [...this.#plan.baseA];
    const add = (load: PerPhase) => {
      for (const phase of [0, 1, 2] as const) sumA[phase] += load[phase];
    };
    for (const load of this.#plan.loads)
      if (load.fromS <= this.#second && this.#second < load.untilS) add(load.currentA);
    // Whatever is drawn: never more than what the site is configured for, the battery included.
    const mostA = this.#plan.worstBuildingA - (this.#plan.battery?.maxW ?? 0) / (3 * VOLTAGE);
    for (const load of this.extraA.values()) add(load);
    return [Math.min(mostA, sumA[0]) * VOLTAGE, Math.min(mostA, sumA[1]) * VOLTAGE, Math.min(mostA, sumA[2]) * VOLTAGE];
  }

  arrive({ stall, phases, firstPhase, maxCurrentA, obeySeconds, gives }: Visit): void {
    const energyWh = gives ? (CAR_WH * gives.comesWithPercent) / 100 : 10_000;
    const car = { capacityWh: CAR_WH, energyWh, phases, firstPhase, maxCurrentA, obeySeconds };
    const back = gives ? { gives: { leastWh: CAR_WH * 0.2, efficiency: 0.92 } } : {};
    this.wired.plugIn(stall, new Car({ ...car, ...back, rampAPerS: 8, tapers: false }));
  }

  /** It is on other phases than the configuration says. */
  isMiswired(stall: string): boolean {
    const configured = this.#plan.stalls.find(({ id }) => id === stall)!.phases.map(phaseIndex);
    return configured.join() !== this.wired.phasesOf(stall).join();
  }

  step(atMs: number, second: number): void {
    this.#second = second;
    this.wired.step(atMs, 1);
  }

  currentA(circuit: string): PerPhase {
    return this.wired.meter(circuit).currentA;
  }

  /** What a car draws, on the phases of the grid, A. */
  carA(stall: string): PerPhase {
    const own = this.wired.evseCurrentA(stall);
    const wires = this.wired.phasesOf(stall);
    const onGrid: [number, number, number] = [0, 0, 0];
    wires.forEach((phase, wire) => {
      onGrid[phase] = own[wire as 0 | 1 | 2];
    });
    return onGrid;
  }
}

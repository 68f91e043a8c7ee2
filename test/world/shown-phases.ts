/** On which phases each car charged last, as its EVSE is configured: more of a car that waits nobody can know. */
import { type PhaseIndex, phaseIndex } from "../../src/core/quantity.ts";
import type { World } from "./world.ts";

const CHARGES_A = 1;

export class ShownPhases {
  readonly #byVisit = new WeakMap<object, readonly PhaseIndex[]>();

  /** Once a second. */
  look(world: World): void {
    for (const { stall } of world.chargePoints) {
      const visit = world.visitAt(stall.id);
      const currentA = world.site.wired.evseCurrentA(stall.id);
      const loaded = stall.phases.filter((_, wire) => currentA[wire as PhaseIndex] > CHARGES_A).map(phaseIndex);
      if (visit && loaded.length > 0) this.#byVisit.set(visit, loaded);
    }
  }

  /** Of the car that is at a stall; as it is wired while it has not charged. */
  of(world: World, stall: World["chargePoints"][number]["stall"]): readonly PhaseIndex[] {
    const visit = world.visitAt(stall.id);
    if (!visit) return [];
    const wires = stall.phases.slice(visit.firstPhase, visit.firstPhase + visit.phases);
    return this.#byVisit.get(visit) ?? wires.map(phaseIndex);
  }
}

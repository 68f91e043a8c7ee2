/** Mistakes of the installer at an EVSE: only its cars give them away. */
import type { PhaseIndex } from "../../../src/core/quantity.ts";
import { type Fault, type FaultFamily, pickOf } from "../fault.ts";
import type { WorldPlan } from "../plan.ts";
import type { World } from "../world.ts";

const ROTATED = [1, 2, 0] as const satisfies readonly PhaseIndex[];

export const WIRING_FAULTS: FaultFamily = {
  rotated: {
    story: "is wired to other phases than the configuration says",
    seconds: [2000, 2000],
    fromTheStart: true,
    // Where its circuit has no meter, or one that is wrong itself, nobody can know for long.
    isPossible: ({ stalls, garage, faults }: WorldPlan, fault: Fault) =>
      (pickOf(stalls, fault).circuit === "grid" || garage?.metered === true) &&
      !faults.some(({ family }) => family === "meter-lie"),
    begin: (world: World, fault: Fault) => {
      const { id } = pickOf(world.chargePoints, fault).stall;
      const { wired } = world.site;
      wired.rewire(
        id,
        wired.phasesOf(id).map((phase) => ROTATED[phase]),
      );
    },
  },
};

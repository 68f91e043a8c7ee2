/** The controller's process. */
import type { Fault, FaultFamily, FaultKind } from "../fault.ts";
import type { World } from "../world.ts";

function standsStill(story: string, seconds: number): FaultKind {
  return {
    story,
    seconds: [seconds, seconds],
    begin: ({ process }) => process?.freeze(),
    end: (world) => world.thaw(),
  };
}

export const PROCESS_FAULTS: FaultFamily = {
  killed: {
    story: "is killed, and started again",
    seconds: [2, 200],
    begin: (world: World, { forS }: Fault) => world.kill(forS),
  },
  "killed-often": {
    story: "is killed every half minute",
    seconds: [60, 200],
    begin: () => {},
    each: (world, { fromS }) => {
      if ((world.second - fromS) % 30 === 0) world.kill(3);
    },
  },
  stalls: standsStill("has an event loop that stands still for 5 s", 5),
  paused: standsStill("is stopped for a minute", 60),
};

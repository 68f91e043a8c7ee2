/** The grid operator: limits of the import that come and go, in the middle of everything else. */
import { type Fault, type FaultFamily, type FaultKind, pickOf } from "../fault.ts";
import type { World } from "../world.ts";

function limiting(story: string, limitW: (world: World, fault: Fault) => number | undefined): FaultKind {
  return {
    story,
    seconds: [30, 400],
    begin: () => {},
    each: (world, fault) => {
      world.operator.limitW = limitW(world, fault);
    },
    end: ({ operator }) => {
      operator.limitW = undefined;
    },
  };
}

/** Of the fuse, W: from almost nothing to almost all. */
const PARTS = [0.1, 0.3, 0.5, 0.9];
const TURNS_S = 45;

function part({ plan }: World, fault: Fault): number {
  return Math.round(pickOf(PARTS, fault) * plan.fuseA * 690);
}

export const OPERATOR_FAULTS: FaultFamily = {
  limits: limiting("limits the import", part),
  "limits-all": limiting("forbids any import", () => 0),
  "on-and-off": limiting("limits the import, and not, in turns", (world, fault) =>
    Math.floor((world.second - fault.fromS) / TURNS_S) % 2 === 0 ? part(world, fault) : undefined,
  ),
};

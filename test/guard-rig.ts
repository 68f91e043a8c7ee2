/** Cars that charge on a simulated site, and an eye on its fuse. */
import type { SiteRig } from "./site-rig.ts";

/** Longest run of seconds with a phase above the fuse. */
export function overloadWatch(rig: SiteRig, fuseA: number) {
  let run = 0;
  let longest = 0;
  return {
    look: () => {
      run = Math.max(...rig.gridA()) > fuseA + 0.1 ? run + 1 : 0;
      longest = Math.max(longest, run);
    },
    longest: () => longest,
  };
}

export async function charging(
  rig: SiteRig,
  ids: readonly string[],
  car?: Parameters<SiteRig["plugIn"]>[1],
): Promise<void> {
  await rig.connectAll();
  await rig.run(10);
  for (const id of ids) await rig.plugIn(id, car);
  await rig.run(120);
}

export const four = ["a", "b", "c", "d"].map((id) => ({ id }));

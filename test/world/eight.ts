/** Eight EVSEs behind 63 A: as somebody careless configures them, and as the refusal proposes. */
import { problemsWith } from "./configuration.ts";
import { drawWorld, type PlanOptions, type WorldPlan } from "./plan.ts";

const FUSE_A = 63;
const WORST_BUILDING_A = 38;
const SAFE_A = 6;

/** Everybody falls back to 6 A, whatever the building draws meanwhile. */
export function careless(seed: number, options: PlanOptions = {}): WorldPlan {
  const { garage: _, ...plan } = drawWorld(seed, { ...options, stalls: 8 });
  const stalls = plan.stalls.map((stall) => ({ ...stall, circuit: "grid" as const, safeCurrentA: SAFE_A }));
  return { ...plan, fuseA: FUSE_A, worstBuildingA: WORST_BUILDING_A, stalls };
}

/** Takes the advice of each refusal (one tells of one phase): those that it names pause without the controller. */
export function asProposed(plan: WorldPlan): WorldPlan {
  const paused = new Set(problemsWith(plan).flatMap(({ advice }) => namedIn(advice)));
  if (paused.size === 0) return plan;
  const stalls = plan.stalls.map((stall) => (paused.has(stall.id) ? { ...stall, safeCurrentA: 0 } : stall));
  return asProposed({ ...plan, stalls });
}

function namedIn(advice: string): string[] {
  return /for example ([^)]+)\)/.exec(advice)?.[1]?.split(", ") ?? [];
}

/**
 * What a battery that buys leaves of the grid connection. The guard keeps it a little below a limit, and in one quarter-hour or
 * another the building takes more than foreseen: what was planned up to the limit in the last cheap hour is missing in the dear one.
 * So it buys in more of equally cheap hours, and up to the limit only where any other hour is dearer.
 */
import type { PlanInput } from "../../core/facts/plan-facts.ts";
import { PHASE_INDEXES } from "../../core/quantity.ts";
import { type CircuitRoom, importCapW, slotHours } from "../input/limits.ts";
import type { PlanLayout } from "./layout.ts";
import { type ModelBuilder, term } from "./linear-model.ts";

const KILO = 1000;
/** Three times what the guard leaves; half of it and twice as much left a published house a little dearer. */
const SLACK_W = 300;
/** More than all that later hours are preferred by, less than any price. */
const TIGHT_EUR_PER_KWH = 5e-5;

/** What the grid connection leaves to batteries beside the building in a slot, W; the sun makes room on no phase. */
function leftW({ input, root }: { input: PlanInput; root: CircuitRoom | undefined }, slot: number): number {
  const importableW = importCapW(input, slot) - (input.buildingW[slot] ?? 0) + (input.pvW[slot] ?? 0);
  const phases = input.sitePhases === 1 ? [0 as const] : PHASE_INDEXES;
  const onPhasesW = phases.map((phase) => (root?.phaseW[phase][slot] ?? Number.POSITIVE_INFINITY) * phases.length);
  return Math.min(importableW, ...onPhasesW);
}

/** Adds a row for each slot in which the batteries could take all that is left. */
export function addSlack(
  build: ModelBuilder,
  rooms: readonly CircuitRoom[],
  { layout, input }: { readonly layout: Pick<PlanLayout, "batteries">; readonly input: PlanInput },
): void {
  const mostW = input.batteries.reduce((sum, { maxChargeW }) => sum + maxChargeW, 0);
  const root = rooms.find(({ isRoot }) => isRoot);
  for (let slot = 0; slot < input.slots; slot++) {
    const roomW = Math.max(0, leftW({ input, root }, slot) - SLACK_W);
    if (roomW >= mostW) continue;
    const cost = TIGHT_EUR_PER_KWH * slotHours(input, slot);
    const tight = build.variable(`tight_${slot}`, { upper: Number.POSITIVE_INFINITY, cost });
    build.row(`slack_${slot}`, { upper: roomW / KILO }, [
      ...layout.batteries.map(({ charge }) => term(charge[slot]!, 1)),
      term(tight, -1),
    ]);
  }
}

/** Which cars would get more in the running slot, if a circuit had room: the allocator gives them what others leave. */
import type { PlanEvse, PlanInput } from "../../core/facts/plan-facts.ts";
import { mostPowerW } from "../input/limits.ts";
import { carCost } from "../model/car-cost.ts";
import { planWeights } from "../model/weights.ts";

interface Powers {
  readonly powerW: readonly number[];
  readonly shortfallWh: number;
}

/** Less is no difference of prices, EUR/kWh. */
const WORTH_EUR_PER_KWH = 1e-3;
/** Rounding, W and Wh. */
const LESS_W = 100;
const SHORT_WH = 50;

/** What a kWh more costs in a slot, EUR: bought, or not sold. */
function marginalEur(input: PlanInput, importW: readonly number[], slot: number): number {
  const [bought, sold] = [input.importEurPerKwh[slot] ?? 0, input.exportEurPerKwh[slot] ?? 0];
  return (importW[slot] ?? 0) > 0 ? bought : Math.min(bought, Math.max(0, sold));
}

/**
 * Slots from the start, 0 or 1, in which a car would take more: it misses energy, or a later slot in which it charges is
 * dearer than this one. Nothing but a lack of room keeps a plan from that.
 */
export function eagerSlots(
  evse: PlanEvse,
  { powerW, shortfallWh }: Powers,
  { input, importW }: { readonly input: PlanInput; readonly importW: readonly number[] },
): number {
  if ((powerW[0] ?? 0) > mostPowerW(evse, 0) - LESS_W) return 0;
  if (shortfallWh > SHORT_WH) return 1;
  // It may be a peak that keeps the plan from it.
  if (input.peaks?.some((peak) => (peak.weight?.[0] ?? 1) > 0)) return 0;
  const context = { input, weights: planWeights(input) };
  const costEur = (slot: number) => marginalEur(input, importW, slot) + carCost(evse, slot, context);
  // More power now is bought, however little of the sun is left over.
  const nowEur = (input.importEurPerKwh[0] ?? 0) + carCost(evse, 0, context);
  return powerW.some((power, slot) => slot > 0 && power > 0 && costEur(slot) > nowEur + WORTH_EUR_PER_KWH) ? 1 : 0;
}

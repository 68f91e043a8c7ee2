/** For which cars the sun that is left over in the running slot is better sold: they have cheaper hours to come. */
import type { PlanInput, PlanResult } from "../../core/facts/plan-facts.ts";
import { carCost } from "../model/car-cost.ts";
import { COUNTS_MONEY } from "../model/shortfall.ts";
import { planWeights } from "../model/weights.ts";
import { plannedEur } from "./eager.ts";

/** Less is no difference of prices, EUR/kWh. */
const WORTH_EUR_PER_KWH = 1e-3;
/** Rounding, W and Wh. */
const LESS_W = 100;
const SHORT_WH = 50;

/**
 * Slots from the start, 0 or 1, in which sun that is left over is sold though the car has room for it: exporting earns more than
 * any of its later slots costs. Where the feed-in is paid alike all day that is so only before nearly free hours.
 */
export function soldSunSlots(
  index: number,
  { powerW, shortfallWh }: { readonly powerW: readonly number[]; readonly shortfallWh: number },
  { input, importW, exportW }: { readonly input: PlanInput } & Pick<PlanResult, "importW" | "exportW">,
): number {
  const evse = input.evses[index]!;
  if (shortfallWh > SHORT_WH || !COUNTS_MONEY.has(evse.preference)) return 0;
  // What nobody foresaw, or nobody may export, goes into the car.
  if ((exportW[0] ?? 0) < LESS_W) return 0;
  const context = { input, weights: planWeights(input) };
  const laterEur = powerW.flatMap((power, slot) =>
    slot > 0 && power > 0 ? [plannedEur(input, power, { importW, slot }) + carCost(evse, slot, context)] : [],
  );
  const nowEur = (input.exportEurPerKwh[0] ?? 0) + carCost(evse, 0, context);
  return laterEur.length > 0 && nowEur > Math.max(...laterEur) + WORTH_EUR_PER_KWH ? 1 : 0;
}

/** What cars miss when there is not enough: each an equal part of what it came for, also of what it has got or lost already. */
import type { PlanEvse, PlanInput } from "../../core/facts/plan-facts.ts";
import { possibleNeedWh } from "../input/limits.ts";
import type { CarCostContext } from "./car-cost.ts";
import type { ModelBuilder } from "./linear-model.ts";
import { SHORTFALL_PARTS } from "./weights.ts";

const KILO = 1000;
const HOUR_MS = 3_600_000;
/** Who is in a hurry, or wants the sun, has said what counts more than a peak. */
export const COUNTS_MONEY: ReadonlySet<PlanEvse["preference"]> = new Set(["cheap", "regular"]);

/** What a car may still miss of one part of its need. */
interface MissablePart {
  /** 0 the eighth that weighs the least. */
  readonly part: number;
  readonly wh: number;
}

/**
 * What a car came for, Wh: what it has got and still needs, as far as all of its stay could give it. Who asks for more gets no
 * more room by it, and who was left waiting does not lose what it could have had.
 */
function wholeNeedWh(evse: PlanEvse, possibleWh: number): number {
  const { deliveredWh } = evse;
  if (deliveredWh === undefined) return possibleWh;
  const stayWh = (evse.maxPowerW * (evse.departureMs - evse.connectedSinceMs)) / HOUR_MS;
  return Math.max(deliveredWh + possibleWh, Math.min(deliveredWh + evse.energyNeededWh, stayWh));
}

/** The need as far as somebody asked for it, or half of such cars take it: what no peak is too dear for. */
function askedFor(evse: PlanEvse): PlanEvse {
  return { ...evse, energyNeededWh: evse.energyNeededWh - unaskedWh(evse) };
}

/**
 * What only some cars take of which nobody said what they need, Wh, where a month's peak costs: worth having, but no reason to raise
 * the peak for all of the month.
 */
export function unaskedWh({ needAssumed, notAskedWh = 0, energyNeededWh, preference }: PlanEvse): number {
  return needAssumed && COUNTS_MONEY.has(preference) ? Math.min(notAskedWh, energyNeededWh) : 0;
}

/**
 * The parts of its need that a car may still miss, the one that weighs the least first: none of what it has got, and nothing
 * of what it has lost already. So plans that are made one after another share a shortage as one would, and who is served
 * later does not lose by it.
 */
export function missableParts(car: PlanEvse, input: PlanInput): readonly MissablePart[] {
  const evse = askedFor(car);
  const possibleWh = possibleNeedWh(evse, input);
  const wholeWh = wholeNeedWh(evse, possibleWh);
  const lostWh = wholeWh - (evse.deliveredWh ?? 0) - possibleWh;
  const partWh = wholeWh / SHORTFALL_PARTS;
  return Array.from({ length: SHORTFALL_PARTS }, (_, part) => {
    const [fromWh, toWh] = [Math.max(lostWh, part * partWh), Math.min(lostWh + possibleWh, (part + 1) * partWh)];
    return { part, wh: toWh - fromWh };
  }).filter(({ wh }) => wh > 0);
}

/** Adds what a car misses of its need, as variables in kWh; what nobody could deliver takes no room from others. */
export function addShortfall(build: ModelBuilder, index: number, { input, weights }: CarCostContext): number[] {
  const evse = input.evses[index]!;
  const never = (evse.energyNeededWh - possibleNeedWh(evse, input)) / KILO;
  const neverEur = weights.shortfallEurPerKwh(evse, SHORTFALL_PARTS - 1);
  if (never > 0) build.variable(`never${index}`, { lower: never, upper: never, cost: neverEur });
  return missableParts(evse, input).map(({ part, wh }) =>
    build.variable(`short${index}_${part}`, { upper: wh / KILO, cost: weights.shortfallEurPerKwh(evse, part) }),
  );
}

/** Adds what a car misses of what nobody asked for, kWh; missing where there is no such part of its need. */
export function addUnasked(build: ModelBuilder, index: number, { input, weights }: CarCostContext): number | undefined {
  const evse = input.evses[index]!;
  const upper = (possibleNeedWh(evse, input) - possibleNeedWh(askedFor(evse), input)) / KILO;
  return upper > 0 ? build.variable(`unasked${index}`, { upper, cost: weights.unaskedEurPerKwh(evse) }) : undefined;
}

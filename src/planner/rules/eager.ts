/** Which cars would get more in the running slot, if a circuit had room: the allocator gives them what others leave. */
import type { PlanEvse, PlanInput } from "../../core/facts/plan-facts.ts";
import { PHASE_INDEXES } from "../../core/quantity.ts";
import { type CircuitRoom, importCapW, mostPowerW, possibleNeedWh } from "../input/limits.ts";
import { carCost } from "../model/car-cost.ts";
import { unaskedWh } from "../model/shortfall.ts";
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

/** What a kWh of a planned power costs in a slot, EUR: bought, or not sold, or some of both. */
export function plannedEur(
  input: PlanInput,
  powerW: number,
  { importW, slot }: { importW: readonly number[]; slot: number },
) {
  const [bought, sold] = [input.importEurPerKwh[slot] ?? 0, input.exportEurPerKwh[slot] ?? 0];
  const part = Math.min(1, (importW[slot] ?? 0) / powerW);
  return part * bought + (1 - part) * Math.min(bought, Math.max(0, sold));
}

/** Whether all cars that are here fit at their full power into whatever one of them is behind: then no lack of room moved it. */
function allFit(index: number, input: PlanInput, rooms: readonly CircuitRoom[]): boolean {
  const { evses, batteries, sitePhases, unbalanceLimitA, buildingW } = input;
  const isUneven = evses[index]!.phases.length < sitePhases && unbalanceLimitA !== undefined;
  const batteriesW = batteries.reduce((sum, { maxChargeW }) => sum + maxChargeW, 0);
  const carsW = (members: readonly number[]) => members.reduce((sum, member) => sum + evses[member]!.maxPowerW, 0);
  const importW = (buildingW[0] ?? 0) + carsW(evses.map((_, member) => member)) + batteriesW;
  if (isUneven || importW > importCapW(input, 0)) return false;
  return rooms.every((room) => {
    if (!room.evses.includes(index)) return true;
    const onPhaseW = PHASE_INDEXES.map((phase) =>
      room.evses.reduce(
        (sum, member) => {
          const { phases, maxPowerW } = evses[member]!;
          return phases.includes(phase) ? sum + maxPowerW / phases.length : sum;
        },
        room.isRoot ? batteriesW / sitePhases : 0,
      ),
    );
    return (
      carsW(room.evses) <= (room.sumW?.[0] ?? Number.POSITIVE_INFINITY) &&
      PHASE_INDEXES.every((phase) => onPhaseW[phase]! <= (room.phaseW[phase][0] ?? Number.POSITIVE_INFINITY))
    );
  });
}

/**
 * Cars on one or two phases that even out what others load: where phases may not differ much, they charge while those do that have
 * most to charge. What they take sooner leaves these alone later, with no more than may differ.
 */
export function counterweights(input: PlanInput): boolean[] {
  const { evses, sitePhases, unbalanceLimitA } = input;
  const isUneven = ({ phases }: PlanEvse) => unbalanceLimitA !== undefined && phases.length < sitePhases;
  const needWh = PHASE_INDEXES.map((phase) =>
    evses.reduce((sum, evse) => {
      return isUneven(evse) && evse.phases.includes(phase)
        ? sum + possibleNeedWh(evse, input) / evse.phases.length
        : sum;
    }, 0),
  );
  const mostWh = Math.max(...needWh);
  return evses.map((evse) => isUneven(evse) && evse.phases.every((phase) => needWh[phase]! < mostWh));
}

/** Who may leave before that waits for nobody's sake. */
const SURE_CHANCE = 0.1;

/** Whether a car is surely still there in the last slot in which it is planned. */
function staysFor({ leftBy }: PlanEvse, powerW: readonly number[]): boolean {
  const last = powerW.findLastIndex((power) => power > 0);
  return (leftBy?.[last] ?? 0) < SURE_CHANCE;
}

/**
 * Slots from the start, 0 or 1, in which a car would take more: it misses energy, or a later slot in which it charges is
 * dearer than this one, and others may be in its way now.
 */
export function eagerSlots(
  index: number,
  { powerW, shortfallWh }: Powers,
  {
    input,
    importW,
    rooms,
    isCounterweight,
  }: {
    readonly input: PlanInput;
    readonly importW: readonly number[];
    readonly rooms: readonly CircuitRoom[];
    readonly isCounterweight: boolean;
  },
): number {
  const evse = input.evses[index]!;
  if ((powerW[0] ?? 0) > mostPowerW(evse, 0) - LESS_W) return 0;
  if (shortfallWh - unaskedWh(evse) > SHORT_WH) return 1;
  // It may be a peak that keeps the plan from it, or what changes from one quarter-hour to the next.
  if (input.ramp) return 0;
  if (input.peaks?.some((peak) => (peak.weight?.[0] ?? 1) > 0)) return 0;
  if ((isCounterweight && staysFor(evse, powerW)) || allFit(index, input, rooms)) return 0;
  const context = { input, weights: planWeights(input) };
  // More power now is bought, however little of the sun is left over.
  const nowEur = (input.importEurPerKwh[0] ?? 0) + carCost(evse, 0, context);
  const laterEur = (power: number, slot: number) =>
    plannedEur(input, power, { importW, slot }) + carCost(evse, slot, context);
  return powerW.some((power, slot) => slot > 0 && power > 0 && laterEur(power, slot) > nowEur + WORTH_EUR_PER_KWH)
    ? 1
    : 0;
}

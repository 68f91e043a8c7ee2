/** Cars that give energy back, on top of the world of a seed and drawn from a stream of their own: it stays what it was. */
import type { Fault } from "./fault.ts";
import { drawFault, GIVING_NAMES } from "./faults/index.ts";
import type { PlanOptions, Stall, Visit, WorldPlan } from "./plan.ts";
import { Draw } from "./random.ts";

/** Battery of every car, Wh. */
export const CAR_WH = 80_000;
/** No car is emptied below this, percent. */
export const LEAST_CHARGE_PERCENT = 50;

const STREAM = 7_000_003;
const VOLTAGE = 230;
/** Of each kind of fault of cars that give. */
const FAULT_CHANCE = 0.15;
const EXPORT_LIMITS_W = [undefined, undefined, 0, 690, 3000, 6000, 15_000];
const RAMP_LIMITS_W = [undefined, undefined, 5000, 20_000];

function givingStalls(draw: Draw, stalls: readonly Stall[]): Stall[] {
  const first = draw.whole(0, stalls.length - 1);
  return stalls.map((stall, index) => {
    const part = draw.one([0.3, 0.6, 1, 1]);
    const tellsCharge = draw.chance(0.5);
    if (!draw.chance(0.6) && index !== first) return stall;
    const maxPowerW = Math.round(part * stall.maxCurrentA * VOLTAGE * stall.phases.length);
    return { ...stall, phaseSwitching: false, gives: { maxPowerW, tellsCharge } };
  });
}

/** Drivers leave it to the plan at most of these EVSEs, and few of their cars cannot give. */
function givingVisits(draw: Draw, visits: readonly Visit[], stalls: readonly Stall[]): Visit[] {
  return visits.map((visit) => {
    const hurries = visit.hurries && draw.chance(0.2);
    const comesWithPercent = draw.whole(LEAST_CHARGE_PERCENT - 3, 80);
    const can = draw.chance(0.9);
    if (!stalls.some(({ id, gives }) => id === visit.stall && gives)) return visit;
    return { ...visit, hurries, ...(can ? { gives: { comesWithPercent } } : {}) };
  });
}

/** The world with EVSEs that take energy back, limits of the export, and what may go wrong with it. */
export function withGiving(plan: WorldPlan, { only, also }: Pick<PlanOptions, "only" | "also">): WorldPlan {
  const draw = new Draw(plan.seed + STREAM);
  const stalls = givingStalls(draw, plan.stalls);
  const visits = givingVisits(draw, plan.visits, stalls);
  const [exportLimitW, rampLimitW] = [draw.one(EXPORT_LIMITS_W), draw.one(RAMP_LIMITS_W)];
  const faults: readonly Fault[] = GIVING_NAMES.filter(() => draw.chance(FAULT_CHANCE)).map((name) =>
    drawFault(draw, name),
  );
  return {
    ...plan,
    ...(exportLimitW === undefined ? {} : { exportLimitW }),
    ...(rampLimitW === undefined ? {} : { rampLimitW }),
    stalls,
    visits,
    faults: only || also ? plan.faults : [...plan.faults, ...faults],
  };
}

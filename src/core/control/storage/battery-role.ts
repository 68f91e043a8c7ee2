/**
 * What a plan means for a battery in its running slot. A plan knows averages of a quarter-hour, the site changes each
 * second: a constant power would sell in one minute what is bought back in the next. So where the plan means to cover
 * the site or to take up the sun, the battery follows the meter; a power is set where the plan trades with the grid.
 */
import { isFresh } from "../../device-quality.ts";
import { clamp } from "../../quantity.ts";
import { SLOT_MS } from "../../time/slots.ts";
import type { ControlInput } from "../control.ts";
import { followedSlot, type Plan } from "../wishes/plan-current.ts";
import { holdsSun } from "./held-sun.ts";
import { absorbableWh, coverableWh, storedW, storedWorth } from "./stored-worth.ts";

type BatteryDevice = ControlInput["site"]["batteries"][number];

export type BatteryRole =
  /** Covers and takes up what it can: its inverter does that better than we could. */
  | { readonly kind: "own" }
  /** Covers the site up to `coverW`, takes up what would be exported up to `absorbW`. */
  | {
      readonly kind: "follow";
      readonly coverW: number;
      readonly absorbW: number;
      /** Of what may not be exported it takes up so much. */
      readonly absorbHeldW: number;
    }
  | { readonly kind: "set"; readonly powerW: number };

const HOUR_MS = 3_600_000;
/** Below this a plan does not trade with the grid, W. */
const TRADE_W = 100;

/** What there is less of is not worth a change, Wh. */
const MATTERS_WH = 20;

/** How far the store may be from the plan for what pays, Wh. */
interface Paying {
  /** Below it by covering whatever the site takes. */
  readonly coverWh: number;
  /** Above it by taking up whatever the sun leaves, and what is worth nothing elsewhere. */
  readonly absorbWh: number;
  readonly absorbHeldWh: number;
  /** The plan: in store at the end of the slot, and what flows into the store until then, Wh and W. */
  readonly plannedWh?: number;
  readonly plannedW?: number;
}

function powerInSlot({ result }: Plan, device: BatteryDevice, slot: number): number | undefined {
  return result.batteries.find((battery) => battery.deviceId === device.id)?.powerW[slot];
}

/** What a plan does with the grid in a slot. */
function trades({ result }: Plan, slot: number) {
  return { imports: (result.importW[slot] ?? 0) > TRADE_W, exports: (result.exportW[slot] ?? 0) > TRADE_W };
}

/**
 * Whether the store should cover whatever the site takes, and take up whatever the sun leaves, however the slot turns out:
 * what is stored has its worth later, but not any amount of it. Where a month's peak costs or the ramp is limited, prices alone
 * do not say what covering costs later.
 */
function whatPays(plan: Plan, device: BatteryDevice, slot: number): Paying {
  const { input } = plan;
  const battery = input.batteries.find((known) => known.deviceId === device.id);
  // Where the import may change only so much, the planned powers lead from one quarter-hour to the next: no price moves them.
  const worth = input.ramp ? undefined : storedWorth(plan, device.id, slot);
  const unless = (trades: boolean) => (trades ? 0 : Number.POSITIVE_INFINITY);
  const { imports, exports } = trades(plan, slot);
  if (!battery || !worth)
    return { coverWh: unless(imports), absorbWh: unless(exports), absorbHeldWh: Number.POSITIVE_INFINITY };
  return {
    coverWh: input.peaks ? unless(imports) : coverableWh(worth, input.importEurPerKwh[slot] ?? 0, battery),
    absorbWh: absorbableWh(worth, input.exportEurPerKwh[slot] ?? 0, battery),
    absorbHeldWh: absorbableWh(worth, 0, battery),
    plannedWh: worth.plannedWh,
    plannedW: storedW(powerInSlot(plan, device, slot) ?? 0, battery),
  };
}

/** What pays by battery, in the slot that was asked for last. */
type PayingBySlot = Map<string, { readonly slot: number; readonly paying: Paying }>;
/** By plan: it is asked each second. */
const known = new WeakMap<Plan, PayingBySlot>();

function payingNow(plan: Plan, device: BatteryDevice, slot: number): Paying {
  const ofPlan = known.get(plan) ?? (new Map() as PayingBySlot);
  const last = ofPlan.get(device.id);
  if (last?.slot === slot) return last.paying;
  const paying = whatPays(plan, device, slot);
  known.set(plan, ofPlan.set(device.id, { slot, paying }));
  return paying;
}

/** How much more is in store than the plan has there at this time, Wh; nothing where nobody knows. */
function aheadWh(plan: Plan, { image }: ControlInput, device: BatteryDevice, paying: Paying): number {
  const { plannedWh, plannedW = 0 } = paying;
  const socPercent = image.batteries.get(device.id)?.socPercent;
  if (plannedWh === undefined || socPercent === undefined) return 0;
  const endMs = plan.input.startMs + (followedSlot(plan, image.nowMs) + 1) * SLOT_MS;
  const comesWh = (plannedW * Math.max(0, endMs - image.nowMs)) / HOUR_MS;
  return (device.battery!.capacityWh * socPercent) / 100 + comesWh - plannedWh;
}

/** The role of a battery now; missing where the plan does not know it. */
export function batteryRole(plan: Plan, input: ControlInput, device: BatteryDevice): BatteryRole | undefined {
  const slot = followedSlot(plan, input.image.nowMs);
  const powerW = powerInSlot(plan, device, slot);
  if (powerW === undefined) return undefined;
  const { imports, exports } = trades(plan, slot);
  const buys = powerW > 0 && imports;
  const sells = powerW < 0 && exports;
  const { maxChargeW, maxDischargeW } = device.battery!;
  // Two that follow one meter would each do the work of both.
  const isAlone = input.site.batteries.filter(({ battery }) => battery?.control).length === 1;
  if (buys || sells || !isAlone || !isFresh(input.image.batteries.get(device.id), input.image))
    return { kind: "set", powerW };
  const paying = payingNow(plan, device, slot);
  const aheadOfPlanWh = aheadWh(plan, input, device, paying);
  const covers = paying.coverWh + aheadOfPlanWh > MATTERS_WH;
  const absorbs = paying.absorbWh - aheadOfPlanWh > MATTERS_WH;
  const absorbsHeld = paying.absorbHeldWh - aheadOfPlanWh > MATTERS_WH;
  const coverW = covers ? maxDischargeW : Math.max(0, -powerW);
  const absorbW = absorbs ? maxChargeW : Math.max(0, powerW);
  const runsItself = coverW >= maxDischargeW && absorbW >= maxChargeW && !(absorbsHeld && holdsSun(input));
  return runsItself
    ? { kind: "own" }
    : { kind: "follow", coverW, absorbW, absorbHeldW: absorbsHeld ? maxChargeW : absorbW };
}

/** The power that a battery with such a role has now, W charging +; `undefined`: it runs by itself. */
export function powerInRole(role: BatteryRole, gridW: number, nowW: number): number | undefined {
  if (role.kind === "own") return undefined;
  if (role.kind === "set") return role.powerW;
  return clamp(nowW - gridW, -role.coverW, role.absorbW);
}

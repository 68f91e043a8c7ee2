/**
 * What a plan means for a battery in its running slot. A plan knows averages of a quarter-hour, the site changes each
 * second: a constant power would sell in one minute what is bought back in the next. So where the plan means to cover
 * the site or to take up the sun, the battery follows the meter; a power is set where the plan trades with the grid.
 */
import { STALE_AFTER_MS } from "../../device-quality.ts";
import { clamp } from "../../quantity.ts";
import type { ControlInput } from "../control.ts";
import { followedSlot, type Plan } from "../wishes/plan-current.ts";
import { holdsSun } from "./held-sun.ts";
import { absorbPays, coverPays, storedWorth } from "./stored-worth.ts";

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

/** Below this a plan does not trade with the grid, W. */
const TRADE_W = 100;

interface Paying {
  readonly covers: boolean;
  readonly absorbs: boolean;
  /** Takes up sun that is worth nothing elsewhere. */
  readonly absorbsHeld: boolean;
}

/**
 * Whether the store should cover whatever the site takes, and take up whatever the sun leaves, however the slot turns out:
 * what is stored has its worth later. Where a month's peak costs, prices alone do not say what covering costs later.
 */
function whatPays(plan: Plan, device: BatteryDevice, slot: number): Paying {
  const { input, result } = plan;
  const battery = input.batteries.find((known) => known.deviceId === device.id);
  const worth = storedWorth(plan, device.id, slot);
  const [imports, exports] = [(result.importW[slot] ?? 0) > TRADE_W, (result.exportW[slot] ?? 0) > TRADE_W];
  if (!battery || !worth) return { covers: !imports, absorbs: !exports, absorbsHeld: true };
  return {
    covers: input.peaks ? !imports : coverPays(worth, input.importEurPerKwh[slot] ?? 0, battery),
    absorbs: absorbPays(worth, input.exportEurPerKwh[slot] ?? 0, battery),
    absorbsHeld: absorbPays(worth, 0, battery),
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

/** The role of a battery now; missing where the plan does not know it. */
export function batteryRole(plan: Plan, input: ControlInput, device: BatteryDevice): BatteryRole | undefined {
  const slot = followedSlot(plan, input.image.nowMs);
  const { batteries, importW, exportW } = plan.result;
  const powerW = batteries.find((battery) => battery.deviceId === device.id)?.powerW[slot];
  if (powerW === undefined) return undefined;
  const imports = (importW[slot] ?? 0) > TRADE_W;
  const exports = (exportW[slot] ?? 0) > TRADE_W;
  const buys = powerW > 0 && imports;
  const sells = powerW < 0 && exports;
  const { maxChargeW, maxDischargeW } = device.battery!;
  // Two that follow one meter would each do the work of both.
  const isAlone = input.site.batteries.filter(({ battery }) => battery?.control).length === 1;
  const reading = input.image.batteries.get(device.id);
  const isSeen = reading !== undefined && input.image.monoMs - reading.atMonoMs <= STALE_AFTER_MS;
  if (buys || sells || !isAlone || !isSeen) return { kind: "set", powerW };
  const { covers, absorbs, absorbsHeld } = payingNow(plan, device, slot);
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

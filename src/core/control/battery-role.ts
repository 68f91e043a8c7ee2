/**
 * What a plan means for a battery in its running slot. A plan knows averages of a quarter-hour, the site changes each
 * second: a constant power would sell in one minute what is bought back in the next. So where the plan means to cover
 * the site or to take up the sun, the battery follows the meter; a power is set where the plan trades with the grid.
 */
import { STALE_AFTER_MS } from "../device-quality.ts";
import { clamp } from "../quantity.ts";
import type { ControlInput } from "./control.ts";
import { followedSlot, type Plan } from "./plan-current.ts";

type BatteryDevice = ControlInput["site"]["batteries"][number];

export type BatteryRole =
  /** Covers and takes up what it can: its inverter does that better than we could. */
  | { readonly kind: "own" }
  /** Covers the site up to `coverW`, takes up what would be exported up to `absorbW`. */
  | { readonly kind: "follow"; readonly coverW: number; readonly absorbW: number }
  | { readonly kind: "set"; readonly powerW: number };

/** Below this a plan does not trade with the grid, W. */
const TRADE_W = 100;

function powersOf(plan: Plan, device: BatteryDevice): readonly number[] {
  return plan.result.batteries.find((battery) => battery.deviceId === device.id)?.powerW ?? [];
}

/**
 * Where the plan leaves sun to the grid now and stores that of later, the order is free: what is stored already is sure,
 * and the sun of later may not come. Only where selling later brings less than now does the order matter.
 */
function storesSunLater(plan: Plan, device: BatteryDevice, slot: number): boolean {
  const { importW } = plan.result;
  const prices = plan.input.exportEurPerKwh;
  return powersOf(plan, device).some(
    (powerW, later) =>
      later > slot && powerW > TRADE_W && (importW[later] ?? 0) <= TRADE_W && prices[later]! >= prices[slot]!,
  );
}

/** Where the plan discharges now and in no dearer slot before it charges again, nothing is gained by keeping any of it. */
function coversDearest(plan: Plan, device: BatteryDevice, slot: number): boolean {
  const powersW = powersOf(plan, device);
  const prices = plan.input.importEurPerKwh;
  if ((powersW[slot] ?? 0) >= -TRADE_W) return false;
  for (let later = slot + 1; later < powersW.length; later++) {
    if (powersW[later]! > TRADE_W) return true;
    if (powersW[later]! < -TRADE_W && prices[later]! > prices[slot]!) return false;
  }
  return true;
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
  const coverW = imports && !coversDearest(plan, device, slot) ? Math.max(0, -powerW) : maxDischargeW;
  const absorbW = exports && !storesSunLater(plan, device, slot) ? Math.max(0, powerW) : maxChargeW;
  return coverW >= maxDischargeW && absorbW >= maxChargeW ? { kind: "own" } : { kind: "follow", coverW, absorbW };
}

/** The power that a battery with such a role has now, W charging +; `undefined`: it runs by itself. */
export function powerInRole(role: BatteryRole, gridW: number, nowW: number): number | undefined {
  if (role.kind === "own") return undefined;
  if (role.kind === "set") return role.powerW;
  return clamp(nowW - gridW, -role.coverW, role.absorbW);
}

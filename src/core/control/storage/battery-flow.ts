/**
 * What a battery surely contributes to the meter's reading. The battery's own reading may be some seconds ahead of the meter's or
 * behind it, and what it was told a moment ago may have begun or not. So the least that it did in the last seconds counts.
 */
import { readingQuality } from "../../device-quality.ts";
import type { ControlInput } from "../control.ts";
import type { BatteryMemory } from "../memory.ts";
import { BATTERY_SETTLES_MS } from "../thresholds.ts";

type BatteryDevice = ControlInput["site"]["batteries"][number];

/** What a battery did, W charging +. */
export interface SeenBattery {
  readonly monoMs: number;
  readonly powerW: number;
}

export interface BatteryFlow {
  readonly recent: readonly SeenBattery[];
  /** By its last reading, W charging +; 0 where that is old. */
  readonly nowW: number;
  /** What it took at least, and gave at least (negative), in the last seconds, W. */
  readonly leastInW: number;
  readonly leastOutW: number;
  /** What it was told, and may not have begun yet, W. */
  readonly pendingW: number;
}

const SECOND_MS = 1_000;

/** The last seconds with one more; of a second it is enough to know one. */
function seenWith(before: readonly SeenBattery[], seen: SeenBattery): readonly SeenBattery[] {
  const recent = before.filter(({ monoMs }) => seen.monoMs - monoMs <= BATTERY_SETTLES_MS);
  const last = recent.at(-1);
  return last && seen.monoMs - last.monoMs < SECOND_MS && last.powerW === seen.powerW ? recent : [...recent, seen];
}

/** The flow of a battery now; its `recent` is to be remembered. */
export function batteryFlow(
  { image }: ControlInput,
  device: BatteryDevice,
  before: BatteryMemory | undefined,
): BatteryFlow {
  const reading = image.batteries.get(device.id);
  const { monoMs } = image;
  if (!reading || readingQuality(device, reading.atMonoMs, image) !== "good")
    return { recent: [], nowW: 0, leastInW: 0, leastOutW: 0, pendingW: 0 };
  const { powerW } = reading;
  const recent = seenWith(before?.recent ?? [], { monoMs, powerW });
  const isPending = before?.powerW !== undefined && monoMs - before.changedMonoMs <= BATTERY_SETTLES_MS;
  const pendingW = isPending ? before.powerW! : powerW;
  const all = [...recent.map((seen) => seen.powerW), pendingW];
  return {
    recent,
    nowW: powerW,
    leastInW: Math.max(0, Math.min(...all)),
    leastOutW: Math.min(0, Math.max(...all)),
    pendingW,
  };
}

/** Room that a limit leaves, W: by the meter, and what others were told of it in this tick already. */
export interface Room {
  readonly leftW: number;
  readonly takenW: number;
  readonly mayRise: boolean;
}

/** The most that it may take. What it was told a moment ago it may go on with, as long as nothing is above its limit. */
export function mostInW({ nowW, leastInW, pendingW }: BatteryFlow, { leftW, takenW, mayRise }: Room): number {
  if (leftW < 0 || !mayRise) return Math.max(0, nowW + Math.min(0, leftW));
  return Math.max(0, pendingW, leastInW + Math.max(0, leftW - takenW));
}

/** The most that it may give, negative; the same the other way round. */
export function mostOutW({ nowW, leastOutW, pendingW }: BatteryFlow, { leftW, takenW }: Omit<Room, "mayRise">): number {
  if (leftW < 0) return Math.min(0, nowW - leftW);
  return Math.min(0, pendingW, leastOutW - Math.max(0, leftW - takenW));
}

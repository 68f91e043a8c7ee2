/** What a reading says against itself, or against the one before. */
import type { MeterReading } from "../image.ts";
import { sumPhases } from "../quantity.ts";

/** Active power above what the currents carry at this voltage, with room for readings taken one after the other. */
const HIGHEST_VOLTAGE_V = 265;
const SLACK_W = 800;
const SLACK_PART = 1.25;

/** Whether it says more power than its currents can carry: one of the two is of another scale. */
export function contradictsItself({ powerW, currentA, voltageV }: MeterReading): boolean {
  if (!currentA) return false;
  const highestV = voltageV ? Math.max(...voltageV) || HIGHEST_VOLTAGE_V : HIGHEST_VOLTAGE_V;
  const carriedW = sumPhases([Math.abs(currentA[0]), Math.abs(currentA[1]), Math.abs(currentA[2])]) * highestV;
  return Math.abs(powerW) > carriedW * SLACK_PART + SLACK_W;
}

/** Whether an energy register went backwards. A Wh may be lost by rounding. */
export function wentBack(before: MeterReading, now: MeterReading): boolean {
  const fell = (from: number | undefined, to: number | undefined) =>
    from !== undefined && to !== undefined && to < from - 1;
  return fell(before.importWh, now.importWh) || fell(before.exportWh, now.exportWh);
}

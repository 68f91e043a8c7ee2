/** What a single reading of a meter, or two of them, cannot say. */
import type { MeterReading } from "../image.ts";
import { sumPhases } from "../quantity.ts";

/** No fuse lets so many times its rating pass for as long as a meter averages. */
const MOST_RATINGS = 10;
/** Active power above what the currents carry at this voltage, with room for readings taken one after the other. */
const HIGHEST_VOLTAGE_V = 265;
const SLACK_W = 800;
const SLACK_PART = 1.25;

/** Whether all of its values are numbers that can be, below the rating of its fuse (A) and the site's voltage. */
export function isPossible(reading: MeterReading, ratingA: number, phases: 1 | 3): boolean {
  const mostA = MOST_RATINGS * ratingA;
  const mostW = mostA * phases * HIGHEST_VOLTAGE_V;
  const registers = [reading.importWh ?? 0, reading.exportWh ?? 0];
  return (
    Math.abs(reading.powerW) <= mostW &&
    (reading.currentA ?? []).every((currentA) => Math.abs(currentA) <= mostA) &&
    (reading.voltageV ?? []).every(Number.isFinite) &&
    registers.every((registerWh) => Number.isFinite(registerWh) && registerWh >= 0)
  );
}

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

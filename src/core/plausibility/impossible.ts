/** Readings that cannot be: a spike on the line, a wrong word order for one poll. */
import type { MeterReading } from "../image.ts";

/**
 * Every device opens within a second or two at this multiple of its rating: either the reading is wrong, or there is
 * nothing left to protect. A reading that is not used grows old, so that a meter that goes on like this is lost.
 */
const MOST_TIMES_RATING = 5;
const HIGHEST_VOLTAGE_V = 265;

/** Why a reading of a circuit's meter is not used, in words; `undefined` when it may be. */
export function impossibleReading(reading: MeterReading, ratingA: number): string | undefined {
  const { currentA, powerW, voltageV, importWh = 0, exportWh = 0 } = reading;
  const mostA = MOST_TIMES_RATING * ratingA;
  const spikeA = currentA?.find((value) => !(Math.abs(value) <= mostA));
  if (spikeA !== undefined)
    return `a current of ${spikeA} A behind a fuse of ${ratingA} A: not used, see its cable and its profile`;
  if (!(Math.abs(powerW) <= mostA * 3 * HIGHEST_VOLTAGE_V))
    return `a power of ${powerW} W behind a fuse of ${ratingA} A: not used, see its cable and its profile`;
  const sound = (voltageV ?? []).every(Number.isFinite) && Number.isFinite(importWh + exportWh);
  return sound ? undefined : "a voltage or an energy that is no number: not used, see its cable and its profile";
}

/** Readings that cannot be: a spike on the line, a wrong word order for one poll. */
import type { MeterReading } from "./image.ts";

/**
 * Every device opens within a second or two at this multiple of its rating: either the reading is wrong, or there is
 * nothing left to protect. A reading that is not used grows old, so that a meter that goes on like this is lost.
 */
const MOST_TIMES_RATING = 5;

/** Why a reading of a circuit's meter is not used, in words; `undefined` when it may be. */
export function impossibleReading({ currentA }: MeterReading, ratingA: number): string | undefined {
  const spikeA = currentA?.find((value) => !(Math.abs(value) <= MOST_TIMES_RATING * ratingA));
  if (spikeA === undefined) return undefined;
  return `a current of ${spikeA} A behind a fuse of ${ratingA} A: not used, see its cable and its profile`;
}

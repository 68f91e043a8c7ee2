/**
 * What a car is believed to take at most in the hours to come. An EVSE of three phases says nothing of its car: many charge on
 * one. Who waits for the cheapest hour as if it took all misses what it needs, so until a car has shown itself it is planned as a
 * slow one; then it begins early enough, and shows itself by that.
 */
import { isOwn, quantile, type Sample, type Visit } from "../../core/drivers/likeness.ts";
import type { Stay } from "../../core/state/stays.ts";

/** A car that took this part of what its EVSE gives takes all of it. */
const SHOWN_PART = 0.9;
/** One of five strangers may be slower. */
const SLOWER_PART = 0.2;
/** A car that nobody knows weighs as much as so many that were here. */
const UNKNOWN_WEIGHT = 4;
/** A car may have been held below what it takes: of a driver's own last stays the one with the most power counts ... */
const OWN_STAYS = 3;
/** ... unless one of them took no more than a single phase carries, and another more: those were two cars. Meters are not exact. */
const ONE_PHASE_PART = 1.05;

export interface CarPowerQuestion {
  /** Oldest first. */
  readonly stays: readonly Stay[];
  readonly visit: Visit;
  /** The most that the EVSE gives this car, W, what a slow car takes there, and what the EVSE gives on a single phase. */
  readonly mostW: number;
  readonly slowW: number;
  readonly onePhaseW: number;
  /** The most that it took since it came, W. */
  readonly shownW: number;
}

/**
 * What the same car took in its last stays, W. Where nobody shows a card, or a guest's, a fleet's card is shown, they may be those
 * of several: then nothing is known of the one that has come now.
 */
function ownPowersW(seen: readonly Stay[], { visit, onePhaseW }: CarPowerQuestion): readonly number[] {
  const own = seen.filter((stay) => isOwn(stay, visit)).slice(-OWN_STAYS);
  const powersW = own.map(({ powerW = 0 }) => powerW);
  const mostOnOneW = ONE_PHASE_PART * onePhaseW;
  const areSeveral = powersW.some((powerW) => powerW <= mostOnOneW) && powersW.some((powerW) => powerW > mostOnOneW);
  return areSeveral ? [] : powersW;
}

/** What the car is believed to take beyond the running slot, W, never more than `mostW`. */
export function believedPowerW(question: CarPowerQuestion): number {
  const { stays, mostW, slowW, shownW } = question;
  if (shownW >= SHOWN_PART * mostW) return mostW;
  const seen = stays.filter(({ powerW }) => powerW !== undefined);
  const ownW = ownPowersW(seen, question);
  const others = seen.map(({ powerW = 0 }): Sample => ({ value: powerW, weight: 1 }));
  const knownW =
    ownW.length > 0
      ? Math.max(...ownW)
      : (quantile([...others, { value: slowW, weight: UNKNOWN_WEIGHT }], SLOWER_PART) ?? slowW);
  const believedW = Math.max(knownW, shownW);
  return believedW >= SHOWN_PART * mostW ? mostW : Math.ceil(believedW);
}

/**
 * How near a protective device is to opening. Every device may lie anywhere between the gates of its standard; reckoned
 * here is the fastest that still conforms, warm from the load of before.
 */
import { mapPhases, type PerPhase } from "../../quantity.ts";
import type { Protection } from "../../site/site.ts";

interface Curve {
  /** Multiples of the rating and the earliest opening from cold, s, rising; the first is the current that it holds. */
  readonly points: readonly (readonly [ratio: number, seconds: number])[];
  /** From here on it opens at once. */
  readonly instantAt: number;
}

/**
 * First points: conventional non-tripping currents, held for an hour (IEC 60898-1: 1.13; DIN VDE 0641-21, E: 1.05;
 * IEC 60269-1: 1.25). gG at 2: the gate "holds for 10 s" of the least rating. B, C at 2.55: the gate of 1 s. The points
 * between are assumed, below the fast edge of makers' curves.
 */
const BIMETAL = [
  [1.45, 40],
  [2.55, 1],
] as const;
const CURVES: Readonly<Record<Protection, Curve>> = {
  gG: {
    points: [
      [1.25, 3600],
      [2, 10],
      [5, 0.1],
    ],
    instantAt: 10,
  },
  B: { points: [[1.13, 3600], ...BIMETAL], instantAt: 3 },
  C: { points: [[1.13, 3600], ...BIMETAL], instantAt: 5 },
  "SLS-E": { points: [[1.05, 3600], [1.2, 120], ...BIMETAL], instantAt: 5 },
};

/** A device that has long carried what it holds has used this part of its curve; it warms and cools by this time constant. */
const WARM = 0.5;
const COOLING_S = 600;
/** The heat that is assumed of a device that nothing is known of. */
export const UNKNOWN_HEAT = WARM;

/** The multiple of its rating that the device holds for good. */
function heldRatio(protection: Protection): number {
  return CURVES[protection].points[0]![0];
}

/** Earliest opening from cold at a multiple of the rating, s; infinite up to what the device holds. */
export function earliestOpeningS(protection: Protection, ratio: number): number {
  const { points, instantAt } = CURVES[protection];
  if (ratio <= points[0]![0]) return Number.POSITIVE_INFINITY;
  if (ratio >= instantAt) return 0;
  const next = points.findIndex(([above]) => ratio < above);
  const to = next < 0 ? points.length - 1 : next;
  const [lowRatio, lowS] = points[to - 1]!;
  const [highRatio, highS] = points[to]!;
  const steepness = Math.log(lowS / highS) / Math.log(highRatio / lowRatio);
  return lowS * (lowRatio / ratio) ** steepness;
}

/** Heat of a device that has long carried a multiple of its rating that it holds. */
function restHeat(protection: Protection, ratio: number): number {
  return WARM * (ratio / heldRatio(protection)) ** 2;
}

/**
 * Heat of a device after so many seconds at a multiple of its rating: 0 is cold, at 1 it may open. Repeated overloads
 * add up; it forgets them within some ten minutes.
 */
export function heatAfter(heat: number, protection: Protection, ratio: number, seconds: number): number {
  const load = Math.abs(ratio);
  const openingS = earliestOpeningS(protection, load);
  if (openingS === 0) return 1;
  if (Number.isFinite(openingS)) return Math.min(1, heat + seconds / openingS);
  const rest = restHeat(protection, load);
  return rest + (heat - rest) * Math.exp(-seconds / COOLING_S);
}

/** Earliest opening of a device that has this heat already, s. */
export function openingInS(heat: number, protection: Protection, ratio: number): number {
  return Math.max(0, 1 - heat) * earliestOpeningS(protection, Math.abs(ratio));
}

/** {@link heatAfter} for the three poles of a device of `ratingA`. */
export function heatPoles(
  heat: PerPhase,
  device: { readonly protection: Protection; readonly ratingA: number },
  currentA: PerPhase,
  seconds: number,
): PerPhase {
  return mapPhases((phase) => heatAfter(heat[phase], device.protection, currentA[phase] / device.ratingA, seconds));
}

/** A device as the guard sees one pole of it. */
export interface Pole {
  readonly protection: Protection;
  readonly heat: number;
  readonly ratio: number;
  /** Part of what it bears above its rating that may be used before anybody is limited, 0 to 1. */
  readonly usable: number;
}

/**
 * What an overload is to a device: `opens` when it may open within `reactionS`, `bears` when the configured part of what
 * it bears is not used up. Nothing is to be said of a load up to its rating.
 */
export function strainOf({ protection, heat, ratio, usable }: Pole, reactionS: number): "opens" | "bears" | undefined {
  if (ratio <= 1) return undefined;
  const leftS = openingInS(heat, protection, ratio);
  if (leftS < reactionS) return "opens";
  const rest = restHeat(protection, 1);
  const isWithin = usable > 0 && heat < rest + usable * (1 - rest);
  return isWithin && leftS > 2 * reactionS ? "bears" : undefined;
}

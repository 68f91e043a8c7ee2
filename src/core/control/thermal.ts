/**
 * How near a protective device is to opening. Every device may lie anywhere between the gates of its standard; reckoned
 * here is the fastest that still conforms, warm from the load of before.
 */
import { mapPhases, type PerPhase } from "../quantity.ts";
import type { Protection } from "../site.ts";

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

/** The multiple of its rating that the device holds for good. */
export function heldRatio(protection: Protection): number {
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

/**
 * Heat of a device after so many seconds at a multiple of its rating: 0 is cold, at 1 it may open. Repeated overloads
 * add up; it forgets them within some ten minutes.
 */
export function heatAfter(heat: number, protection: Protection, ratio: number, seconds: number): number {
  const load = Math.abs(ratio);
  const openingS = earliestOpeningS(protection, load);
  if (openingS === 0) return 1;
  if (Number.isFinite(openingS)) return Math.min(1, heat + seconds / openingS);
  const rest = WARM * (load / heldRatio(protection)) ** 2;
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

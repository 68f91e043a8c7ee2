/**
 * Quantities: W, Wh, A, V as plain numbers whose unit is in the name; time as epoch milliseconds UTC (`...Ms`),
 * control time as monotonic milliseconds (`...MonoMs`). Signs: grid import +, PV production +, charging +.
 * Unknown is never zero: a value that was not measured is `undefined`, a value that is old has a quality.
 */

/** Values of the grid phases L1, L2, L3, in that order. */
export type PerPhase = readonly [number, number, number];

/** Index into {@link PerPhase}: 0 is L1. */
export type PhaseIndex = 0 | 1 | 2;

export const PHASE_INDEXES: readonly PhaseIndex[] = [0, 1, 2];
export const PHASE_NAMES = ["L1", "L2", "L3"] as const;
export type PhaseName = (typeof PHASE_NAMES)[number];

export const ZERO_PHASES: PerPhase = [0, 0, 0];

/** How far a measured value may be trusted. `stale` degrades (no raise), `absent` means safe currents. */
export type Quality = "good" | "stale" | "absent";

/** Index of a phase name; the name is one of L1, L2, L3. */
export function phaseIndex(name: PhaseName): PhaseIndex {
  return PHASE_NAMES.indexOf(name) as PhaseIndex;
}

/** Applies `f` to each phase. */
export function mapPhases(f: (phase: PhaseIndex) => number): PerPhase {
  return [f(0), f(1), f(2)];
}

/** Sum by phase, in the unit of the arguments. */
export function addPhases(a: PerPhase, b: PerPhase): PerPhase {
  return [a[0] + b[0], a[1] + b[1], a[2] + b[2]];
}

/** Total over the phases, in the unit of the argument. */
export function sumPhases(a: PerPhase): number {
  return a[0] + a[1] + a[2];
}

/** `value` limited to the closed range; `low` wins where the range is empty. */
export function clamp(value: number, low: number, high: number): number {
  return Math.max(low, Math.min(high, value));
}

/** The quality of a value read `ageMs` ago. `undefined` age (never read) is absent. */
export function qualityOfAge(ageMs: number | undefined, staleAfterMs: number, absentAfterMs: number): Quality {
  if (ageMs === undefined || ageMs > absentAfterMs) return "absent";
  return ageMs > staleAfterMs ? "stale" : "good";
}

/** What must survive between ticks but is not worth a fact. All times are monotonic. */
import type { PhaseIndex } from "../quantity.ts";
import type { ReasonKind } from "../reason.ts";

export interface EvseMemory {
  readonly transactionId?: number;
  /** Limit in force, as commanded; before the first command the safe current. */
  readonly limitA: number;
  readonly limitSinceMonoMs: number;
  /** What it drew when its limit was lowered last: counts as drawn until it obeys. */
  readonly drewBeforeA: number;
  /** Grid phases that the car was seen to load. */
  readonly phases?: readonly PhaseIndex[];
  readonly belowSinceMonoMs?: number;
  readonly vehicleCapA?: number;
  readonly overSinceMonoMs?: number;
  readonly obeyed: boolean;
  /** Since when it charges or pauses for want of current. */
  readonly turnSinceMonoMs: number;
  readonly wishA: number;
  readonly wishKind: ReasonKind;
  readonly wishSinceMonoMs: number;
  readonly sentMonoMs?: number;
  readonly sentA?: number;
  /** Connection (its `changedMs`) for which the safe default was installed. */
  readonly installedForMs?: number;
  readonly tries: number;
  readonly healedMonoMs?: number;
  readonly factA?: number;
  readonly factKind?: ReasonKind;
  readonly factMonoMs?: number;
}

/** Least free current of a constraint in the last half minute: one minimum a bucket. */
export interface HeadroomHistory {
  readonly bucket: number;
  readonly minima: readonly number[];
  /** Reading when current was shed last: what it fell by since is no longer pending. */
  readonly shedAt?: number;
  /** Since when the limits in force are more than what is available, without an overload. */
  readonly tightSinceMonoMs?: number;
}

export interface BatteryMemory {
  readonly sentMonoMs: number;
  readonly powerW: number | undefined;
  readonly factPowerW?: number | undefined;
  readonly factMonoMs: number;
}

export interface ControlMemory {
  readonly startedMonoMs?: number;
  readonly evses: ReadonlyMap<string, EvseMemory>;
  readonly headroom: ReadonlyMap<string, HeadroomHistory>;
  /** Since when the meter of a circuit is good, and whether it had been lost before. */
  readonly goodSince: ReadonlyMap<string, { readonly monoMs: number; readonly afterLoss: boolean }>;
  readonly lastRaiseMonoMs: number;
  /** Who was raised last, for the round robin. */
  readonly raiseTurn: number;
  readonly overloaded: ReadonlySet<string>;
  readonly batteries: ReadonlyMap<string, BatteryMemory>;
  readonly modeKey?: string;
  readonly modeMonoMs: number;
}

export function initialControlMemory(): ControlMemory {
  return {
    evses: new Map(),
    headroom: new Map(),
    goodSince: new Map(),
    lastRaiseMonoMs: Number.NEGATIVE_INFINITY,
    raiseTurn: 0,
    overloaded: new Set(),
    batteries: new Map(),
    modeMonoMs: Number.NEGATIVE_INFINITY,
  };
}

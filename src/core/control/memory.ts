/** What must survive between ticks but is not worth a fact. All times are monotonic. */
import type { PerPhase, PhaseIndex } from "../quantity.ts";
import type { ReasonKind } from "../reason.ts";

/** An older, higher limit that may still be in force at the charge point. */
export interface HeldLimit {
  readonly currentA: number;
  readonly untilMonoMs: number;
  /** When a newer limit was sent to replace it. */
  readonly replacedMonoMs?: number;
}

/** So many phases a car may load whose charge point tells power alone. */
export interface PowerPhases {
  readonly fewest: number;
  readonly most: number;
  /** Of the last report that counted: the limit it was of, and what was drawn on all phases together, A. */
  readonly limitA: number;
  readonly sumA: number;
}

export interface EvseMemory {
  readonly transactionId?: number;
  /** Readings from before are of another car, or of none. */
  readonly begunMonoMs: number;
  /** Limit as decided; before the first decision the safe current. */
  readonly limitA: number;
  readonly limitSinceMonoMs: number;
  /** When it was lowered last, or the transaction began: a raise excuses nobody from the limit of before. */
  readonly loweredMonoMs: number;
  /** What it drew when its limit was lowered last: counts as drawn until it obeys. */
  readonly flowA: number;
  readonly held?: HeldLimit;
  /** Grid phases that the car was seen to load. */
  readonly phases?: readonly PhaseIndex[];
  /** Those of them that it loaded when it was last seen to draw. */
  readonly loaded?: readonly PhaseIndex[];
  /** How many of them, where its charge point tells power alone. */
  readonly powerPhases?: PowerPhases;
  readonly belowSinceMonoMs?: number;
  readonly vehicleCapA?: number;
  readonly obeyed: boolean;
  /** How far above its limit it was seen to draw, as a part of the limit. */
  readonly excessPart?: number;
  readonly healedMonoMs?: number;
  readonly heals: number;
  /** Since when it charges (limit above 0) or does not. */
  readonly turnSinceMonoMs: number;
  /** Since when it was stopped for want of current; missing when it charges, or never did. */
  readonly pausedMonoMs?: number;
  /** Times that its transaction was stopped so. */
  readonly pauses: number;
  /** Times that its limit went to 0 in this transaction, for whatever reason. */
  readonly stops: number;
  readonly wishA: number;
  readonly wishKind: ReasonKind;
  readonly wishSinceMonoMs: number;
  /** Its charge point is told to give a single phase. */
  readonly onePhase?: true;
  /** When the number of phases was changed last, and how often in this transaction. */
  readonly switchedMonoMs?: number;
  readonly switches?: number;
  /** Since when it pauses for a change of that number. */
  readonly switchingSinceMonoMs?: number;
  /** Since when the other number of phases would do better. */
  readonly otherPhasesSinceMonoMs?: number;
  /** Since when the sun would carry its minimum; until when it goes on with that although the sun carries less. */
  readonly sunnySinceMonoMs?: number;
  readonly solarUntilMonoMs?: number;
  readonly sentMonoMs?: number;
  readonly sentA?: number;
  /** Since when it is told that, renewals included. */
  readonly sentSinceMonoMs?: number;
  /** Since when it is told to give back at least as much as now: a report from then on has shown what it makes of that. */
  readonly backSinceMonoMs?: number;
  /** When the lease that was sent last ends by itself. */
  readonly sentEndsMonoMs?: number;
  /** When the schedule that was sent last goes halfway to the safe current by itself; when such a one was refused last. */
  readonly sentHalfway?: { readonly currentA: number; readonly monoMs: number };
  readonly halfwayRefusedMonoMs?: number;
  /** When it refused to give back last, or charged instead. */
  readonly backRefusedMonoMs?: number;
  /** When the schedule that was sent lowers itself before its lease ends. */
  readonly sentDropMonoMs?: number;
  /** Connection and boot (the sum of their times) for which the safe default was installed. */
  readonly installedForMs?: number;
  /** What was installed: the safe current, or less where a car without a transaction had to stop. */
  readonly installedA?: number;
  /** When it was sent last for that, and how often before. */
  readonly installedMonoMs?: number;
  readonly installs?: number;
  /** Times that the same limit was sent again because it was refused. */
  readonly tries: number;
  readonly reasonKind?: ReasonKind;
  readonly reasonSinceMonoMs?: number;
  readonly factA?: number;
  readonly factKind?: ReasonKind;
}

/** What a constraint remembers: the least that was free, and what was shed and has not shown yet. */
export interface HeadroomHistory {
  /** One minimum a bucket, the youngest first. */
  readonly bucket: number;
  readonly minima: readonly number[];
  /** Lowered at the reading `refA` but not seen yet, what of it was shed for an overload, and the lowest reading since. */
  readonly creditA: number;
  readonly shedA: number;
  readonly refA: number;
  readonly lowestA: number;
  /** Since when the limits in force are more than what is available, without an overload. */
  readonly tightSinceMonoMs?: number;
  /** Since when the reading is above the limit; since when that is let pass. */
  readonly overSinceMonoMs?: number;
  readonly bearsSinceMonoMs?: number;
}

/** Of sun that is held back: when a battery took more to see whether it comes, and when it did not come. */
export interface HeldSunMemory {
  readonly triedMonoMs?: number;
  readonly noMoreMonoMs?: number;
}

export interface BatteryMemory {
  readonly sentMonoMs: number;
  readonly powerW: number | undefined;
  readonly reason: string;
  /** What it did in the last seconds, by its readings. */
  readonly recent: readonly { readonly monoMs: number; readonly powerW: number }[];
  /** What it gives beyond what is wanted until there is room for less, W. */
  readonly heldW?: number;
  readonly heldSun?: HeldSunMemory;
  readonly changedMonoMs: number;
  readonly factReason?: string | undefined;
  readonly factPowerW?: number | undefined;
  readonly factMonoMs: number;
}

export interface PvMemory {
  readonly limitW: number | undefined;
  readonly reason: string;
  /** When it held the inverter back last. */
  readonly boundMonoMs: number;
  readonly changedMonoMs: number;
  readonly sentMonoMs: number;
  readonly factMonoMs: number;
  /** Missing while the last fact says that nothing holds it back. */
  readonly factReason: string | undefined;
}

export interface MeterMemory {
  /** Good since then; infinite while it is not. */
  readonly goodMonoMs: number;
  /** It had been lost before. */
  readonly afterLoss: boolean;
  readonly absentSinceMonoMs?: number;
}

/** Heat of a protective device, pole by pole: 0 is cold, at 1 it may open. */
export interface DeviceHeat {
  readonly poles: PerPhase;
  readonly monoMs: number;
}

export interface ControlMemory {
  readonly evses: ReadonlyMap<string, EvseMemory>;
  readonly headroom: ReadonlyMap<string, HeadroomHistory>;
  /** By circuit. */
  readonly meters: ReadonlyMap<string, MeterMemory>;
  readonly heat: ReadonlyMap<string, DeviceHeat>;
  readonly lastRaiseMonoMs: number;
  /** Who was raised last, for the round robin. */
  readonly raiseTurn: number;
  readonly lastRebalanceMonoMs: number;
  /** Interventions that are not over: when their constraint was over its limit last. */
  readonly interventions: ReadonlyMap<string, number>;
  readonly batteries: ReadonlyMap<string, BatteryMemory>;
  readonly pvs: ReadonlyMap<string, PvMemory>;
  /** When charging batteries were cut for the overload that is still there. */
  readonly batteryCutMonoMs?: number;
  /** When the site's word was last as bad as it is. */
  readonly modeMonoMs: number;
}

/** The memory before the first tick. */
export function initialControlMemory(): ControlMemory {
  return {
    evses: new Map(),
    headroom: new Map(),
    meters: new Map(),
    heat: new Map(),
    lastRaiseMonoMs: Number.NEGATIVE_INFINITY,
    raiseTurn: 0,
    lastRebalanceMonoMs: Number.NEGATIVE_INFINITY,
    interventions: new Map(),
    batteries: new Map(),
    pvs: new Map(),
    modeMonoMs: Number.NEGATIVE_INFINITY,
  };
}

/**
 * When the current of an EVSE steps, the meter above it has to step alike: same sign, same phases, same size. A step
 * that shows in another way, and never as it should, is a vote for what would explain it; three votes without one to
 * the contrary are believed. Steps while other EVSEs change as well say nothing.
 */
import { type PerPhase, PHASE_INDEXES, type PhaseIndex, sumPhases } from "../quantity.ts";
import type { DoubtKind } from "./doubt.ts";
import type { EvseReport, EvseTrack } from "./evses.ts";
import { waysOf } from "./power-step.ts";

/** A reading of the meter, kept for the time in which a step may have happened. */
export interface Sample {
  readonly atMonoMs: number;
  readonly currentA: PerPhase;
  /** What the batteries took meanwhile, A over all phases; missing where that is not known. */
  readonly batteryA?: number;
}

/** Steps smaller than this drown in the building. */
const LEAST_STEP_A = 4;
const UNCHANGED_A = 1.5;
/** A step lies between two reports; the first may have been measured before it arrived. */
const LONGEST_WINDOW_MS = 70_000;
/** A car has gone over to its new current within this. */
const SUDDEN_MS = 15_000;
const MEASURED_BEFORE_MS = 10_000;
const ARRIVES_AFTER_MS = 3_000;
/** So long is waited for what the other EVSEs report. */
const WAIT_MS = 70_000;
/** Samples are kept for as long as all of that takes. */
export const SAMPLES_KEPT_MS = LONGEST_WINDOW_MS + MEASURED_BEFORE_MS + WAIT_MS;
export const VOTES_NEEDED = 3;

/** A step of one EVSE that waits until it is known what the others did. */
export interface PendingStep {
  readonly evseId: string;
  readonly fromMonoMs: number;
  readonly toMonoMs: number;
  readonly stepA: PerPhase;
  /** Where power alone is told: the ways in which it may be spread over the phases. `stepA` is one of them. */
  readonly waysA?: readonly PerPhase[];
  /** Reports of the others from before the step. */
  readonly others: ReadonlyMap<string, EvseReport>;
}

/** What would explain that a meter shows a step in another way. */
export interface Explanation {
  readonly kind: DoubtKind;
  readonly phases: readonly PhaseIndex[];
  /** Counted for each EVSE: its phases may be configured wrong. */
  readonly byEvse: boolean;
  readonly shows: (stepA: PerPhase) => PerPhase;
}

const flip = (phases: readonly PhaseIndex[]) => (stepA: PerPhase) =>
  PHASE_INDEXES.map((phase) => (phases.includes(phase) ? -stepA[phase] : stepA[phase])) as unknown as PerPhase;
const times = (factor: number) => (stepA: PerPhase) =>
  stepA.map((currentA) => currentA * factor) as unknown as PerPhase;
/** `order[p]` is the phase whose current shows on phase `p`. */
const permuted = (order: readonly [PhaseIndex, PhaseIndex, PhaseIndex]) => (stepA: PerPhase) =>
  [stepA[order[0]], stepA[order[1]], stepA[order[2]]] as const;

const swap = (order: readonly [PhaseIndex, PhaseIndex, PhaseIndex]): Explanation => ({
  kind: "swapped",
  phases: PHASE_INDEXES.filter((phase) => order[phase] !== phase),
  byEvse: true,
  shows: permuted(order),
});

/** The simplest first: of those that say the same of a step, it is named. */
export const EXPLANATIONS: readonly Explanation[] = [
  swap([1, 0, 2]),
  swap([0, 2, 1]),
  swap([2, 1, 0]),
  swap([2, 0, 1]),
  swap([1, 2, 0]),
  ...PHASE_INDEXES.map(
    (phase): Explanation => ({ kind: "turned-phase", phases: [phase], byEvse: false, shows: flip([phase]) }),
  ),
  { kind: "turned", phases: PHASE_INDEXES, byEvse: false, shows: flip(PHASE_INDEXES) },
  { kind: "scaled", phases: [], byEvse: false, shows: times(10) },
  { kind: "scaled", phases: [], byEvse: false, shows: times(0.1) },
];

const largest = (valuesA: PerPhase) => Math.max(...valuesA.map(Math.abs));
const between = (a: PerPhase, b: PerPhase): PerPhase => [b[0] - a[0], b[1] - a[1], b[2] - a[2]];

function differsBy(a: PerPhase, b: PerPhase): number {
  return largest(between(a, b));
}

/** Whether the meter shows a change by `expectedA` between any two of its readings. */
function shows(
  samples: readonly Sample[],
  expectedA: PerPhase,
  toleranceA: number,
  withinMs = Number.POSITIVE_INFINITY,
): boolean {
  for (let early = 0; early < samples.length; early++)
    for (let late = early + 1; late < samples.length; late++) {
      if (samples[late]!.atMonoMs - samples[early]!.atMonoMs > withinMs) break;
      if (differsBy(between(samples[early]!.currentA, samples[late]!.currentA), expectedA) <= toleranceA) return true;
    }
  return false;
}

/** Between the two last reports of an EVSE: by currents, or by power in each way that it may be spread over its phases. */
function changeOf(
  { last, before, evse }: EvseTrack,
  voltageV: number,
): Pick<PendingStep, "stepA" | "waysA"> | undefined {
  if (last!.currentA && before!.currentA) {
    const stepA = between(before!.currentA, last!.currentA);
    return largest(stepA) < LEAST_STEP_A ? undefined : { stepA };
  }
  const waysA = waysOf(evse, (last!.powerW - before!.powerW) / voltageV);
  return waysA[0] && { stepA: waysA[0], waysA };
}

/** A step between the two last reports of an EVSE, with what the others reported before it. */
export function stepOf(track: EvseTrack, all: readonly EvseTrack[], voltageV: number): PendingStep | undefined {
  const { last, before, evse } = track;
  if (!last || !before || last.atMonoMs - before.atMonoMs > LONGEST_WINDOW_MS) return undefined;
  const change = changeOf(track, voltageV);
  if (!change) return undefined;
  const others = new Map<string, EvseReport>();
  for (const other of all) {
    if (other === track || other.transactionId === undefined) continue;
    const report = [other.last, other.before].find((known) => known && known.atMonoMs <= before.atMonoMs);
    if (!report) return undefined;
    others.set(other.evse.id, report);
  }
  return { evseId: evse.id, fromMonoMs: before.atMonoMs, toMonoMs: last.atMonoMs, ...change, others };
}

function isChanged(from: EvseReport, to: EvseReport, voltageV: number): boolean {
  if (from.currentA && to.currentA) return differsBy(from.currentA, to.currentA) > UNCHANGED_A;
  return Math.abs(to.powerW - from.powerW) > UNCHANGED_A * voltageV;
}

/** Whether the others stayed as they were; undefined until all have reported after the step. */
export function stayed(
  step: PendingStep,
  all: readonly EvseTrack[],
  { monoMs, voltageV }: { readonly monoMs: number; readonly voltageV: number },
): boolean | undefined {
  for (const { evse, transactionId, last, before } of all) {
    if (evse.id === step.evseId) continue;
    const earlier = step.others.get(evse.id);
    if (!earlier) {
      if (transactionId !== undefined) return false;
      continue;
    }
    if (transactionId === undefined || !last) return false;
    if (last.atMonoMs < step.toMonoMs + ARRIVES_AFTER_MS) return monoMs - step.toMonoMs > WAIT_MS ? false : undefined;
    const since = before && before.atMonoMs > step.fromMonoMs ? [last, before] : [last];
    if (since.some((report) => isChanged(earlier, report, voltageV))) return false;
  }
  return monoMs < step.toMonoMs + ARRIVES_AFTER_MS ? undefined : true;
}

/** The readings in which a step between two reports may have happened. */
function windowOf(samples: readonly Sample[], fromMonoMs: number, toMonoMs: number): Sample[] {
  return samples.filter(
    ({ atMonoMs }) => atMonoMs >= fromMonoMs - MEASURED_BEFORE_MS && atMonoMs <= toMonoMs + ARRIVES_AFTER_MS,
  );
}

/** How exactly a step has to show in another way. */
const closeA = (expectedA: PerPhase) => 0.3 + 0.08 * largest(expectedA);

/** With what the building may add meanwhile, and what currents and powers of two meters differ by. */
const wideA = (expectedA: PerPhase) => 0.8 + 0.15 * largest(expectedA);

/** Whether the last step of an EVSE can be seen on other phases than it should be; also while the meter may be behind. */
export function mayShowElsewhere({ last, before }: EvseTrack, samples: readonly Sample[], monoMs: number): boolean {
  if (!last?.currentA || !before?.currentA) return false;
  if (monoMs < last.atMonoMs + ARRIVES_AFTER_MS) return true;
  const stepA = between(before.currentA, last.currentA);
  const window = windowOf(samples, before.atMonoMs, last.atMonoMs);
  return EXPLANATIONS.some((one) => {
    const expectedA = one.shows(stepA);
    return one.kind === "swapped" && differsBy(expectedA, stepA) >= 1 && shows(window, expectedA, closeA(expectedA));
  });
}

/** Whether it shows a step in one of its ways, and in none the wrong way round: a load that went might look the same. */
function showsOneOf(waysA: readonly PerPhase[], window: readonly Sample[]): boolean {
  const isTurned = EXPLANATIONS.some(
    (one) =>
      (one.kind === "turned" || one.kind === "turned-phase") &&
      waysA.some((wayA) => differsBy(one.shows(wayA), wayA) > 1 && shows(window, one.shows(wayA), wideA(wayA))),
  );
  return !isTurned && waysA.some((wayA) => shows(window, wayA, wideA(wayA), SUDDEN_MS));
}

/** A battery that went the other way by so much of a step may be what the meter shows instead. */
const MADE_UP_PART = 0.5;

/**
 * Whether a battery may have made up for a step: one that charges stops for a car, and the meter shows the battery. Behind a
 * meter that is turned it would go the same way.
 */
function batteryMadeUp(stepA: PerPhase, window: readonly Sample[]): boolean {
  const sumA = sumPhases(stepA);
  const leastA = MADE_UP_PART * Math.abs(sumA);
  return window.some((early, at) =>
    window.slice(at + 1).some((late) => {
      const byA = (late.batteryA ?? Number.NaN) - (early.batteryA ?? Number.NaN);
      return Math.abs(byA) >= leastA && byA > 0 !== sumA > 0;
    }),
  );
}

export interface Verdict {
  /** Shown as it should be. */
  readonly fits: boolean;
  /** Explanations that this step speaks for; where it fits, those that it speaks against. */
  readonly of: readonly Explanation[];
}

/**
 * What a step says, seen by the meter's samples; nothing where it drowns, or several things would explain it. One of power
 * alone can only be shown as it should: it speaks against nothing in particular. Where a battery makes up for a car, what is
 * left of a step may be a tenth of it.
 */
export function judgeStep(step: PendingStep, samples: readonly Sample[], hasBattery: boolean): Verdict | undefined {
  const { stepA, waysA } = step;
  const window = windowOf(samples, step.fromMonoMs, step.toMonoMs);
  if (waysA) return showsOneOf(waysA, window) ? { fits: true, of: [] } : undefined;
  const alone = step.others.size === 0;
  const others = EXPLANATIONS.filter((one) => differsBy(one.shows(stepA), stepA) > 2 * wideA(stepA));
  const mayBeLeft = (one: Explanation) => hasBattery && largest(one.shows(stepA)) < largest(stepA);
  const usable = others.filter((one) => one.kind !== "scaled" || (alone && !mayBeLeft(one)));
  if (shows(window, stepA, wideA(stepA))) return { fits: true, of: others };
  const found = usable.filter((one) => {
    const expectedA = one.shows(stepA);
    return largest(expectedA) >= 1 && shows(window, expectedA, closeA(expectedA));
  });
  const [first, ...rest] = found;
  if (!first || (hasBattery && batteryMadeUp(stepA, window))) return undefined;
  const agree = rest.every((one) => differsBy(one.shows(stepA), first.shows(stepA)) < 1);
  return agree ? { fits: false, of: found } : undefined;
}

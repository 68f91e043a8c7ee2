/**
 * When the current of an EVSE steps, the meter above it has to step alike: same sign, same phases, same size. A step
 * that shows in another way, and never as it should, is a vote for what would explain it; three votes without one to
 * the contrary are believed. Steps while other EVSEs change as well say nothing.
 */
import { type PerPhase, PHASE_INDEXES, type PhaseIndex } from "../quantity.ts";
import type { DoubtKind } from "./doubt.ts";
import type { EvseTrack } from "./evses.ts";

/** A reading of the meter, kept for the time in which a step may have happened. */
export interface Sample {
  readonly atMonoMs: number;
  readonly currentA: PerPhase;
}

/** Steps smaller than this drown in the building. */
const LEAST_STEP_A = 4;
const UNCHANGED_A = 1.5;
/** A step lies between two reports; the first may have been measured before it arrived. */
const LONGEST_WINDOW_MS = 70_000;
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
  /** Reports of the others from before the step. */
  readonly others: ReadonlyMap<string, PerPhase>;
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
function shows(samples: readonly Sample[], expectedA: PerPhase, toleranceA: number): boolean {
  for (let early = 0; early < samples.length; early++)
    for (let late = early + 1; late < samples.length; late++)
      if (differsBy(between(samples[early]!.currentA, samples[late]!.currentA), expectedA) <= toleranceA) return true;
  return false;
}

/** A step between the two last reports of an EVSE, with what the others reported before it. */
export function stepOf(track: EvseTrack, all: readonly EvseTrack[]): PendingStep | undefined {
  const { last, before, evse } = track;
  if (!last?.currentA || !before?.currentA || last.atMonoMs - before.atMonoMs > LONGEST_WINDOW_MS) return undefined;
  const stepA = between(before.currentA, last.currentA);
  if (largest(stepA) < LEAST_STEP_A) return undefined;
  const others = new Map<string, PerPhase>();
  for (const other of all) {
    if (other === track || other.transactionId === undefined) continue;
    const report = [other.last, other.before].find((known) => known && known.atMonoMs <= before.atMonoMs);
    if (!report?.currentA) return undefined;
    others.set(other.evse.id, report.currentA);
  }
  return { evseId: evse.id, fromMonoMs: before.atMonoMs, toMonoMs: last.atMonoMs, stepA, others };
}

/** Whether the others stayed as they were; undefined until all have reported after the step. */
export function stayed(step: PendingStep, all: readonly EvseTrack[], monoMs: number): boolean | undefined {
  for (const { evse, transactionId, last, before } of all) {
    if (evse.id === step.evseId) continue;
    const earlierA = step.others.get(evse.id);
    if (!earlierA) {
      if (transactionId !== undefined) return false;
      continue;
    }
    if (transactionId === undefined || !last?.currentA) return false;
    if (last.atMonoMs < step.toMonoMs + ARRIVES_AFTER_MS) return monoMs - step.toMonoMs > WAIT_MS ? false : undefined;
    const since = before && before.atMonoMs > step.fromMonoMs ? [last, before] : [last];
    if (since.some(({ currentA }) => !currentA || differsBy(currentA, earlierA) > UNCHANGED_A)) return false;
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

export interface Verdict {
  /** Shown as it should be. */
  readonly fits: boolean;
  /** Explanations that this step speaks for; where it fits, those that it speaks against. */
  readonly of: readonly Explanation[];
}

/** What a step says, seen by the meter's samples; nothing where it drowns, or several things would explain it. */
export function judgeStep(step: PendingStep, samples: readonly Sample[]): Verdict | undefined {
  const { stepA } = step;
  const sizeA = largest(stepA);
  const window = windowOf(samples, step.fromMonoMs, step.toMonoMs);
  const wideA = 0.8 + 0.15 * sizeA;
  const alone = step.others.size === 0;
  const others = EXPLANATIONS.filter((one) => differsBy(one.shows(stepA), stepA) > 2 * wideA);
  const usable = others.filter(({ kind }) => kind !== "scaled" || alone);
  if (shows(window, stepA, wideA)) return { fits: true, of: others };
  const found = usable.filter((one) => {
    const expectedA = one.shows(stepA);
    return largest(expectedA) >= 1 && shows(window, expectedA, closeA(expectedA));
  });
  const [first, ...rest] = found;
  if (!first) return undefined;
  const agree = rest.every((one) => differsBy(one.shows(stepA), first.shows(stepA)) < 1);
  return agree ? { fits: false, of: found } : undefined;
}

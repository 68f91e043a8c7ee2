/** Watches one meter: everything that its readings, and the cars below it, say about whether it can be right. */
import type { MeterReading } from "../image.ts";
import type { PerPhase, PhaseIndex } from "../quantity.ts";
import { type Distrust, distrusted, stillDistrusted } from "./distrust.ts";
import type { Doubt } from "./doubt.ts";
import type { EvseTrack } from "./evses.ts";
import { type Balance, deadPhases, type Missing, missing, type Silences, silences } from "./levels.ts";
import { type Overload, unexplainedOverload } from "./overload.ts";
import { type Shortage, shortage } from "./shortage.ts";
import { judgeStep, type PendingStep, SAMPLES_KEPT_MS, type Sample, stayed, stepOf } from "./steps.ts";
import { isCautious, type Suspicion, stillSuspected, suspectedBefore } from "./suspicion.ts";
import { contradictsItself, wentBack } from "./values.ts";
import { believed, count, hasShown, refuted, type Votes } from "./votes.ts";

/** A reading after a longer silence begins anew. */
const SILENCE_MS = 5_000;
/** Values of one reading may be taken one after the other: a contradiction has to last. */
const CONTRADICTS_MS = 5_000;
const REGISTER_SAID_MS = 3_600_000;

export interface MeterWatch {
  readonly reading?: MeterReading;
  readonly seenMonoMs: number;
  readonly contradictsSinceMonoMs?: number;
  readonly registerBackMonoMs?: number;
  readonly silent: Silences;
  readonly missing?: Missing;
  readonly shortage?: Shortage;
  readonly overload?: Overload;
  /** Phases on which there was an overload that no car on them explained, and it has not been believed since. */
  readonly strayed?: readonly PhaseIndex[];
  /** It shows less than the least that the cars draw by what they told last. */
  readonly seemsShort: boolean;
  /** It showed too little for longer than a report, before it had shown any car. */
  readonly suspicion?: Suspicion;
  /** It showed less than the cars draw, and has not been seen to be right since. */
  readonly distrust?: Distrust;
  /** How often it was distrusted and believed again. */
  readonly relapses: number;
  /** How many EVSEs were known to show on other phases. */
  readonly swapped: number;
  readonly samples: readonly Sample[];
  readonly steps: readonly PendingStep[];
  readonly votes: Votes;
  /** A step that an EVSE told as power alone has shown. */
  readonly shownByPower: boolean;
}

/** Whether a step of a car has shown as it should. */
function hasShownCar({ votes, shownByPower }: Pick<MeterWatch, "votes" | "shownByPower">): boolean {
  return shownByPower || hasShown(votes);
}

/** What was known of it before the restart. */
export function watchAfterRestart(
  { short, isSuspected }: { readonly short?: Doubt | undefined; readonly isSuspected: boolean },
  monoMs: number,
): MeterWatch {
  return {
    ...newWatch(),
    ...(short ? { distrust: distrusted(monoMs) } : {}),
    ...(short?.phases ? { strayed: short.phases } : {}),
    ...(isSuspected ? { suspicion: suspectedBefore(monoMs) } : {}),
  };
}

/** What a meter is watched with. */
export interface Surroundings {
  readonly deviceId: string;
  readonly phases: 1 | 3;
  readonly voltageV: number;
  /** Rating of the circuit. */
  readonly limitA: number;
  /** EVSEs below it. */
  readonly tracks: readonly EvseTrack[];
  /** The same with the least that they draw by what they told last. */
  readonly leastTracks: readonly EvseTrack[];
  /** Of them those that are known to show on other phases than they are configured for. */
  readonly swapped: ReadonlySet<string>;
  /** Below it. */
  readonly hasBattery: boolean;
  /** What the batteries take, less what they give, W; missing where that is not known. */
  readonly batteriesW?: number;
  /** What sun and battery may feed into a phase at most, A. */
  readonly producedA: number;
  /** And in all, W. */
  readonly producedW: number;
  /** What anything but cars may draw on a phase below it at most, A. */
  readonly loadA: number;
  /** Of the grid meter, with sun and battery. */
  readonly balance?: Balance;
  /** The same with the least that the cars draw. */
  readonly leastBalance?: Balance;
  readonly monoMs: number;
}

const NONE_SILENT: Silences = [undefined, undefined, undefined];

function newWatch(): MeterWatch {
  return {
    seenMonoMs: Number.NEGATIVE_INFINITY,
    silent: NONE_SILENT,
    seemsShort: false,
    samples: [],
    steps: [],
    votes: new Map(),
    shownByPower: false,
    relapses: 0,
    swapped: 0,
  };
}

function currentsOf({ currentA, powerW }: MeterReading, { phases, voltageV }: Surroundings): PerPhase | undefined {
  return currentA ?? (phases === 1 ? [powerW / voltageV, 0, 0] : undefined);
}

/** A new reading. */
function take(watch: MeterWatch, reading: MeterReading, around: Surroundings): MeterWatch {
  const { monoMs, tracks } = around;
  const { reading: before, contradictsSinceMonoMs, ...rest } = watch;
  const gap = monoMs - watch.seenMonoMs > SILENCE_MS;
  const currentA = currentsOf(reading, around);
  const { batteriesW, voltageV } = around;
  const battery = batteriesW === undefined ? {} : { batteryA: batteriesW / voltageV };
  const since = contradictsItself(reading) ? (contradictsSinceMonoMs ?? monoMs) : undefined;
  // Thrown away seldom: to copy them every second would cost more than to keep them.
  const oldest = watch.samples[0]?.atMonoMs ?? monoMs;
  const young =
    monoMs - oldest > 2 * SAMPLES_KEPT_MS
      ? watch.samples.filter(({ atMonoMs }) => monoMs - atMonoMs <= SAMPLES_KEPT_MS)
      : watch.samples;
  return {
    ...rest,
    reading,
    seenMonoMs: monoMs,
    ...(since === undefined ? {} : { contradictsSinceMonoMs: since }),
    ...(before && wentBack(before, reading) ? { registerBackMonoMs: monoMs } : {}),
    silent:
      currentA && !gap ? silences(watch.silent, currentA, { tracks, samples: watch.samples, monoMs }) : NONE_SILENT,
    samples: currentA ? [...young, { atMonoMs: reading.atMonoMs, currentA, ...battery }] : young,
  };
}

/** Steps of EVSEs that reported just now join those that wait; those that can be judged are. */
function judgeSteps(watch: MeterWatch, { deviceId, tracks, monoMs, voltageV, hasBattery }: Surroundings): MeterWatch {
  const waiting = [
    ...watch.steps,
    ...tracks.flatMap((track) => (track.last?.atMonoMs === monoMs ? (stepOf(track, tracks, voltageV) ?? []) : [])),
  ];
  if (waiting.length === 0) return watch;
  let { votes, shownByPower } = watch;
  const steps = waiting.filter((step) => {
    const alone = stayed(step, tracks, { monoMs, voltageV });
    const verdict = alone ? judgeStep(step, watch.samples, hasBattery) : undefined;
    if (verdict) votes = count(votes, deviceId, step, verdict);
    if (verdict && step.waysA) shownByPower = true;
    return alone === undefined;
  });
  return { ...watch, steps, votes, shownByPower };
}

/** Whether it shows less than the least that the cars draw by what they told last. */
function seemsShort({ powerW }: MeterReading, currentA: PerPhase | undefined, around: Surroundings): boolean {
  const { leastTracks, leastBalance, swapped, monoMs } = around;
  const tracks = leastTracks.filter(({ evse }) => !swapped.has(evse.id));
  if (currentA && shortage(undefined, { ...around, currentA, powerW, tracks })) return true;
  return leastBalance !== undefined && missing(undefined, leastBalance, tracks, monoMs) !== undefined;
}

/** Brings the watch of a meter to this tick. */
export function watchMeter(watch: MeterWatch, fresh: MeterReading | undefined, around: Surroundings): MeterWatch {
  const { monoMs, tracks } = around;
  const isNew = fresh !== undefined && fresh.atMonoMs !== watch.reading?.atMonoMs;
  if (!fresh || !isNew) return judgeSteps(watch, around);
  const taken = take(watch, fresh, around);
  const {
    missing: before,
    shortage: shortBefore,
    overload: overBefore,
    distrust: distrustBefore,
    suspicion: suspicionBefore,
    strayed,
    ...rest
  } = judgeSteps(taken, around);
  const lacks = around.balance && missing(before, around.balance, tracks, monoMs);
  const { powerW } = fresh;
  const currentA = currentsOf(fresh, around);
  const plain = tracks.filter(({ evse }) => !around.swapped.has(evse.id));
  const short = currentA && shortage(shortBefore, { ...around, currentA, powerW, tracks: plain });
  const over = currentA && unexplainedOverload(overBefore, { currentA, limitA: around.limitA, tracks: plain, monoMs });
  const isFound = lacks?.found === true || short?.found === true || over?.found === true;
  const look = {
    isShort: isFound || short !== undefined,
    ...(currentA ? { currentA } : {}),
    powerW,
    tracks: plain,
    producedA: around.producedA,
    producedW: around.producedW,
    loadA: around.loadA,
    voltageV: around.voltageV,
    monoMs,
  };
  // An EVSE that shows on other phases explains what was missing; what it does not explain is found again.
  const known = around.swapped.size > watch.swapped ? undefined : distrustBefore;
  const distrust = isFound ? distrusted(monoMs, watch.relapses) : known && stillDistrusted(known, look);
  const isBelieved = known !== undefined && distrust === undefined;
  const stray = over?.found ? over.phases : strayed;
  const suspicion = stillSuspected(suspicionBefore, {
    isShortAgain: short?.againMonoMs !== undefined || lacks?.again === true,
    hasShown: isBelieved || hasShownCar(rest),
  });
  return {
    ...rest,
    relapses: watch.relapses + (isBelieved ? 1 : 0),
    swapped: around.swapped.size,
    seemsShort: seemsShort(fresh, currentA, around),
    ...(suspicion ? { suspicion } : {}),
    ...(lacks ? { missing: lacks } : {}),
    ...(short ? { shortage: short } : {}),
    ...(over ? { overload: over } : {}),
    ...(distrust && stray ? { strayed: stray } : {}),
    ...(distrust ? { distrust } : {}),
  };
}

/** What is doubted of a meter now, without what was learned before. */
export function doubtsOf(watch: MeterWatch, around: Surroundings): Doubt[] {
  const { deviceId, monoMs, hasBattery } = around;
  const lasts = (sinceMonoMs: number | undefined, forMs: number) =>
    sinceMonoMs !== undefined && monoMs - sinceMonoMs >= forMs;
  const recent = watch.registerBackMonoMs !== undefined && monoMs - watch.registerBackMonoMs < REGISTER_SAID_MS;
  const kinds: [Doubt["kind"], boolean][] = [
    ["contradicts-itself", lasts(watch.contradictsSinceMonoMs, CONTRADICTS_MS)],
    ["register-back", recent],
  ];
  const short: Doubt = { deviceId, kind: "less-than-cars", ...(watch.strayed ? { phases: watch.strayed } : {}) };
  return [
    ...(watch.distrust === undefined ? [] : [short]),
    ...kinds.filter(([, holds]) => holds).map(([kind]): Doubt => ({ deviceId, kind })),
    // A battery can make up for a car to the ampere.
    ...(hasBattery ? [] : deadPhases(watch.silent)).map(
      (phase): Doubt => ({ deviceId, kind: "dead-phase", phases: [phase] }),
    ),
    ...believed(watch.votes),
  ];
}

/**
 * It shows less than the cars draw, and no step of a car has shown on it yet. Mostly a car went down after its report; of a
 * meter that has never shown a car it may as well be the beginning of what takes minutes to find out.
 */
export function isUnproven(watch: MeterWatch): boolean {
  return watch.seemsShort && !hasShownCar(watch);
}

/** It showed too little before the restart, and has not shown a car since, nor had the time to be found out. */
export function isStillCautious({ suspicion }: MeterWatch, monoMs: number): boolean {
  return isCautious(suspicion, monoMs);
}

/** What cars have shown not to be so. */
export function refutedOf(watch: MeterWatch): Doubt[] {
  return refuted(watch.votes);
}

/** The watch after what was learned has been let go: it has to be learned anew. */
export function forgetVotes(watch: MeterWatch): MeterWatch {
  return { ...watch, votes: new Map(), shownByPower: false };
}

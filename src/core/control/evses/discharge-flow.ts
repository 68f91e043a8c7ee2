/** What flows back from cars that give energy: as their own meters show it, or as they were told where these do not. */
import type { EvseReading } from "../../image.ts";
import type { PhaseIndex } from "../../quantity.ts";
import type { ControlInput } from "../control.ts";
import { DISCHARGE_LEAST_A, DISOBEY_MARGIN_A, EVSE_READING_VALID_MS, OBEY_MS } from "../thresholds.ts";
import { type EvseObservation, isMisplaced } from "./observe-evse.ts";

/** What the own meter of an EVSE tells, if it is young enough. */
export function readingOf({ image }: ControlInput, evseId: string): EvseReading | undefined {
  const reading = image.evses.get(evseId);
  return reading && image.monoMs - reading.atMonoMs <= EVSE_READING_VALID_MS ? reading : undefined;
}

/** What flows back from an EVSE by its own meter, A per phase. */
function measuredBackA(input: ControlInput, { evse }: EvseObservation): number {
  const reading = readingOf(input, evse.id);
  if (reading?.currentA) return Math.max(0, ...reading.currentA.map((currentA) => -currentA));
  return Math.max(0, -(reading?.powerW ?? 0)) / (input.site.voltageV * evse.phases.length);
}

/** What it was told to give last, A per phase. */
export function toldA({ memory }: EvseObservation): number {
  return Math.max(0, -(memory.sentA ?? 0));
}

/** The report in which its own meter has shown what it makes of what it was told, after the time to obey. */
function shownReading(input: ControlInput, { evse, memory }: EvseObservation): EvseReading | undefined {
  const reading = readingOf(input, evse.id);
  const sinceMonoMs = memory.sentSinceMonoMs ?? Number.POSITIVE_INFINITY;
  return reading && reading.atMonoMs >= sinceMonoMs + OBEY_MS ? reading : undefined;
}

/** Nobody could renew what it was told: its charge point has ended that by itself. */
function hasEnded({ image }: ControlInput, { memory }: EvseObservation): boolean {
  return image.monoMs >= (memory.sentEndsMonoMs ?? Number.POSITIVE_INFINITY) + OBEY_MS;
}

/** The most that may flow back on a phase by its own meter, A: by power alone all of it on one, and no more than it was told. */
function mostBackA(input: ControlInput, entry: EvseObservation, { currentA, powerW }: EvseReading): number {
  const measuredA = measuredBackA(input, entry);
  if (currentA || powerW === undefined) return measuredA;
  return Math.max(measuredA, Math.min(toldA(entry), -powerW / input.site.voltageV));
}

/** What may flow back now, A per phase: as measured, or as it was told a moment ago where that is more. */
function backA(input: ControlInput, entry: EvseObservation): number {
  const shown = shownReading(input, entry);
  if (shown) return mostBackA(input, entry, shown);
  const measuredA = measuredBackA(input, entry);
  return hasEnded(input, entry) ? measuredA : Math.max(measuredA, toldA(entry));
}

/**
 * What flows back of what it was told, A per phase, less only where its own meter shows that: by its power as much on all. Who was
 * told at least as much for long enough, and gave less, gives no more now that it is lowered step by step.
 */
export function flowsBackA(input: ControlInput, entry: EvseObservation): number {
  const reading = readingOf(input, entry.evse.id);
  const sinceMonoMs = entry.memory.backSinceMonoMs ?? Number.POSITIVE_INFINITY;
  const isShown = reading !== undefined && reading.atMonoMs >= sinceMonoMs + OBEY_MS;
  return Math.min(toldA(entry), isShown ? measuredBackA(input, entry) : backA(input, entry));
}

/** What it goes on giving whatever it is told, A per phase: it cannot be told, or its own meter shows that it does not obey. */
function keepsGivingA(input: ControlInput, entry: EvseObservation): number {
  if (!entry.connected || entry.refused) return backA(input, entry);
  const measuredA = shownReading(input, entry) ? measuredBackA(input, entry) : 0;
  return measuredA > toldA(entry) + DISOBEY_MARGIN_A ? measuredA : 0;
}

/** It was told to give more a moment ago, and may not do so yet: until then that looks like a load of the building. */
function isAwaited(input: ControlInput, entry: EvseObservation): boolean {
  const sinceMs = input.image.monoMs - (entry.memory.sentSinceMonoMs ?? Number.NEGATIVE_INFINITY);
  return sinceMs < OBEY_MS && toldA(entry) > measuredBackA(input, entry);
}

/** Grid phases on which it gives by what its own meter told last; missing where that shows none. */
export function givingPhases(input: ControlInput, { evse }: EvseObservation): readonly PhaseIndex[] | undefined {
  const { currentA } = readingOf(input, evse.id) ?? {};
  const giving = evse.phases.filter((_, wire) => (currentA?.[wire as PhaseIndex] ?? 0) <= -DISCHARGE_LEAST_A / 2);
  return giving.length > 0 ? giving : undefined;
}

/** With the phases on which it gives: who has only given so far has shown them as well as who charged. */
function withGivingPhases(input: ControlInput, entry: EvseObservation): EvseObservation {
  const giving = givingPhases(input, entry);
  if (!giving) return entry;
  const { unseen: _, ...shown } = entry;
  if (!isMisplaced(input, entry.evse)) return { ...shown, loaded: giving, flows: giving };
  return giving.length < 3 ? { ...shown, phaseUnknown: true } : shown;
}

/** Observations in which what a car gives back is load that is only hidden: it may be there the next second. */
export function withoutRelief(input: ControlInput, active: readonly EvseObservation[]): readonly EvseObservation[] {
  return active.map((entry) => {
    if (!entry.evse.discharge || !entry.session) return entry;
    const currentA = backA(input, entry);
    if (currentA <= 0) return entry;
    const settled = entry.settled && !isAwaited(input, entry);
    const hidden = { surelyA: -currentA, keepsGivingA: keepsGivingA(input, entry), settled };
    return { ...withGivingPhases(input, entry), ...hidden };
  });
}

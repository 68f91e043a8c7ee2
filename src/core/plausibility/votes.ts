/** Counts what the steps of EVSEs say of a meter: for an explanation, or against it. */
import { type PerPhase, PHASE_INDEXES, type PhaseIndex } from "../quantity.ts";
import type { Doubt } from "./doubt.ts";
import { EXPLANATIONS, type PendingStep, type Verdict, VOTES_NEEDED } from "./steps.ts";

interface Count {
  readonly votes: number;
  readonly against: number;
  readonly doubt: Doubt;
}

/** By explanation, and by EVSE where that matters. */
export type Votes = ReadonlyMap<string, Count>;

function phasesOf(currentA: PerPhase): PhaseIndex[] {
  return PHASE_INDEXES.filter((phase) => Math.abs(currentA[phase]) >= 1);
}

/** Adds the verdict on a step. */
export function count(before: Votes, deviceId: string, { evseId, stepA }: PendingStep, verdict: Verdict): Votes {
  const next = new Map(before);
  for (const one of verdict.of) {
    const key = `${EXPLANATIONS.indexOf(one)}${one.byEvse ? `/${evseId}` : ""}`;
    const { votes = 0, against = 0, doubt } = before.get(key) ?? {};
    const named: Doubt = one.byEvse
      ? { deviceId, kind: one.kind, evseId, phases: phasesOf(stepA), seenOn: phasesOf(one.shows(stepA)) }
      : { deviceId, kind: one.kind, ...(one.phases.length === 1 ? { phases: one.phases } : {}) };
    if (verdict.fits) next.set(key, { votes: 0, against: against + 1, doubt: doubt ?? named });
    else next.set(key, { votes: votes + 1, against: 0, doubt: named });
  }
  return next;
}

/** What is believed: the simplest explanation of the meter as a whole, or one for each EVSE. */
export function believed(votes: Votes): Doubt[] {
  const sure = [...votes].filter(([, { votes: count }]) => count >= VOTES_NEEDED);
  const order = ([key]: [string, Count]) => Number.parseInt(key, 10);
  const inOrder = sure.sort((a, b) => order(a) - order(b)).map(([, { doubt }]) => doubt);
  const found: Doubt[] = [];
  for (const doubt of inOrder) {
    const explained = found.some(
      (other) => doubt.kind !== "turned-phase" && (doubt.evseId === undefined || other.evseId === doubt.evseId),
    );
    if (!explained) found.push(doubt);
  }
  return found;
}

/** What cars have shown not to be so: as many steps against it as it takes to believe it. */
export function refuted(votes: Votes): Doubt[] {
  return [...votes.values()].filter(({ against }) => against >= VOTES_NEEDED).map(({ doubt }) => doubt);
}

/** Whether a step of a car has shown as it should. */
export function hasShown(votes: Votes): boolean {
  for (const { against } of votes.values()) if (against > 0) return true;
  return false;
}

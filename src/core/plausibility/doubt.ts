/** What can be wrong with a meter that answers. */
import type { PhaseIndex } from "../quantity.ts";

/**
 * `contradicts-itself`: more power than its currents can carry; `dead-phase`: nothing on a phase that cars load;
 * `turned-phase`, `turned`: cars show with the wrong sign, on one phase or on all; `scaled`: ten times too much or too
 * little; `swapped`: the cars of an EVSE show on other phases than it is configured for; `less-than-cars`: less than the
 * cars draw; `register-back`: an energy register went backwards. A meter that stands still, or says what cannot be, is
 * silent: see standstill.ts and impossible.ts.
 */
export type DoubtKind =
  | "contradicts-itself"
  | "dead-phase"
  | "turned-phase"
  | "turned"
  | "scaled"
  | "swapped"
  | "less-than-cars"
  | "register-back";

export interface Doubt {
  readonly deviceId: string;
  readonly kind: DoubtKind;
  /** The phases concerned; of `swapped` those that the EVSE should load; of `less-than-cars` those above their rating without cars. */
  readonly phases?: readonly PhaseIndex[];
  /** Of `swapped`: where its cars show instead. */
  readonly seenOn?: readonly PhaseIndex[];
  readonly evseId?: string;
}

/** Doubts that are one, whatever phases they name. */
const OF_ALL_PHASES: ReadonlySet<DoubtKind> = new Set(["swapped", "less-than-cars"]);

/** One doubt of a kind for each meter, phase and EVSE. */
export function doubtKey({ deviceId, kind, phases, evseId }: Doubt): string {
  const phase = OF_ALL_PHASES.has(kind) ? undefined : phases?.[0];
  return [deviceId, kind, phase, evseId].filter((part) => part !== undefined).join("/");
}

/** What makes all values of the meter worthless for the guard: without them it goes to safe currents. */
const UNUSABLE: ReadonlySet<DoubtKind> = new Set([
  "contradicts-itself",
  "dead-phase",
  "turned-phase",
  "turned",
  "scaled",
]);

/** Whether it makes the meter one that does not answer. */
export function isUnusable({ kind }: Pick<Doubt, "kind">): boolean {
  return UNUSABLE.has(kind);
}

/** Found by what cars do, one by one; it stays over a restart, until cars show the opposite, or for a day. */
const LEARNED: ReadonlySet<DoubtKind> = new Set(["turned-phase", "turned", "scaled", "swapped"]);

/** What holds over a restart: what was learned, and what takes minutes to be seen again. */
export function outlivesRestart(doubt: Pick<Doubt, "kind">): boolean {
  return doubt.kind === "less-than-cars" || isLearned(doubt);
}

/** Whether it was found by what cars did. */
export function isLearned({ kind }: Pick<Doubt, "kind">): boolean {
  return LEARNED.has(kind);
}

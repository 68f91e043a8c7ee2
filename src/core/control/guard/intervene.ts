/** What is recorded of the guard at work: overloads that were shed, and charge points that do not obey. */
import type { SiteDraft } from "../../facts/index.ts";
import type { Constraint } from "../circuits/constraint.ts";
import { flowWeightOf } from "../circuits/constraint.ts";
import { withLowered } from "../circuits/headroom.ts";
import type { EvseDecision } from "../control.ts";
import type { EvseObservation } from "../evses/observe-evse.ts";
import type { ControlMemory, EvseMemory, HeadroomHistory } from "../memory.ts";
import { INTERVENTION_OVER_MS } from "../thresholds.ts";

type Decisions = ReadonlyMap<number, EvseDecision>;

function tenth(value: number): number {
  return Math.round(value * 10) / 10;
}

function shedOf(constraint: Constraint, decisions: Decisions) {
  let shedA = 0;
  const evseIds: string[] = [];
  for (const { index, memory, evse } of constraint.members) {
    const byA = memory.limitA - (decisions.get(index)?.currentA ?? memory.limitA);
    if (byA <= 0) continue;
    shedA += byA;
    evseIds.push(evse.id);
  }
  return { shedA, evseIds };
}

/** Of each circuit the phase that is overloaded most. */
function worstByCircuit(constraints: readonly Constraint[]): Map<string, Constraint> {
  const worst = new Map<string, Constraint>();
  for (const constraint of constraints) {
    const { kind, phase, overload, circuitId } = constraint;
    if (kind !== "circuit" || phase === undefined || overload <= 0) continue;
    if (overload > (worst.get(circuitId)?.overload ?? 0)) worst.set(circuitId, constraint);
  }
  return worst;
}

/** Overloads that are shed, one fact a circuit; it is over when the circuit was below its limit for a while. */
export function interventions(
  constraints: readonly Constraint[],
  decisions: Decisions,
  before: ControlMemory["interventions"],
  monoMs: number,
): { drafts: SiteDraft[]; interventions: ControlMemory["interventions"] } {
  const drafts: SiteDraft[] = [];
  const open = new Map([...before].filter(([, lastMonoMs]) => monoMs - lastMonoMs < INTERVENTION_OVER_MS));
  for (const [circuitId, constraint] of worstByCircuit(constraints)) {
    const { shedA, evseIds } = shedOf(constraint, decisions);
    const known = open.has(circuitId);
    if (known || evseIds.length > 0) open.set(circuitId, monoMs);
    if (known || evseIds.length === 0) continue;
    const { reading = 0, limit, phase = 0 } = constraint;
    drafts.push({
      type: "guard-intervened",
      source: "guard",
      data: { circuitId, phase, readingA: tenth(reading), limitA: tenth(limit), shedA: tenth(shedA), evseIds },
    });
  }
  return { drafts, interventions: open };
}

/**
 * Whether a limit is lowered on something that is above its limit, or has lost its meter: that may not wait for a slow
 * disk. `blind` holds the positions of EVSEs without a meter on their way.
 */
export function isUrgent(
  constraints: readonly Constraint[],
  decisions: Decisions,
  active: readonly EvseObservation[],
  blind: { has(index: number): boolean },
): boolean {
  const isOver = ({ overload, reading = 0, limit }: Constraint) => overload > 0 || reading > limit;
  const isLowered = ({ index, memory }: EvseObservation) =>
    (decisions.get(index)?.currentA ?? memory.limitA) < memory.limitA;
  return (
    active.some((entry) => blind.has(entry.index) && isLowered(entry)) ||
    constraints.some((constraint) => isOver(constraint) && constraint.members.some(isLowered))
  );
}

/** What one EVSE's reduction of this tick adds to what is expected to go, A. */
function newlyPendingA(entry: EvseObservation, after: EvseMemory): number {
  if (after.limitA >= entry.memory.limitA || !entry.connected || entry.refused) return 0;
  return Math.max(0, after.flowA - after.limitA) - entry.pendingA;
}

/** Credits the reductions of this tick to every constraint that they relieve. */
export function creditSheds(
  constraints: readonly Constraint[],
  memories: ReadonlyMap<string, EvseMemory>,
  headroom: Map<string, HeadroomHistory>,
): void {
  for (const constraint of constraints) {
    const history = headroom.get(constraint.key);
    if (!history || constraint.reading === undefined) continue;
    let added = 0;
    for (const entry of constraint.members) {
      const after = memories.get(entry.evse.id);
      if (after) added += flowWeightOf(constraint, entry) * Math.max(0, newlyPendingA(entry, after));
    }
    if (added === 0) continue;
    const shedA = constraint.shedCredit + (constraint.overload > 0 ? added : 0);
    headroom.set(
      constraint.key,
      withLowered(history, { creditA: constraint.credit + added, shedA }, constraint.reading),
    );
  }
}

/** A fact when an EVSE begins, or ceases, to draw more than it may. */
export function obedienceDrafts(active: readonly EvseObservation[], before: ControlMemory["evses"]): SiteDraft[] {
  const drafts: SiteDraft[] = [];
  for (const { evse, session, memory, measuredA = 0 } of active) {
    const known = before.get(evse.id);
    if (!session || known?.transactionId !== session.transactionId || known.obeyed === memory.obeyed) continue;
    const data = { evseId: evse.id, obeyed: memory.obeyed, limitA: memory.limitA, measuredA: tenth(measuredA) };
    drafts.push({ type: "limit-obedience-changed", source: "guard", data });
  }
  return drafts;
}

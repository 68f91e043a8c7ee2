/**
 * One bound of several EVSEs: sum over the members of weight x current <= available. What is available comes from a reading
 * and what the members draw of it, or, without a meter, from the most that others can draw.
 */
import type { GridLimitInForce } from "../../limits/grid-limit.ts";
import type { PhaseIndex } from "../../quantity.ts";
import type { ReasonKind } from "../../reason.ts";
import type { ControlInput } from "../control.ts";
import type { EvseObservation } from "../evses/observe-evse.ts";
import type { HeadroomHistory } from "../memory.ts";
import { MARGIN_A, OVERCOMMITTED_MS, OVERCOMMITTED_UNSEEN_MS, PENDING_MATTERS_A } from "../thresholds.ts";
import { flowing } from "./flowing.ts";
import { judge } from "./headroom.ts";

export interface Constraint {
  readonly key: string;
  readonly kind: Extract<ReasonKind, "circuit" | "unbalance" | "grid-operator" | "contract">;
  readonly circuitId: string;
  readonly phase?: PhaseIndex;
  /** Its members load it whatever phase they load: a difference between phases, or a phase that shows what strays. */
  readonly ofAnyPhase?: true;
  /** Load on the constraint of 1 A at a member: 1 for a phase. For power it counts once for each phase in use. */
  readonly weight: number;
  readonly byPhase: boolean;
  readonly members: readonly EvseObservation[];
  /** What the members may draw together now, and when power is raised. */
  readonly available: number;
  readonly availableToRaise: number;
  /** Free now, but not for long enough yet to be raised. */
  readonly heldBack: number;
  readonly reading?: number;
  readonly limit: number;
  /** The grid operator's limit that `limit` was reckoned from. */
  readonly stated?: GridLimitInForce;
  /** Above its limit by this, after what is expected to go. */
  readonly overload: number;
  /** Lowered already but not seen to go yet, and what of it was shed for an overload. */
  readonly credit: number;
  readonly shedCredit: number;
  readonly mayRaise: boolean;
  /** It may not only because what was lowered a moment ago still flows. */
  readonly settles: boolean;
  /** What the reading is to the protective device: `opens` when it may open before limits take effect. */
  readonly strain?: "bears" | "opens" | undefined;
}

/** Load on `constraint` of 1 A at a member. */
export function weightOf(constraint: Constraint, entry: EvseObservation): number {
  return constraint.byPhase ? constraint.weight : constraint.weight * entry.phases.length;
}

/** Load on a constraint of 1 A that flows at a member: as {@link weightOf}, but nothing on phases where nothing flows. */
export function flowWeightOf(
  { byPhase, weight, phase, ofAnyPhase }: Pick<Constraint, "byPhase" | "weight" | "phase" | "ofAnyPhase">,
  { flows }: EvseObservation,
): number {
  if (!byPhase) return weight * flows.length;
  return ofAnyPhase || phase === undefined || flows.includes(phase) ? weight : 0;
}

/** What a constraint is made of before it is known what is available. */
export type Bound = Pick<
  Constraint,
  | "key"
  | "kind"
  | "circuitId"
  | "phase"
  | "ofAnyPhase"
  | "weight"
  | "byPhase"
  | "members"
  | "limit"
  | "stated"
  | "mayRaise"
  | "strain"
>;

interface Sums {
  surely: number;
  /** What they draw where they load it at all. */
  drawn: number;
  /** What of it no meter of an EVSE shows. */
  unmeasured: number;
  pending: number;
  expected: number;
  /** What the limits allow the members to draw. */
  inForce: number;
  /** What of that may be in the reading already, as somebody draws it who has not reported since its limit changed. */
  unseen: number;
  /** What they may draw already: what they were seen to draw, or may as long as they have not reported. */
  mayFlow: number;
}

/** Of one phase of a circuit: its reading says what flows there. Power in W is that of all together, and cars' differences have no meter. */
function isOfPhase({ byPhase, kind }: Bound): boolean {
  return byPhase && kind === "circuit";
}

function sumsOf(bound: Bound): Sums {
  const sums: Sums = { surely: 0, drawn: 0, unmeasured: 0, pending: 0, expected: 0, inForce: 0, unseen: 0, mayFlow: 0 };
  for (const entry of bound.members) {
    const weight = bound.byPhase ? bound.weight : bound.weight * entry.phases.length;
    const flowWeight = flowWeightOf(bound, entry);
    sums.surely += flowWeight * entry.surelyA;
    sums.drawn += flowWeight * (isOfPhase(bound) ? (entry.drawsEachA ?? entry.surelyA) : entry.surelyA);
    if (entry.measuredA === undefined) sums.unmeasured += flowWeight * entry.surelyA;
    sums.pending += flowWeight * entry.pendingA;
    sums.expected += flowWeight * entry.expectedA;
    const mostA = Math.max(entry.surelyA, entry.reservedA ?? entry.memory.limitA);
    sums.inForce += weight * mostA;
    sums.mayFlow += weight * (entry.settled ? entry.surelyA : mostA);
    // Who is not told to give any more may have stopped that, and its last report does not show it.
    const seenA = (entry.memory.sentA ?? 0) < 0 ? Math.max(0, entry.surelyA) : entry.surelyA;
    if (!entry.settled) sums.unseen += weight * (mostA - seenA);
  }
  return sums;
}

/** Where the constraints of a tick are collected, and what they remember. */
export interface Builder {
  readonly input: ControlInput;
  readonly before: ReadonlyMap<string, HeadroomHistory>;
  readonly headroom: Map<string, HeadroomHistory>;
  readonly constraints: Constraint[];
  readonly reliefA: number;
}

function raising({ mayRaise, weight }: Bound, pending: number): Pick<Constraint, "mayRaise" | "settles"> {
  const settles = pending > PENDING_MATTERS_A * weight;
  return { mayRaise: mayRaise && !settles, settles: mayRaise && settles };
}

/**
 * What the members surely draw. What no meter of an EVSE shows, the word of a charge point that its car charges, is no more
 * than is left of the reading: it may have been promised more than the car takes.
 */
function shownBy(reading: number, { kind }: Bound, surely: number, unmeasured: number): number {
  if (kind === "unbalance") return surely;
  const measured = surely - unmeasured;
  return measured + Math.min(unmeasured, Math.max(0, reading - measured));
}

/**
 * A constraint with a reading: others draw what it says less what the EVSEs surely draw. Limits that no longer fit
 * below it, without an overload, stay for a while: the EVSEs' own meters lag, a car that has just begun to draw looks
 * like building load until it reports. What is too much even so does not wait for that.
 */
export function addMeasured(builder: Builder, bound: Bound, reading: number, relief: number): void {
  const { monoMs } = builder.input.image;
  const sums = sumsOf(bound);
  const { limit, strain } = bound;
  const load = {
    reading,
    limit,
    surely: shownBy(reading, bound, sums.surely, sums.unmeasured),
    drawn: shownBy(reading, bound, sums.drawn, sums.unmeasured),
    expected: sums.expected,
    relief,
    ...(strain ? { strain } : {}),
  };
  const judged = judge(load, builder.before.get(bound.key), monoMs);
  const { credit, shedCredit, overload, available, least, history } = judged;
  const margin = MARGIN_A * bound.weight;
  const tight = overload === 0 && sums.inForce > available + 1e-6;
  const tightSinceMonoMs = tight ? (history.tightSinceMonoMs ?? monoMs) : undefined;
  const mayBeSeen = sums.inForce <= available + sums.unseen;
  const patienceMs = mayBeSeen ? OVERCOMMITTED_UNSEEN_MS : OVERCOMMITTED_MS;
  // What cars were not seen to draw yet is in no difference of phases: no meter but their own shows it.
  const mayDiffer = bound.kind === "unbalance" && sums.mayFlow > available + 1e-6;
  const isBorne = judged.bears || (!mayDiffer && monoMs - (tightSinceMonoMs ?? monoMs) < patienceMs);
  const keep = tightSinceMonoMs !== undefined && isBorne;
  const { tightSinceMonoMs: _, ...rest } = history;
  builder.headroom.set(bound.key, tightSinceMonoMs === undefined ? rest : { ...rest, tightSinceMonoMs });
  builder.constraints.push({
    ...bound,
    reading,
    overload,
    credit,
    shedCredit,
    available: keep ? sums.inForce : tight ? available - margin : available,
    availableToRaise: Math.min(available, least) - margin,
    heldBack: Math.max(0, available - least),
    ...raising(bound, sums.pending),
  });
}

/**
 * What members were seen to draw above what is reckoned for them. Without a meter of the circuit their own are the only
 * ones to tell.
 */
function excessOf(bound: Bound): number {
  let excess = 0;
  for (const { excessA, memory, reservedA = 0, phases } of bound.members) {
    const weight = bound.byPhase ? bound.weight : bound.weight * phases.length;
    excess += weight * Math.max(0, excessA - Math.max(0, reservedA - memory.limitA));
  }
  return excess;
}

/** Without a meter the most that others can draw is left to them, always. */
export function addUnmetered(builder: Builder, bound: Bound, others: number, reading: number | undefined): void {
  const available = bound.limit - others - excessOf(bound);
  const { pending } = sumsOf(bound);
  builder.constraints.push({
    ...bound,
    available,
    availableToRaise: available,
    heldBack: 0,
    overload: 0,
    credit: 0,
    shedCredit: 0,
    ...raising(bound, pending),
    ...(reading === undefined ? {} : { reading }),
  });
}

/** An overload is shed by those who load it: besides, as long as it is there. */
export function addFlowing(builder: Builder, bound: Bound, reading: number, relief: number): void {
  const members = reading > bound.limit ? flowing(bound.phase, bound.members) : undefined;
  if (members) addMeasured(builder, { ...bound, key: `${bound.key}/flowing`, members }, reading, relief);
}

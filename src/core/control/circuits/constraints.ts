/**
 * Everything that bounds the EVSEs together, in one form: sum over the members of weight x current <= available.
 * Phases of circuits in A, limits of power in W, the unbalance between phases in A.
 */
import { budgetInForce } from "../../limits/budget.ts";
import type { GridLimitInForce } from "../../limits/grid-limit.ts";
import { PHASE_INDEXES, type PhaseIndex } from "../../quantity.ts";
import type { ReasonKind } from "../../reason.ts";
import { GRID_CIRCUIT_ID } from "../../site/site.ts";
import type { ControlInput } from "../control.ts";
import type { EvseObservation } from "../evses/observe-evse.ts";
import type { HeadroomHistory } from "../memory.ts";
import { MARGIN_A, OVERCOMMITTED_MS, OVERCOMMITTED_UNSEEN_MS, PENDING_MATTERS_A, REACTION_MS } from "../thresholds.ts";
import type { CircuitView } from "./circuits.ts";
import { flowing } from "./flowing.ts";
import { judge } from "./headroom.ts";
import { operatorLimit, partnerLimit } from "./operator.ts";
import { siteIndex } from "./site-index.ts";
import { strainOf } from "./thermal.ts";
import { phaseDifferences } from "./unbalance.ts";

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

type Bound = Pick<
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
}

/** Of one phase of a circuit: its reading says what flows there. Power in W is that of all together, and cars' differences have no meter. */
function isOfPhase({ byPhase, kind }: Bound): boolean {
  return byPhase && kind === "circuit";
}

function sumsOf(bound: Bound): Sums {
  const sums: Sums = { surely: 0, drawn: 0, unmeasured: 0, pending: 0, expected: 0, inForce: 0, unseen: 0 };
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
    // Who is not told to give any more may have stopped that, and its last report does not show it.
    const seenA = (entry.memory.sentA ?? 0) < 0 ? Math.max(0, entry.surelyA) : entry.surelyA;
    if (!entry.settled) sums.unseen += weight * (mostA - seenA);
  }
  return sums;
}

interface Builder {
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
function addMeasured(builder: Builder, bound: Bound, reading: number, relief: number): void {
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
  const keep = tightSinceMonoMs !== undefined && (judged.bears || monoMs - tightSinceMonoMs < patienceMs);
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
function addUnmetered(builder: Builder, bound: Bound, others: number, reading: number | undefined): void {
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
function addFlowing(builder: Builder, bound: Bound, reading: number, relief: number): void {
  const members = reading > bound.limit ? flowing(bound.phase, bound.members) : undefined;
  if (members) addMeasured(builder, { ...bound, key: `${bound.key}/flowing`, members }, reading, relief);
}

const PARTNER_KEY = "partner";

/** A limit of power at a circuit, W; `stated` is what the operator said of it. */
interface PowerLimit {
  readonly key: string;
  readonly kind: "circuit" | "grid-operator" | "contract";
  readonly limitW: number;
  readonly stated?: GridLimitInForce;
}

function addPower(builder: Builder, view: CircuitView, members: readonly EvseObservation[]): void {
  if (members.length === 0) return;
  const { limitW } = view.index.circuit;
  if (limitW !== undefined)
    addPowerLimit(builder, view, members, { key: view.index.powerKey, kind: "circuit", limitW });
  const operator = operatorLimit(builder.input, view, members);
  if (operator)
    addPowerLimit(builder, view, members, { ...operator, key: view.index.operatorKey, kind: "grid-operator" });
  const partner = partnerLimit(builder.input, view);
  if (partner) addPowerLimit(builder, view, members, { ...partner, key: PARTNER_KEY, kind: "contract" });
}

function addPowerLimit(
  builder: Builder,
  view: CircuitView,
  members: readonly EvseObservation[],
  { limitW: limit, ...named }: PowerLimit,
): void {
  const { voltageV, phases } = builder.input.site;
  const bound: Bound = {
    ...named,
    circuitId: view.circuitId,
    weight: voltageV,
    byPhase: false,
    members,
    limit,
    mayRaise: view.mayRaise,
  };
  const reliefW = view.circuitId === GRID_CIRCUIT_ID ? builder.reliefA * voltageV * phases : 0;
  if (!view.metered) addUnmetered(builder, bound, view.index.worstLoadA * voltageV * phases, undefined);
  else if (view.powerW !== undefined) {
    addMeasured(builder, bound, view.powerW, reliefW);
    addFlowing(builder, bound, view.powerW, reliefW);
  }
}

/** What the reading of a phase is to the circuit's protective device. */
function strainAt({ heat, index }: CircuitView, phase: PhaseIndex, reading: number) {
  if (!heat) return undefined;
  const { protection, usableCurve: usable, limitA } = index.circuit;
  return strainOf({ protection, heat: heat[phase], ratio: reading / limitA, usable }, REACTION_MS / 1000);
}

/** A meter that shows less than the cars draw, or may, says nothing of what others leave: they are reckoned with their worst. */
function showsTooLittle({ input }: Builder, { index }: CircuitView): boolean {
  const { meterId } = index.circuit;
  const caution = input.image.cautions?.get(meterId ?? "");
  if (caution === "suspect" || caution === "strayed") return true;
  const doubts = Object.values(input.state.site.doubts);
  return doubts.some(({ kind, deviceId }) => kind === "less-than-cars" && deviceId === meterId);
}

/** Where cars may show on other phases than theirs: the fullest, by which all go then. */
function strayPhase({ input }: Builder, { index, currentA }: CircuitView): PhaseIndex | undefined {
  const { meterId } = index.circuit;
  if (!currentA || input.image.cautions?.get(meterId ?? "") !== "strayed") return undefined;
  return PHASE_INDEXES.find((phase) => currentA[phase] === Math.max(...currentA));
}

function addPhases(builder: Builder, view: CircuitView, members: readonly EvseObservation[]): void {
  if (!view.currentA) return;
  const stray = strayPhase(builder, view);
  for (const phase of PHASE_INDEXES) {
    const onPhase = members.filter((entry) => entry.phases.includes(phase));
    if (onPhase.length === 0) continue;
    const reading = view.currentA[phase];
    const bound = {
      key: view.index.phaseKeys[phase],
      kind: "circuit",
      circuitId: view.circuitId,
      phase,
      weight: 1,
      byPhase: true,
      members: onPhase,
      limit: view.limitA,
      mayRaise: view.mayRaise,
      strain: strainAt(view, phase, reading),
    } as const;
    const relief = view.circuitId === GRID_CIRCUIT_ID ? builder.reliefA : 0;
    if (!view.metered) addUnmetered(builder, bound, view.index.worstLoadA, reading);
    else {
      addMeasured(builder, bound, reading, relief);
      addFlowing(builder, bound, reading, relief);
    }
    if (stray !== undefined && stray !== phase)
      addMeasured(
        builder,
        { ...bound, key: `${bound.key}/stray`, phase: stray, ofAnyPhase: true },
        view.currentA[stray],
        0,
      );
    // What such a meter shows is the least that flows.
    if (view.metered && showsTooLittle(builder, view) && reading <= view.limitA)
      addUnmetered(builder, { ...bound, key: `${bound.key}/worst` }, view.index.worstLoadA, undefined);
  }
}

function addUnbalance(builder: Builder, active: readonly EvseObservation[]): void {
  const { unbalanceLimitA: limit, phases } = builder.input.site;
  if (limit === undefined || phases === 1) return;
  const grid = { kind: "unbalance", circuitId: GRID_CIRCUIT_ID, weight: 1, byPhase: true, mayRaise: true } as const;
  for (const { key, phase, members, differenceA, againstA, isUnmetered } of phaseDifferences(active)) {
    const bound: Bound = { ...grid, key, phase, ofAnyPhase: true, members, limit };
    if (isUnmetered) addUnmetered(builder, bound, MARGIN_A - againstA, undefined);
    else addMeasured(builder, bound, differenceA, 0);
  }
}

/** The key of the budget's constraint. */
export const BUDGET_KEY = "budget";

/** A budget for all EVSEs together bounds what they are allowed, whatever a meter says. */
function addBudget(builder: Builder, active: readonly EvseObservation[]): void {
  const { site, state, image } = builder.input;
  const budget = budgetInForce(state.budgets, image.nowMs);
  if (!budget || active.length === 0) return;
  const bound: Bound = {
    key: BUDGET_KEY,
    kind: "contract",
    circuitId: GRID_CIRCUIT_ID,
    weight: site.voltageV,
    byPhase: false,
    members: active,
    limit: budget.limitW,
    stated: { ...budget, appliesTo: "controllable" },
    mayRaise: true,
  };
  addUnmetered(builder, bound, 0, undefined);
}

/** Members of each circuit, by position: EVSEs with a transaction, and those that something is reserved for. */
function membersByCircuit(input: ControlInput, active: readonly EvseObservation[]): EvseObservation[][] {
  const { circuits, paths } = siteIndex(input.site);
  const members: EvseObservation[][] = circuits.map(() => []);
  for (const entry of active) for (const circuit of paths[entry.index]!) members[circuit]!.push(entry);
  return members;
}

/**
 * All constraints of this tick. A metered circuit whose meter is absent has none: its EVSEs are at safe currents.
 * `reliefA` is what a battery that stops charging takes off each phase of the grid connection within seconds, less what one
 * that is to give less needs there.
 */
export function buildConstraints(
  input: ControlInput,
  views: readonly CircuitView[],
  active: readonly EvseObservation[],
  from: { readonly headroom: ReadonlyMap<string, HeadroomHistory>; readonly reliefA: number },
): { readonly constraints: readonly Constraint[]; readonly headroom: Map<string, HeadroomHistory> } {
  const builder: Builder = {
    input,
    before: from.headroom,
    headroom: new Map(),
    constraints: [],
    reliefA: from.reliefA,
  };
  const members = membersByCircuit(input, active);
  views.forEach((view, position) => {
    addPhases(builder, view, members[position]!);
    addPower(builder, view, members[position]!);
  });
  addUnbalance(builder, active);
  addBudget(builder, active);
  return { constraints: builder.constraints, headroom: builder.headroom };
}

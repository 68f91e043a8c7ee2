/**
 * Everything that bounds the EVSEs together, in one form: sum over the members of weight x current <= available.
 * Phases of circuits in A, limits of power in W, the unbalance between phases in A.
 */

import type { ControlInput } from "../control/control.ts";
import { PHASE_INDEXES, type PhaseIndex } from "../quantity.ts";
import type { ReasonKind } from "../reason.ts";
import { GRID_CIRCUIT_ID } from "../site.ts";
import type { CircuitView } from "./circuits.ts";
import type { HeadroomHistory } from "./memory.ts";
import type { EvseObservation } from "./observe-evse.ts";
import { HEADROOM_WINDOW_MS, OVERCOMMITTED_MS } from "./thresholds.ts";

export interface Member {
  /** Index into the observations. */
  readonly index: number;
  /** Load on the constraint of 1 A at the EVSE. */
  readonly weight: number;
}

export interface Constraint {
  readonly key: string;
  readonly kind: Extract<ReasonKind, "circuit" | "unbalance" | "grid-operator">;
  readonly circuitId: string;
  readonly phase?: PhaseIndex;
  /** What the members may draw together now, and the least of that in the last half minute. */
  readonly available: number;
  readonly availableToRaise: number;
  readonly members: readonly Member[];
  readonly reading?: number;
  readonly limit: number;
  /** Above its limit by this, after what is pending. */
  readonly overload: number;
  readonly mayRaise: boolean;
}

interface Measured {
  readonly key: string;
  readonly kind: Constraint["kind"];
  readonly circuitId: string;
  readonly phase?: PhaseIndex;
  readonly reading: number;
  readonly limit: number;
  readonly members: readonly Member[];
  readonly mayRaise: boolean;
}

interface Context {
  readonly input: ControlInput;
  readonly observed: readonly EvseObservation[];
  readonly history: ReadonlyMap<string, HeadroomHistory>;
}

const BUCKETS = 6;

/** Adds this tick's headroom to the history; buckets of the window that passed are forgotten. */
function remember(before: HeadroomHistory | undefined, available: number, monoMs: number): HeadroomHistory {
  const bucket = Math.floor((monoMs * BUCKETS) / HEADROOM_WINDOW_MS);
  const gone = before ? bucket - before.bucket : BUCKETS;
  const kept = before && gone < BUCKETS ? before.minima.slice(0, BUCKETS - gone) : [];
  const minima =
    gone === 0 && kept.length > 0
      ? [Math.min(kept[0]!, available), ...kept.slice(1)]
      : [available, ...Array.from({ length: Math.min(gone, BUCKETS) - 1 }, () => Number.POSITIVE_INFINITY), ...kept];
  return { bucket, minima: minima.slice(0, BUCKETS) };
}

/**
 * A measured constraint: others draw what the meter says less what the EVSEs surely draw. What was commanded away but
 * still flows is credited until the meter has fallen by it, so that cars that are obeying are not shed twice.
 */
function fromMeter(measured: Measured, context: Context): { constraint: Constraint; history: HeadroomHistory } {
  let surely = 0;
  let pending = 0;
  let inForce = 0;
  for (const { index, weight } of measured.members) {
    const entry = context.observed[index]!;
    surely += weight * entry.surelyA;
    pending += weight * entry.pendingA;
    inForce += weight * Math.max(entry.surelyA, entry.session ? entry.memory.limitA : 0);
  }
  const before = context.history.get(measured.key);
  const fallen = before?.shedAt === undefined ? 0 : Math.max(0, before.shedAt - measured.reading);
  const credit = Math.max(0, pending - fallen);
  const available = measured.limit - measured.reading + surely + credit;
  const { monoMs } = context.input.image;
  const overload = Math.max(0, measured.reading - credit - measured.limit);
  const tight = overload === 0 && inForce > available;
  const tightSinceMonoMs = tight ? (before?.tightSinceMonoMs ?? monoMs) : undefined;
  // The EVSEs' own meters lag behind: a car that has just begun to draw looks like building load until they report.
  const keep = tightSinceMonoMs !== undefined && monoMs - tightSinceMonoMs < OVERCOMMITTED_MS;
  const shedAt = pending > 0 ? before?.shedAt : undefined;
  const history: HeadroomHistory = {
    ...remember(before, available, monoMs),
    ...(shedAt === undefined ? {} : { shedAt }),
    ...(tightSinceMonoMs === undefined ? {} : { tightSinceMonoMs }),
  };
  const constraint: Constraint = {
    ...measured,
    available: keep ? inForce : available,
    availableToRaise: Math.min(...history.minima),
    overload,
    mayRaise: measured.mayRaise && pending === 0,
  };
  return { constraint, history };
}

function membersOn(view: CircuitView, observed: readonly EvseObservation[], phase: PhaseIndex): Member[] {
  const members: Member[] = [];
  const below = view.circuit.evseIds;
  observed.forEach((entry, index) => {
    if (entry.phases.includes(phase) && below.includes(entry.evse.id)) members.push({ index, weight: 1 });
  });
  return members;
}

function powerMembers(view: CircuitView, context: Context): Member[] {
  const members: Member[] = [];
  context.observed.forEach((entry, index) => {
    if (view.circuit.evseIds.includes(entry.evse.id)) {
      members.push({ index, weight: entry.phases.length * context.input.site.voltageV });
    }
  });
  return members;
}

function unmeteredPhase(view: CircuitView, members: readonly Member[], phase: PhaseIndex): Constraint {
  const available = view.limitA - view.circuit.worstBuildingLoadA;
  const reading = view.currentA?.[phase];
  return {
    key: `${view.circuitId}/${phase}`,
    kind: "circuit",
    circuitId: view.circuitId,
    phase,
    available,
    availableToRaise: available,
    members,
    limit: view.limitA,
    overload: 0,
    mayRaise: true,
    ...(reading === undefined ? {} : { reading }),
  };
}

/** The limit of power at a circuit now, W; at the grid connection the grid operator's too. */
function limitOfPower(
  view: CircuitView,
  input: ControlInput,
): { limitW: number; kind: "circuit" | "grid-operator" } | undefined {
  const gridLimit = input.state.site.gridLimit;
  const holds = gridLimit && (gridLimit.untilMs === undefined || gridLimit.untilMs > input.image.nowMs);
  const operatorW = view.circuitId === GRID_CIRCUIT_ID && holds ? gridLimit.limitW : undefined;
  const ownW = view.circuit.limitW;
  if (operatorW !== undefined && operatorW <= (ownW ?? Number.POSITIVE_INFINITY))
    return { limitW: operatorW, kind: "grid-operator" };
  return ownW === undefined ? undefined : { limitW: ownW, kind: "circuit" };
}

/** Phases may differ by so much: who loads one phase only may not draw more than lifts it that far above the least. */
function unbalance(view: CircuitView, context: Context): Measured[] {
  const limitA = context.input.site.unbalanceLimitA;
  const currentA = view.currentA;
  if (limitA === undefined || !currentA || context.input.site.phases === 1) return [];
  return PHASE_INDEXES.flatMap((phase) => {
    const least = Math.min(...currentA.filter((_, other) => other !== phase));
    const members = membersOn(view, context.observed, phase).filter(
      ({ index }) => context.observed[index]!.phases.length < 3,
    );
    if (members.length === 0) return [];
    const entry: Measured = {
      key: `unbalance/${phase}`,
      kind: "unbalance",
      circuitId: view.circuitId,
      phase,
      reading: currentA[phase],
      limit: least + limitA,
      members,
      mayRaise: view.mayRaise,
    };
    return [entry];
  });
}

function measuredOf(view: CircuitView, context: Context): Measured[] {
  const { currentA, powerW, mayRaise, circuitId } = view;
  const measured: Measured[] = [];
  for (const phase of PHASE_INDEXES) {
    if (!currentA) break;
    const members = membersOn(view, context.observed, phase);
    const reading = currentA[phase];
    if (members.length > 0)
      measured.push({
        key: `${circuitId}/${phase}`,
        kind: "circuit",
        circuitId,
        phase,
        reading,
        limit: view.limitA,
        members,
        mayRaise,
      });
  }
  const power = limitOfPower(view, context.input);
  if (power && powerW !== undefined) {
    measured.push({
      key: `${circuitId}/W`,
      kind: power.kind,
      circuitId,
      reading: powerW,
      limit: power.limitW,
      members: powerMembers(view, context),
      mayRaise,
    });
  }
  if (circuitId === GRID_CIRCUIT_ID) measured.push(...unbalance(view, context));
  return measured;
}

/** All constraints of this tick. A metered circuit whose meter is absent has none: its EVSEs are at safe currents. */
export function buildConstraints(
  views: readonly CircuitView[],
  context: Context,
): { readonly constraints: readonly Constraint[]; readonly headroom: ReadonlyMap<string, HeadroomHistory> } {
  const headroom = new Map<string, HeadroomHistory>();
  const constraints: Constraint[] = [];
  for (const view of views) {
    if (!view.metered) {
      for (const phase of PHASE_INDEXES) {
        const members = membersOn(view, context.observed, phase);
        if (members.length > 0) constraints.push(unmeteredPhase(view, members, phase));
      }
      continue;
    }
    for (const measured of measuredOf(view, context)) {
      const { constraint, history } = fromMeter(measured, context);
      constraints.push(constraint);
      headroom.set(measured.key, history);
    }
  }
  return { constraints, headroom };
}

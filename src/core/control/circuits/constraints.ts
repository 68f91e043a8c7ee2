/**
 * Everything that bounds the EVSEs together: phases of circuits in A, limits of power in W, the unbalance between phases in A,
 * a budget.
 */
import { budgetInForce } from "../../limits/budget.ts";
import type { GridLimitInForce } from "../../limits/grid-limit.ts";
import { PHASE_INDEXES, type PhaseIndex } from "../../quantity.ts";
import { GRID_CIRCUIT_ID } from "../../site/site.ts";
import type { ControlInput } from "../control.ts";
import type { EvseObservation } from "../evses/observe-evse.ts";
import type { HeadroomHistory } from "../memory.ts";
import { MARGIN_A, REACTION_MS } from "../thresholds.ts";
import type { Wishes } from "../wishes/wishes.ts";
import type { CircuitView } from "./circuits.ts";
import { addFlowing, addMeasured, addUnmetered, type Bound, type Builder, type Constraint } from "./constraint.ts";
import { operatorLimit, partnerLimit } from "./operator.ts";
import { siteIndex } from "./site-index.ts";
import { strainOf } from "./thermal.ts";
import { phaseDifferences } from "./unbalance.ts";

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

function addUnbalance(builder: Builder, active: readonly EvseObservation[], wishes: Wishes): void {
  const { unbalanceLimitA: limit, phases } = builder.input.site;
  if (limit === undefined || phases === 1) return;
  const grid = { kind: "unbalance", circuitId: GRID_CIRCUIT_ID, weight: 1, byPhase: true, mayRaise: true } as const;
  for (const { key, phase, members, differenceA, againstA, isUnmetered } of phaseDifferences(active, {
    monoMs: builder.input.image.monoMs,
    wishes,
  })) {
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
  from: {
    readonly headroom: ReadonlyMap<string, HeadroomHistory>;
    readonly reliefA: number;
    readonly wishes: Wishes;
  },
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
  addUnbalance(builder, active, from.wishes);
  addBudget(builder, active);
  return { constraints: builder.constraints, headroom: builder.headroom };
}

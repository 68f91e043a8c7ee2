/** The control step: puts observation, wishes, guard and leases together. */
import type { ChargePointCommand } from "../charge-point-input.ts";
import type { SiteDraft } from "../facts/index.ts";
import type { Session } from "../state/sessions.ts";
import { type CircuitView, observeCircuits } from "./circuits/circuits.ts";
import type { Constraint } from "./circuits/constraint.ts";
import { buildConstraints } from "./circuits/constraints.ts";
import { blindShareA, operatorLimit } from "./circuits/operator.ts";
import { siteIndex } from "./circuits/site-index.ts";
import type { ControlInput, ControlStep, EvseDecision } from "./control.ts";
import { withDischarge } from "./evses/discharge.ts";
import { withoutRelief } from "./evses/discharge-flow.ts";
import { assumedCurrentA, type EvseObservation, observeEvse } from "./evses/observe-evse.ts";
import { guard } from "./guard/guard.ts";
import { creditSheds, interventions, isUrgent, obedienceDrafts } from "./guard/intervene.ts";
import type { Strain } from "./leases/heal.ts";
import { lease } from "./leases/lease.ts";
import type { ControlMemory, EvseMemory } from "./memory.ts";
import { modeDrafts } from "./mode.ts";
import { batteries, batteryRelief, reservedForRelease } from "./storage/battery.ts";
import { curtail } from "./storage/curtail.ts";
import { wishesOf } from "./wishes/wishes.ts";

export { type ControlMemory, initialControlMemory } from "./memory.ts";

/** Open sessions by EVSE, the youngest where a charge point reports several. */
function sessionsByEvse(input: ControlInput): Map<string, Session> {
  const byEvse = new Map<string, Session>();
  for (const id in input.state.sessions.open) {
    const session = input.state.sessions.open[id]!;
    const other = byEvse.get(session.evseId);
    if (!other || session.startedMs >= other.startedMs) byEvse.set(session.evseId, session);
  }
  return byEvse;
}

/** The first circuit on each EVSE's way that `picks`, by position of the EVSE. */
function onTheWay(
  input: ControlInput,
  active: readonly EvseObservation[],
  views: readonly CircuitView[],
  picks: (view: CircuitView) => boolean,
): Map<number, CircuitView> {
  const found = new Map<number, CircuitView>();
  if (!views.some(picks)) return found;
  const { paths } = siteIndex(input.site);
  for (const { index } of active) {
    const position = paths[index]!.find((circuit) => picks(views[circuit]!));
    if (position !== undefined) found.set(index, views[position]!);
  }
  return found;
}

const isBlind = (view: CircuitView) => view.metered && view.quality === "absent";

function withoutTransaction({ evse, connected }: EvseObservation): EvseDecision {
  const kind = connected ? "no-transaction" : "offline";
  return { evseId: evse.id, currentA: evse.safeCurrentA, reason: { kind } };
}

function decisionOf(entry: EvseObservation, decided: EvseDecision | undefined): EvseDecision {
  const decision = decided ?? withoutTransaction(entry);
  // A limit that was raised in this tick may be drawn from now on.
  const raisedA = entry.session && entry.connected && entry.measuredA === undefined ? decision.currentA : 0;
  const assumedA = Math.max(raisedA, assumedCurrentA(entry));
  return assumedA > 0 ? { ...decision, assumedA } : decision;
}

interface Leases {
  readonly commands: ChargePointCommand[];
  readonly drafts: SiteDraft[];
  readonly memories: Map<string, EvseMemory>;
}

function leases(
  input: ControlInput,
  observed: readonly EvseObservation[],
  decisions: ReadonlyMap<number, EvseDecision>,
  overloaded: ReadonlyMap<number, Strain>,
): Leases {
  const result: Leases = { commands: [], drafts: [], memories: new Map() };
  for (const entry of observed) {
    const { index, evse } = entry;
    const { memory, commands, draft } = lease(input, entry, decisions.get(index), overloaded.get(index));
    result.memories.set(evse.id, memory);
    result.commands.push(...commands);
    if (draft) result.drafts.push(draft);
  }
  return result;
}

/** EVSEs on a circuit that is above its limit, whatever is expected to go, and whether its device may open before long. */
function onOverloaded(constraints: readonly Constraint[]): Map<number, Strain> {
  const strains = new Map<number, Strain>();
  for (const { kind, reading, limit, members, strain } of constraints) {
    if (kind !== "circuit" || reading === undefined || reading <= limit) continue;
    for (const { index } of members)
      if (strains.get(index) !== "opens") strains.set(index, strain === "opens" ? "opens" : "over");
  }
  return strains;
}

/** Reductions first: they are the ones that cannot wait. The order for one charge point stays as it is. */
function inOrderOfUrgency(commands: ChargePointCommand[], observed: readonly EvseObservation[]): ChargePointCommand[] {
  const before = new Map(observed.map((entry) => [entry.evse.id, entry.memory.limitA]));
  const lowering = new Set<string>();
  for (const command of commands) {
    if (command.type !== "set-limit") continue;
    const currentA = command.schedule.periods[0]?.currentA ?? 0;
    if (currentA < (before.get(command.evseId) ?? 0)) lowering.add(command.chargePointId);
  }
  if (lowering.size === 0) return commands;
  const first = commands.filter((command) => lowering.has(command.chargePointId));
  return [...first, ...commands.filter((command) => !lowering.has(command.chargePointId))];
}

/** One tick. Pure: the same input and memory give the same step. */
export function controlStep(input: ControlInput, memory: ControlMemory): ControlStep<ControlMemory> {
  const { site, image } = input;
  const sessions = sessionsByEvse(input);
  const seen = site.evses.map((evse, index) => observeEvse(input, index, memory.evses, sessions.get(evse.id)));
  const { wishes, active: wishing } = wishesOf(
    input,
    seen.filter((entry) => entry.session !== undefined || entry.reservedA !== undefined),
  );
  const active = withoutRelief(input, wishing);
  const { views, meters, heat } = observeCircuits(input, memory, active);
  const { reliefA, cutMonoMs } = batteryRelief(input, views[0]!, memory);
  const reservedA = reservedForRelease(input, memory);
  const from = { headroom: memory.headroom, reliefA: reliefA - reservedA, wishes };
  const { constraints, headroom } = buildConstraints(input, views, active, from);
  const blind = onTheWay(input, active, views, isBlind);
  const recovering = onTheWay(input, active, views, (view) => view.recovering);
  const beyondCars = onTheWay(input, active, views, (view) => view.beyondCars !== undefined);
  const shareA = views[0]!.quality === "absent" ? blindShareA(input, active) : undefined;
  const guarded = guard({
    ...{ input, memory, active, wishes, constraints, blind, recovering, beyondCars },
    ...(shareA === undefined ? {} : { blindShareA: shareA }),
  });
  const decisions = withDischarge(input, guarded.decisions, { active, wishes, views });
  const intervened = interventions(constraints, decisions, memory.interventions, image.monoMs);
  const observed = [...seen];
  for (const entry of active) observed[entry.index] = entry;
  const leased = leases(input, observed, decisions, onOverloaded(constraints));
  creditSheds(constraints, leased.memories, headroom);
  const operator = operatorLimit(input, views[0]!, active);
  const grid = { views, freeA: guarded.freeA, reservedA, operator };
  const battery = batteries(input, grid, memory.batteries);
  const pv = curtail(input, views[0]!, memory.pvs);
  const mode = modeDrafts(input, views, decisions, memory.modeMonoMs);
  return {
    circuits: views.map(({ circuitId, quality, limitA, currentA, assumed }) => ({
      ...{ circuitId, quality, limitA },
      ...(currentA ? { currentA } : {}),
      ...(assumed ? { assumed } : {}),
    })),
    evses: observed.map((entry) => decisionOf(entry, decisions.get(entry.index))),
    drafts: [
      ...mode.drafts,
      ...intervened.drafts,
      ...obedienceDrafts(active, memory.evses),
      ...leased.drafts,
      ...battery.drafts,
      ...pv.drafts,
    ],
    commands: inOrderOfUrgency(leased.commands, observed),
    batteries: battery.commands,
    pvs: pv.commands,
    urgent: isUrgent(constraints, decisions, active, blind),
    memory: {
      evses: leased.memories,
      headroom,
      meters,
      heat,
      lastRaiseMonoMs: guarded.raised ? image.monoMs : memory.lastRaiseMonoMs,
      raiseTurn: guarded.raiseTurn,
      lastRebalanceMonoMs: guarded.rebalanced ? image.monoMs : memory.lastRebalanceMonoMs,
      interventions: intervened.interventions,
      batteries: battery.memories,
      pvs: pv.memories,
      ...(cutMonoMs === undefined ? {} : { batteryCutMonoMs: cutMonoMs }),
      modeMonoMs: mode.modeMonoMs,
    },
  };
}

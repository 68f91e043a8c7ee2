/** The control step: puts observation, wishes, guard and leases together. */
import type { ChargePointCommand } from "../charge-point-input.ts";
import type { ControlInput, ControlStep, EvseDecision } from "../control/control.ts";
import type { SiteDraft } from "../facts/index.ts";
import type { Session } from "../state/sessions.ts";
import { batteries } from "./battery.ts";
import { type CircuitView, observeCircuits } from "./circuits.ts";
import { buildConstraints, type Constraint } from "./constraints.ts";
import { guard } from "./guard.ts";
import { lease } from "./lease.ts";
import type { ControlMemory, EvseMemory, HeadroomHistory } from "./memory.ts";
import { modeDrafts } from "./mode.ts";
import { type EvseObservation, observeEvse } from "./observe-evse.ts";
import { type Wish, wishesOf } from "./wishes.ts";

export { type ControlMemory, initialControlMemory } from "./memory.ts";

function sessionsByEvse(input: ControlInput): Map<string, Session> {
  const byEvse = new Map<string, Session>();
  for (const id in input.state.sessions.open) {
    const session = input.state.sessions.open[id]!;
    const other = byEvse.get(session.evseId);
    if (!other || session.startedMs >= other.startedMs) byEvse.set(session.evseId, session);
  }
  return byEvse;
}

/** The circuit on an EVSE's way whose meter is absent: nothing above the safe current is known to hold there. */
function blindCircuits(observed: readonly EvseObservation[], views: readonly CircuitView[]): (string | undefined)[] {
  const blind = new Set(
    views.filter((view) => view.metered && view.quality === "absent").map((view) => view.circuitId),
  );
  return observed.map((entry) => (blind.size === 0 ? undefined : entry.evse.circuitPath.find((id) => blind.has(id))));
}

function rememberWish(entry: EvseObservation, wish: Wish | undefined, monoMs: number): EvseObservation {
  const { memory } = entry;
  if (!wish || (memory.wishA === wish.currentA && memory.wishKind === wish.reason.kind)) return entry;
  return { ...entry, memory: { ...memory, wishA: wish.currentA, wishKind: wish.reason.kind, wishSinceMonoMs: monoMs } };
}

/** Overloads that are shed in this tick, each recorded once until it is cured. */
function interventions(
  constraints: readonly Constraint[],
  observed: readonly EvseObservation[],
  decisions: readonly EvseDecision[],
  before: ReadonlySet<string>,
): { drafts: SiteDraft[]; overloaded: Set<string>; shedAt: Map<string, number> } {
  const drafts: SiteDraft[] = [];
  const overloaded = new Set<string>();
  const shedAt = new Map<string, number>();
  for (const constraint of constraints) {
    const { key, overload, phase, circuitId, reading = 0 } = constraint;
    const shed = constraint.members.filter(({ index }) => decisions[index]!.currentA < observed[index]!.memory.limitA);
    if (shed.length > 0) shedAt.set(key, reading);
    if (overload <= 0) continue;
    overloaded.add(key);
    if (before.has(key) || phase === undefined || shed.length === 0) continue;
    const shedA = shed.reduce((sum, { index }) => sum + observed[index]!.memory.limitA - decisions[index]!.currentA, 0);
    const evseIds = shed.map(({ index }) => observed[index]!.evse.id);
    const round = (value: number) => Math.round(value * 10) / 10;
    drafts.push({
      type: "guard-intervened",
      source: "guard",
      data: {
        circuitId,
        phase,
        readingA: round(reading),
        limitA: round(constraint.limit),
        shedA: round(shedA),
        evseIds,
      },
    });
  }
  return { drafts, overloaded, shedAt };
}

function withShedAt(headroom: ReadonlyMap<string, HeadroomHistory>, shedAt: ReadonlyMap<string, number>) {
  if (shedAt.size === 0) return headroom;
  const next = new Map(headroom);
  for (const [key, reading] of shedAt) {
    const history = next.get(key);
    if (history) next.set(key, { ...history, shedAt: reading });
  }
  return next;
}

function obedienceDrafts(observed: readonly EvseObservation[], memories: ControlMemory["evses"]): SiteDraft[] {
  return observed.flatMap((entry): SiteDraft[] => {
    const before = memories.get(entry.evse.id)?.obeyed ?? true;
    if (!entry.session || before === entry.memory.obeyed) return [];
    const measuredA = Math.round((entry.measuredA ?? 0) * 10) / 10;
    const data = { evseId: entry.evse.id, obeyed: entry.memory.obeyed, limitA: entry.memory.limitA, measuredA };
    return [{ type: "limit-obedience-changed", source: "guard", data }];
  });
}

interface Leases {
  readonly commands: ChargePointCommand[];
  readonly drafts: SiteDraft[];
  readonly memories: Map<string, EvseMemory>;
}

function leases(input: ControlInput, observed: readonly EvseObservation[], decisions: readonly EvseDecision[]): Leases {
  const result: Leases = { commands: [], drafts: [], memories: new Map() };
  observed.forEach((entry, index) => {
    const { memory, commands, drafts } = lease(input, entry, decisions[index]!);
    result.memories.set(entry.evse.id, memory);
    result.commands.push(...commands);
    result.drafts.push(...drafts);
  });
  return result;
}

/** Reductions first: they are the ones that cannot wait. */
function inOrderOfUrgency(commands: ChargePointCommand[], observed: readonly EvseObservation[]): ChargePointCommand[] {
  const before = new Map(observed.map((entry) => [entry.evse.id, entry.memory.limitA]));
  const delta = (command: ChargePointCommand) =>
    command.type === "set-limit" ? (command.schedule.periods[0]?.currentA ?? 0) - (before.get(command.evseId) ?? 0) : 0;
  return commands.some((command) => delta(command) < 0)
    ? commands.toSorted((a, b) => Math.sign(delta(a)) - Math.sign(delta(b)))
    : commands;
}

/** One tick. Pure: the same input and memory give the same step. */
export function controlStep(input: ControlInput, memory: ControlMemory): ControlStep<ControlMemory> {
  const { site, image } = input;
  const sessions = sessionsByEvse(input);
  const seen = site.evses.map((evse) => observeEvse(input, evse, memory.evses, sessions.get(evse.id)));
  const { views, goodSince } = observeCircuits(input, memory, seen);
  const { constraints, headroom } = buildConstraints(views, { input, observed: seen, history: memory.headroom });
  const wishes = wishesOf(input, seen);
  const observed = seen.map((entry, index) => rememberWish(entry, wishes[index], image.monoMs));
  const blind = blindCircuits(observed, views);
  const { decisions, raised, raiseTurn } = guard({ site, image, observed, wishes, constraints, blind, memory });
  const { overloaded, shedAt, drafts: intervened } = interventions(constraints, observed, decisions, memory.overloaded);
  const leased = leases(input, observed, decisions);
  const battery = batteries(input, views[0]!, constraints, memory.batteries);
  const mode = modeDrafts(input, views, decisions, memory.modeMonoMs);
  return {
    circuits: views.map(({ circuitId, quality, limitA, currentA }) => ({
      circuitId,
      quality,
      limitA,
      ...(currentA ? { currentA } : {}),
    })),
    evses: decisions,
    drafts: [
      ...mode.drafts,
      ...intervened,
      ...obedienceDrafts(observed, memory.evses),
      ...leased.drafts,
      ...battery.drafts,
    ],
    commands: inOrderOfUrgency(leased.commands, observed),
    batteries: battery.commands,
    urgent: overloaded.size > 0,
    memory: {
      startedMonoMs: memory.startedMonoMs ?? image.monoMs,
      evses: leased.memories,
      headroom: withShedAt(headroom, shedAt),
      goodSince,
      lastRaiseMonoMs: raised ? image.monoMs : memory.lastRaiseMonoMs,
      raiseTurn,
      overloaded,
      batteries: battery.memories,
      modeMonoMs: mode.changedMonoMs,
    },
  };
}

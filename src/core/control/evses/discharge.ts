/**
 * Cars that give energy back, as planned: never more than may be exported or a circuit carries back, and never as a help
 * for a fuse. What flows back is reckoned as if it stopped the next second: the guard sees the load without it.
 */
import { STALE_AFTER_MS } from "../../device-quality.ts";
import { exportLimitInForce } from "../../limits/grid-limit.ts";
import { PHASE_INDEXES } from "../../quantity.ts";
import type { CircuitView } from "../circuits/circuits.ts";
import { mostFeedInA } from "../circuits/feed-in.ts";
import { siteIndex } from "../circuits/site-index.ts";
import type { ControlInput, EvseDecision } from "../control.ts";
import {
  BACK_REFUSED_MS,
  DISCHARGE_LEAST_A,
  EVSE_READING_VALID_MS,
  EXPECTED_MS,
  OBEY_MS,
  WISH_CHANGE_MS,
} from "../thresholds.ts";
import { followedSlot, planInForce, plannedRow } from "../wishes/plan-current.ts";
import { type Beside, balancedA } from "./discharge-balance.ts";
import { besideA } from "./discharge-beside.ts";
import { flowsBackA, givingPhases, readingOf, toldA } from "./discharge-flow.ts";
import type { EvseObservation } from "./observe-evse.ts";

const TINY = 1e-6;

interface Seen extends Pick<Beside, "active" | "wishes"> {
  readonly views: readonly CircuitView[];
}

/** What goes in a moment of what a car draws, as it is told less now or was a moment ago: A, on each phase that it loads. */
function leavingA({ surelyA, expectedA, memory, connected }: EvseObservation, decision: EvseDecision | undefined) {
  const isLowered = connected && decision !== undefined && decision.currentA < memory.limitA;
  return Math.max(0, expectedA, isLowered ? surelyA - decision.currentA : 0);
}

/**
 * How much more may flow back than does now, by the readings, when cars draw no more than they are told: in all, W, and by circuit
 * and phase, A; and how much may be told to flow back at most, whatever is drawn beside it.
 */
interface Room {
  powerW: number;
  readonly circuits: readonly { readonly moreA: number[]; readonly toldA: number[] }[];
}

function roomOf(
  input: ControlInput,
  decisions: ReadonlyMap<number, EvseDecision>,
  { active, views }: Seen,
): Room | undefined {
  const grid = views[0]!;
  if (grid.quality !== "good" || grid.powerW === undefined) return undefined;
  const own = input.site.configuration.gridConnection.exportLimitW ?? Number.POSITIVE_INFINITY;
  const capW = Math.min(own, exportLimitInForce(input.state, input.image.nowMs)?.limitW ?? Number.POSITIVE_INFINITY);
  const circuits = views.map(({ circuitId, currentA, limitA, metered }) => {
    // Without a meter nobody sees what the sun does there.
    const mostA = metered ? limitA : Math.max(0, limitA - mostFeedInA(input.site, circuitId, () => true));
    return {
      moreA: PHASE_INDEXES.map((phase) =>
        metered ? limitA + (currentA?.[phase] ?? -limitA) : Number.POSITIVE_INFINITY,
      ),
      toldA: [mostA, mostA, mostA],
    };
  });
  const room: Room = { powerW: grid.powerW + capW, circuits };
  for (const entry of active) {
    const currentA = leavingA(entry, decisions.get(entry.index));
    if (currentA <= 0) continue;
    room.powerW -= currentA * input.site.voltageV * entry.flows.length;
    for (const position of siteIndex(input.site).paths[entry.index]!)
      for (const phase of entry.flows) room.circuits[position]!.moreA[phase]! -= currentA;
  }
  return room;
}

/** What the plan lets a car give now, A per phase, above the reserve of its battery. */
function plannedA(input: ControlInput, entry: EvseObservation): number {
  const { evse } = entry;
  const plan = planInForce(input);
  const { discharge } = evse;
  if (!plan || !discharge) return 0;
  const reading = readingOf(input, evse.id);
  if (reading?.socPercent !== undefined && reading.socPercent <= discharge.minSocPercent) return 0;
  const wattsOfAnAmpere = input.site.voltageV * evse.phases.length;
  const plannedA =
    (plannedRow(plan, entry)?.dischargeW?.[followedSlot(plan, input.image.nowMs)] ?? 0) / wattsOfAnAmpere;
  // A house takes a few hundred watts in the evening: the least that can be given is nearer to that than nothing.
  const givenA = plannedA >= DISCHARGE_LEAST_A / 2 ? Math.max(DISCHARGE_LEAST_A, plannedA) : 0;
  return Math.min(discharge.maxPowerW / wattsOfAnAmpere, givenA);
}

/** Who may be told to give: nothing else is at play, and its own meter shows what it does. */
function mayGive(input: ControlInput, entry: EvseObservation, decision: EvseDecision | undefined): boolean {
  if (!entry.evse.discharge || !entry.session || entry.reservedA !== undefined || !entry.connected) return false;
  // Another car may be there, that nobody has asked.
  if (input.image.untoldCars?.has(entry.evse.id)) return false;
  const refusedMs = input.image.monoMs - (entry.memory.backRefusedMonoMs ?? Number.NEGATIVE_INFINITY);
  if (entry.refused || refusedMs < BACK_REFUSED_MS) return false;
  if (input.state.sessions.wishes[entry.evse.id]?.dischargeAllowed === false) return false;
  if (!decision || decision.currentA > 0 || decision.reason.kind !== "plan") return false;
  const reading = readingOf(input, entry.evse.id);
  return reading !== undefined && input.image.monoMs - reading.atMonoMs <= EVSE_READING_VALID_MS - STALE_AFTER_MS;
}

/** On how many phases it gives as its own meter shows it: a step down takes no more power away than on these. */
function givingWires(input: ControlInput, entry: EvseObservation): number {
  return givingPhases(input, entry)?.length ?? Math.max(1, entry.loaded.length);
}

/**
 * What is left for a car on the way of its circuits, A per phase: what it is told now and what more there is. Where there is too
 * much, what counts is what it gives: a car that takes less than it is told would not notice the first steps down.
 */
function leftA(input: ControlInput, entry: EvseObservation, room: Room): number {
  const { phases } = entry.evse;
  const told = toldA(entry);
  const flowsA = flowsBackA(input, entry);
  const after = (moreA: number) => (moreA < 0 ? flowsA : told) + moreA;
  const wires = room.powerW < 0 ? givingWires(input, entry) : phases.length;
  let currentA = after(room.powerW / (input.site.voltageV * wires));
  for (const position of siteIndex(input.site).paths[entry.index]!) {
    const circuit = room.circuits[position]!;
    for (const phase of phases) currentA = Math.min(currentA, after(circuit.moreA[phase]!), circuit.toldA[phase]!);
  }
  return currentA;
}

function take(input: ControlInput, entry: EvseObservation, room: Room, currentA: number): void {
  const told = toldA(entry);
  const moreA = currentA > told ? currentA - told : Math.min(0, currentA - flowsBackA(input, entry));
  const wires = moreA < 0 ? givingWires(input, entry) : entry.evse.phases.length;
  room.powerW -= moreA * input.site.voltageV * wires;
  for (const position of siteIndex(input.site).paths[entry.index]!) {
    const circuit = room.circuits[position]!;
    for (const phase of entry.evse.phases) {
      circuit.moreA[phase]! -= moreA;
      circuit.toldA[phase]! -= currentA;
    }
  }
}

/**
 * What is planned, in tenths as OCPP knows them, rounded down; where less is left, which moves with each reading, whole
 * amperes: each change is a profile write.
 */
function sentA(plannedA: number, leftA: number): number {
  const tenthsA = Math.floor(plannedA * 10 + TINY) / 10;
  return tenthsA <= leftA ? tenthsA : Math.floor(leftA);
}

/** Somebody else was told to give more or less a moment ago: the readings do not show it yet. */
function othersSettle({ image }: ControlInput, entry: EvseObservation, givers: readonly EvseObservation[]): boolean {
  return givers.some(({ index, memory }) => {
    const sinceMs = image.monoMs - (memory.sentSinceMonoMs ?? Number.NEGATIVE_INFINITY);
    return index !== entry.index && sinceMs > 0 && sinceMs < EXPECTED_MS;
  });
}

/** Lowered at once, raised with patience: the readings have to show the last step, of anybody, before the next. */
function steadyA(
  input: ControlInput,
  entry: EvseObservation,
  { wantedA, givers }: { readonly wantedA: number; readonly givers: readonly EvseObservation[] },
): number {
  const told = toldA(entry);
  if (wantedA > told && othersSettle(input, entry, givers)) return told;
  const sentMs = input.image.monoMs - (entry.memory.sentMonoMs ?? Number.NEGATIVE_INFINITY);
  const waits = sentMs < (wantedA > told ? WISH_CHANGE_MS : EXPECTED_MS);
  return told > 0 && waits ? told : wantedA;
}

/** A car that charged a moment ago still shows in the readings: what it gives begins when it has stopped. */
function hasStopped(input: ControlInput, entry: EvseObservation): boolean {
  const { limitA, limitSinceMonoMs } = entry.memory;
  return toldA(entry) > 0 || (limitA === 0 && input.image.monoMs - limitSinceMonoMs >= OBEY_MS);
}

/** Decisions with what cars give back, by position of the EVSE; the others as they are. */
export function withDischarge(
  input: ControlInput,
  decisions: ReadonlyMap<number, EvseDecision>,
  seen: Seen,
): ReadonlyMap<number, EvseDecision> {
  const { active, wishes } = seen;
  const givers = active.filter(
    (entry) => mayGive(input, entry, decisions.get(entry.index)) && hasStopped(input, entry),
  );
  if (givers.length === 0) return decisions;
  const room = roomOf(input, decisions, seen);
  if (!room) return decisions;
  const next = new Map(decisions);
  const given = new Map<number, number>();
  for (const entry of givers) {
    const beside = { active, wishes, given };
    const othersFirstA = Math.min(
      balancedA(input.site, entry, beside),
      besideA(input, entry, { ...beside, views: seen.views }),
    );
    const mostA = Math.min(leftA(input, entry, room), othersFirstA);
    const dischargeA = steadyA(input, entry, { wantedA: sentA(plannedA(input, entry), mostA), givers });
    if (dischargeA < DISCHARGE_LEAST_A) continue;
    given.set(entry.index, dischargeA);
    take(input, entry, room, dischargeA);
    next.set(entry.index, { ...decisions.get(entry.index)!, dischargeA });
  }
  return next;
}

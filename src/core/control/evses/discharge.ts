/**
 * Cars that give energy back, as planned: never more than may be exported or a circuit carries back, and never as a help
 * for a fuse. What flows back is reckoned as if it stopped the next second: the guard sees the load without it.
 */
import { STALE_AFTER_MS } from "../../device-quality.ts";
import type { EvseReading } from "../../image.ts";
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
import { followedSlot, planInForce } from "../wishes/plan-current.ts";
import type { EvseObservation } from "./observe-evse.ts";

const TINY = 1e-6;

function readingOf({ image }: ControlInput, evseId: string): EvseReading | undefined {
  const reading = image.evses.get(evseId);
  return reading && image.monoMs - reading.atMonoMs <= EVSE_READING_VALID_MS ? reading : undefined;
}

/** What flows back from an EVSE by its own meter, A per phase. */
function measuredBackA(input: ControlInput, { evse }: EvseObservation): number {
  const reading = readingOf(input, evse.id);
  if (reading?.currentA) return Math.max(0, ...reading.currentA.map((currentA) => -currentA));
  return Math.max(0, -(reading?.powerW ?? 0)) / (input.site.voltageV * evse.phases.length);
}

/** What it was told to give last, A per phase. */
function toldA({ memory }: EvseObservation): number {
  return Math.max(0, -(memory.sentA ?? 0));
}

/** What may flow back now, A per phase: as measured, or as it was told last, whichever is more. */
function backA(input: ControlInput, entry: EvseObservation): number {
  return Math.max(measuredBackA(input, entry), toldA(entry));
}

/** Observations in which what a car gives back is load that is only hidden: it may be there the next second. */
export function withoutRelief(input: ControlInput, active: readonly EvseObservation[]): readonly EvseObservation[] {
  return active.map((entry) => {
    if (!entry.evse.discharge || !entry.session) return entry;
    const currentA = backA(input, entry);
    return currentA > 0 ? { ...entry, surelyA: -currentA } : entry;
  });
}

/**
 * How much more may flow back than does now, by the readings: in all, W, and by circuit and phase, A; and how much may be
 * told to flow back at most, whatever is drawn beside it.
 */
interface Room {
  powerW: number;
  readonly circuits: readonly { readonly moreA: number[]; readonly toldA: number[] }[];
}

function roomOf(input: ControlInput, views: readonly CircuitView[]): Room | undefined {
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
  return { powerW: grid.powerW + capW, circuits };
}

/** What the plan lets a car give now, A per phase, above the reserve of its battery. */
function plannedA(input: ControlInput, entry: EvseObservation): number {
  const { evse, session } = entry;
  const plan = planInForce(input);
  const row = plan?.result.evses.find(({ transactionId }) => transactionId === session?.transactionId);
  const { discharge } = evse;
  if (!plan || !discharge) return 0;
  const reading = readingOf(input, evse.id);
  if (reading?.socPercent !== undefined && reading.socPercent <= discharge.minSocPercent) return 0;
  const wattsOfAnAmpere = input.site.voltageV * evse.phases.length;
  const plannedA = (row?.dischargeW?.[followedSlot(plan, input.image.nowMs)] ?? 0) / wattsOfAnAmpere;
  // A house takes a few hundred watts in the evening: the least that can be given is nearer to that than nothing.
  const givenA = plannedA >= DISCHARGE_LEAST_A / 2 ? Math.max(DISCHARGE_LEAST_A, plannedA) : 0;
  return Math.min(discharge.maxPowerW / wattsOfAnAmpere, givenA);
}

/** Who may be told to give: nothing else is at play, and its own meter shows what it does. */
function mayGive(input: ControlInput, entry: EvseObservation, decision: EvseDecision | undefined): boolean {
  if (!entry.evse.discharge || !entry.session || entry.reservedA !== undefined || !entry.connected) return false;
  const refusedMs = input.image.monoMs - (entry.memory.backRefusedMonoMs ?? Number.NEGATIVE_INFINITY);
  if (entry.refused || refusedMs < BACK_REFUSED_MS) return false;
  if (input.state.sessions.wishes[entry.evse.id]?.dischargeAllowed === false) return false;
  if (!decision || decision.currentA > 0 || decision.reason.kind !== "plan") return false;
  const reading = readingOf(input, entry.evse.id);
  return reading !== undefined && input.image.monoMs - reading.atMonoMs <= EVSE_READING_VALID_MS - STALE_AFTER_MS;
}

/** What is left for a car on the way of its circuits, A per phase: what it gives now and what more there is. */
function leftA(input: ControlInput, entry: EvseObservation, room: Room): number {
  const { phases } = entry.evse;
  const told = toldA(entry);
  let currentA = told + room.powerW / (input.site.voltageV * phases.length);
  for (const position of siteIndex(input.site).paths[entry.index]!) {
    const circuit = room.circuits[position]!;
    for (const phase of phases) currentA = Math.min(currentA, told + circuit.moreA[phase]!, circuit.toldA[phase]!);
  }
  return currentA;
}

function take(input: ControlInput, entry: EvseObservation, room: Room, currentA: number): void {
  const moreA = currentA - toldA(entry);
  room.powerW -= moreA * input.site.voltageV * entry.evse.phases.length;
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

/** Lowered at once, raised with patience: the readings have to show the last step before the next. */
function steadyA(input: ControlInput, entry: EvseObservation, wantedA: number): number {
  const told = toldA(entry);
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
  { active, views }: { readonly active: readonly EvseObservation[]; readonly views: readonly CircuitView[] },
): ReadonlyMap<number, EvseDecision> {
  const givers = active.filter(
    (entry) => mayGive(input, entry, decisions.get(entry.index)) && hasStopped(input, entry),
  );
  if (givers.length === 0) return decisions;
  const room = roomOf(input, views);
  if (!room) return decisions;
  const next = new Map(decisions);
  for (const entry of givers) {
    const dischargeA = steadyA(input, entry, sentA(plannedA(input, entry), leftA(input, entry, room)));
    if (dischargeA < DISCHARGE_LEAST_A) continue;
    take(input, entry, room, dischargeA);
    next.set(entry.index, { ...decisions.get(entry.index)!, dischargeA });
  }
  return next;
}

/**
 * Room of a circuit that cars will probably want that have not come yet, from the stays of the last weeks: behind a tight fuse
 * who waits for a better price may meet those. A circuit that carries all of its EVSEs at once is left as it is. Whoever
 * announces visits is in the plan by name: what is expected beside them is learned from those who came unannounced, or at
 * another time.
 */
import type { PlanCircuit, PlanInput } from "../../core/facts/plan-facts.ts";
import { PHASE_INDEXES, type PhaseIndex } from "../../core/quantity.ts";
import type { EvseModel, SiteModel } from "../../core/site/site-model.ts";
import type { Session } from "../../core/state/sessions.ts";
import type { Stay } from "../../core/state/stays.ts";
import { SLOT_MS } from "../../core/time/slots.ts";
import { isSameToken } from "../../core/token.ts";
import { DAY_MS, isWeekend } from "../forecast/history.ts";
import { type CircuitRoom, circuitRooms, roomWh, WANTED_PARTS, WANTED_SLOTS, wantedBlocks } from "./limits.ts";

const HOUR_MS = 3_600_000;
/** So many days are laid beside the plan, each counting less than the one after it; a workday half for a weekend. */
const MOST_DAYS = 28;
const DAY_WEIGHT = 0.97;
const OTHER_DAY_WEIGHT = 0.5;
/** Nobody comes to the minute: each day counts as it was, an hour earlier and an hour later. */
const SHIFTS_MS = [-HOUR_MS, 0, HOUR_MS];
/** Before the first day it is known of one that nobody came. */
const NOBODY_WEIGHT = 1;
/** Who came as announced within this is one whom a plan knows; all others are those that nobody foresaw. */
const ON_TIME_MS = HOUR_MS / 2;
/** Of what finds the room taken so much finds none later. */
export const MISSED_PART = 0.5;

type Evse = Pick<EvseModel, "id" | "circuitPath" | "phases" | "maxCurrentA">;

export interface LatecomersContext {
  readonly site: Pick<SiteModel, "voltageV"> & { readonly evses: readonly Evse[] };
  /** Oldest first. */
  readonly stays: readonly Stay[];
  /** The sessions that are open, and the visits that were announced: cars of the plan. */
  readonly known: readonly Pick<Session, "evseId" | "token">[];
}

/** A car of the past as if it came after now: charging at once, as much as its EVSE gives. */
interface Arrival {
  readonly evse: Evse;
  /** By day before and shift, an index. */
  readonly sample: number;
  readonly beginMs: number;
  readonly endMs: number;
  readonly powerW: number;
}

interface Question extends LatecomersContext {
  readonly input: PlanInput;
  readonly days: number;
}

/** Where such a car charges: at its own EVSE, at another of the circuit where that is taken; nowhere when it is here already. */
function evseFor(stay: Stay, at: number, beginMs: number, { input, site, known }: Question): Evse | undefined {
  const own = site.evses.find(({ id }) => id === stay.evseId);
  const taken = new Set(input.evses.flatMap(({ evseId, departureMs }) => (departureMs > beginMs ? [evseId] : [])));
  const isHere = known.some(({ token, evseId }) => isSameToken(token, stay.token) && taken.has(evseId));
  if (!own || isHere || !taken.has(own.id)) return isHere ? undefined : own;
  const free = site.evses.filter(({ id, circuitPath }) => circuitPath[0] === own.circuitPath[0] && !taken.has(id));
  return free[at % Math.max(1, free.length)];
}

function arrivals(question: Question): Arrival[] {
  const { stays, site, input, days } = question;
  return stays.flatMap((stay, at) =>
    SHIFTS_MS.flatMap((shiftMs, shift): Arrival[] => {
      const day = Math.floor((input.nowMs - stay.startedMs - shiftMs) / DAY_MS);
      if (day < 0 || day >= days) return [];
      const beginMs = stay.startedMs + shiftMs + (day + 1) * DAY_MS;
      const evse = evseFor(stay, at, beginMs, question);
      if (!evse) return [];
      const powerW = evse.maxCurrentA * evse.phases.length * site.voltageV;
      const endMs = beginMs + (stay.energyWh / powerW) * HOUR_MS;
      return [{ evse, sample: day * SHIFTS_MS.length + shift, beginMs, endMs, powerW }];
    }),
  );
}

/** What arrivals want of a phase of a circuit, Wh by block, for each sample. */
function wantedWh(those: readonly Arrival[], phase: PhaseIndex, { input, days }: Question): Float64Array[] {
  const blocks = wantedBlocks(input);
  const wanted = Array.from({ length: days * SHIFTS_MS.length }, () => new Float64Array(blocks));
  const blockMs = WANTED_SLOTS * SLOT_MS;
  for (const { evse, sample, beginMs, endMs, powerW } of those) {
    if (!evse.phases.includes(phase)) continue;
    const first = Math.max(0, Math.floor((beginMs - input.startMs) / blockMs));
    for (let block = first; block < blocks && input.startMs + block * blockMs < endMs; block++) {
      const fromMs = Math.max(beginMs, input.startMs + block * blockMs);
      const untilMs = Math.min(endMs, input.startMs + (block + 1) * blockMs);
      wanted[sample]![block]! += ((powerW / evse.phases.length) * Math.max(0, untilMs - fromMs)) / HOUR_MS;
    }
  }
  return wanted;
}

/** How much each day before says of a block: younger ones more, and those of the same kind. */
function dayWeights(block: number, { input, days }: Question): number[] {
  const atMs = input.startMs + block * WANTED_SLOTS * SLOT_MS;
  return Array.from({ length: days }, (_, day) => {
    const isAlike = isWeekend(atMs) === isWeekend(atMs - (day + 1) * DAY_MS);
    return DAY_WEIGHT ** day * (isAlike ? 1 : OTHER_DAY_WEIGHT);
  });
}

/** By part of the room, the one that is used first at the beginning, and block: the chance that its use is somebody's loss. */
function chances(room: CircuitRoom, phase: PhaseIndex, those: readonly Arrival[], question: Question): number[][] {
  const { input } = question;
  const wanted = wantedWh(those, phase, question);
  const byBlock = Array.from({ length: wantedBlocks(input) }, (_, block) => {
    const weights = dayWeights(block, question);
    const whole = NOBODY_WEIGHT + weights.reduce((sum, weight) => sum + weight, 0);
    return Array.from({ length: WANTED_PARTS }, (__, part) => {
      const leftWh = roomWh(room, phase, block, input) * (1 - (part + 0.5) / WANTED_PARTS);
      const hits = wanted.reduce((sum, wh, sample) => {
        return wh[block]! > leftWh ? sum + weights[Math.floor(sample / SHIFTS_MS.length)]! : sum;
      }, 0);
      return Math.round((1000 * MISSED_PART * hits) / SHIFTS_MS.length / whole) / 1000;
    });
  });
  return Array.from({ length: WANTED_PARTS }, (_, part) => byBlock.map((parts) => parts[part]!));
}

function isNarrow(room: CircuitRoom, { site }: Question): boolean {
  const own = site.evses.filter(({ circuitPath }) => circuitPath.includes(room.circuit.circuitId));
  return PHASE_INDEXES.some((phase) => {
    const mostA = own.reduce((sum, { phases, maxCurrentA }) => sum + (phases.includes(phase) ? maxCurrentA : 0), 0);
    return mostA > 0 && mostA * site.voltageV > Math.min(...room.phaseW[phase]);
  });
}

/** The circuits of a plan's input, with what is probably wanted of them by cars that come later. */
export function withLatecomers(input: PlanInput, context: LatecomersContext): PlanCircuit[] {
  const oldestMs = context.stays[0]?.startedMs ?? input.nowMs;
  const days = Math.min(MOST_DAYS, Math.floor((input.nowMs - oldestMs) / DAY_MS));
  if (days < 1 || input.evses.length === 0) return input.circuits;
  const unforeseen = context.stays.filter(
    ({ lateMs }) => !(Math.abs(lateMs ?? Number.POSITIVE_INFINITY) <= ON_TIME_MS),
  );
  const question = { ...context, stays: unforeseen, input, days };
  const rooms = circuitRooms(input).filter((room) => input.circuits.includes(room.circuit) && room.evses.length > 0);
  const narrow = rooms.filter((room) => isNarrow(room, question));
  if (narrow.length === 0) return input.circuits;
  const all = arrivals(question);
  return input.circuits.map((circuit) => {
    const room = narrow.find((one) => one.circuit === circuit);
    if (!room) return circuit;
    const those = all.filter(({ evse }) => evse.circuitPath.includes(circuit.circuitId));
    const wanted = PHASE_INDEXES.map((phase) => chances(room, phase, those, question));
    const isWanted = wanted.some((parts) => parts.some((blocks) => blocks.some((chance) => chance > 0)));
    return isWanted ? { ...circuit, wanted: [wanted[0]!, wanted[1]!, wanted[2]!] } : circuit;
  });
}

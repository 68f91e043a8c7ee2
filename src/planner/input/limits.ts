/** Room that the building leaves, by circuit, phase and slot; and until when a car can be charged. */
import type { PlanCircuit, PlanEvse, PlanInput, PlanResult } from "../../core/facts/plan-facts.ts";
import { PHASE_INDEXES, type PhaseIndex } from "../../core/quantity.ts";
import { SLOT_HOURS, SLOT_MS } from "../../core/time/slots.ts";

/** Hours that a plan has in a slot: of the running one what is left of it. */
export function slotHours(input: PlanInput, slot: number): number {
  return slot === 0 ? SLOT_HOURS * (1 - (input.elapsed ?? 0)) : SLOT_HOURS;
}

/** Energy of a series of slot powers, Wh. */
export function energyOfWh(powerW: readonly number[], input: PlanInput): number {
  return powerW.reduce((sum, power, slot) => sum + power * slotHours(input, slot), 0);
}

/** Less of a last slot is not worth a start, ms. */
const LEAST_STAY_MS = 60_000;
/** A car that should have left is still here: the running slot always counts for so much of what is left of it. */
const LEAST_PRESENCE = 0.1;

/** Slots from the start in which the car is still there, the last one in part; none after its departure. */
export function slotsUntilDeparture(evse: PlanEvse, input: PlanInput): number {
  const begun = Math.ceil((evse.departureMs - LEAST_STAY_MS - input.startMs) / SLOT_MS);
  return Math.max(1, Math.min(input.slots, begun));
}

/** Part of what a plan has of a slot, 0..1, in which the car is there: less than one in the slot of its departure. */
export function presence(evse: PlanEvse, slot: number, input: PlanInput): number {
  const endMs = input.startMs + (slot + 1) * SLOT_MS;
  if (evse.departureMs >= endMs) return 1;
  const ms = (slotHours(input, slot) / SLOT_HOURS) * SLOT_MS;
  const part = (evse.departureMs - (endMs - ms)) / ms;
  return Math.max(slot === 0 ? LEAST_PRESENCE : 0, Math.min(1, part));
}

/** Hours in which a plan can charge a car in a slot. */
export function chargingHours(evse: PlanEvse, slot: number, input: PlanInput): number {
  return slotHours(input, slot) * presence(evse, slot, input);
}

/** What a car can get at all before it leaves, of what it needs, Wh: who asks for more than that misses the rest for sure. */
export function possibleNeedWh(evse: PlanEvse, input: PlanInput): number {
  let possibleWh = 0;
  for (let slot = 0; slot < slotsUntilDeparture(evse, input) && possibleWh < evse.energyNeededWh; slot++)
    possibleWh += mostPowerW(evse, slot) * chargingHours(evse, slot, input);
  return Math.min(evse.energyNeededWh, possibleWh);
}

/** What a car gets by a series of powers that hold while it is there, Wh. */
export function chargedWh(evse: PlanEvse, powerW: readonly number[], input: PlanInput): number {
  return powerW.reduce((sum, power, slot) => sum + (power > 0 ? power * chargingHours(evse, slot, input) : 0), 0);
}

/** Ids of a circuit and of all above it. */
export function circuitPath(circuitId: string, circuits: readonly PlanCircuit[]): string[] {
  const path: string[] = [];
  let id: string | undefined = circuitId;
  while (id !== undefined && !path.includes(id)) {
    path.push(id);
    id = circuits.find((circuit) => circuit.circuitId === id)?.parentId;
  }
  return path;
}

/** The most that a car takes in a slot by itself, W: of the later ones what it is believed to. */
export function carPowerW({ maxPowerW, laterPowerW = maxPowerW }: PlanEvse, slot: number): number {
  return slot === 0 ? maxPowerW : Math.min(maxPowerW, laterPowerW);
}

/** The most that a car may take in a slot, W: nothing where a ceiling leaves less than its least power. */
export function mostPowerW(evse: PlanEvse, slot: number): number {
  const ceilingW = evse.ceilingW?.[slot] ?? Number.POSITIVE_INFINITY;
  const mostW = carPowerW(evse, slot);
  if (ceilingW >= mostW) return mostW;
  return ceilingW < evse.minPowerW ? 0 : ceilingW;
}

export interface CircuitRoom {
  readonly circuit: PlanCircuit;
  /** The grid connection, which also carries the batteries. */
  readonly isRoot: boolean;
  /** Indexes into `input.evses` of the EVSEs on it or below it. */
  readonly evses: readonly number[];
  /** W left for EVSEs and charging batteries, by phase and slot; a load above the limit leaves none. */
  readonly phaseW: readonly [readonly number[], readonly number[], readonly number[]];
  /** The same for the sum of the phases; missing without such a limit. */
  readonly sumW?: readonly number[];
  /** No circuit, but what a budget leaves. */
  readonly isBudget?: true;
}

/** What cars that come later want of a circuit is reckoned by hours, in so many parts of its room. */
export const WANTED_SLOTS = 4;
export const WANTED_PARTS = 4;

/** Blocks of slots in which that is reckoned. */
export function wantedBlocks({ slots }: PlanInput): number {
  return Math.ceil(slots / WANTED_SLOTS);
}

/** What a circuit leaves on a phase in such a block, Wh. */
export function roomWh(room: CircuitRoom, phase: PhaseIndex, block: number, input: PlanInput): number {
  const first = block * WANTED_SLOTS;
  return room.phaseW[phase]
    .slice(first, first + WANTED_SLOTS)
    .reduce((sum, powerW, at) => sum + powerW * slotHours(input, first + at), 0);
}

function loadBelowW(circuit: PlanCircuit, input: PlanInput, phase: PhaseIndex): number[] {
  const below = input.circuits.filter((other) =>
    circuitPath(other.circuitId, input.circuits).includes(circuit.circuitId),
  );
  return Array.from({ length: input.slots }, (_, slot) =>
    below.reduce((sum, other) => sum + (other.loadW?.[phase][slot] ?? 0), 0),
  );
}

/**
 * The room on every circuit. Neither the sun nor a discharging battery makes room on a phase: nobody knows on which
 * phase they feed, and a plan must hold when they fail.
 */
export function circuitRooms(input: PlanInput): CircuitRoom[] {
  const rooms = input.circuits.map((circuit): CircuitRoom => {
    const isRoot = circuit.parentId === undefined;
    const loadW = PHASE_INDEXES.map((phase) => loadBelowW(circuit, input, phase));
    const limitW = circuit.limitA * input.nominalVoltageV;
    const room = (phase: PhaseIndex) => (loadW[phase] ?? []).map((load) => Math.max(0, limitW - load));
    const evses = input.evses.flatMap((evse, index) =>
      circuitPath(evse.circuitId, input.circuits).includes(circuit.circuitId) ? [index] : [],
    );
    // The sum at the grid connection is the import, which has its own limit.
    const sum = circuit.limitW === undefined || isRoot ? undefined : circuit.limitW;
    const sumOfLoads = (slot: number) => loadW.reduce((total, series) => total + (series[slot] ?? 0), 0);
    return {
      circuit,
      isRoot,
      evses,
      phaseW: [room(0), room(1), room(2)],
      ...(sum === undefined
        ? {}
        : { sumW: Array.from({ length: input.slots }, (_, slot) => Math.max(0, sum - sumOfLoads(slot))) }),
    };
  });
  return [...rooms, ...budgetRoom(input)];
}

/** A budget is the room of one more circuit, with all EVSEs on it and nothing else. */
function budgetRoom({ budgetW, circuits, evses, slots }: PlanInput): CircuitRoom[] {
  const root = circuits.find((circuit) => circuit.parentId === undefined);
  if (!budgetW || !root) return [];
  const free = new Array<number>(slots).fill(Number.POSITIVE_INFINITY);
  return [
    {
      circuit: root,
      isRoot: false,
      isBudget: true,
      evses: evses.map((_, index) => index),
      phaseW: [free, free, free],
      sumW: budgetW,
    },
  ];
}

/** Whether a limit of the grid operator holds in a slot; one in which it ends counts whole. */
function holds(
  limit: { readonly untilMs?: number } | undefined,
  { startMs }: PlanInput,
  slot: number,
): limit is { readonly untilMs?: number } {
  return limit !== undefined && (limit.untilMs ?? Number.POSITIVE_INFINITY) > startMs + slot * SLOT_MS;
}

/** The export that is allowed in a slot, W. Infinity without a limit. */
export function exportCapW(input: PlanInput, slot: number): number {
  const { exportLimitW = Number.POSITIVE_INFINITY, gridExportLimit } = input;
  return holds(gridExportLimit, input, slot) ? Math.min(exportLimitW, gridExportLimit.limitW) : exportLimitW;
}

/** Sun that has to be used or exported in a slot, W: of what cannot be held back, all that may be exported. */
export function leastSunW(input: PlanInput, slot: number): number {
  const { sunFixedPart = 0, pvW, buildingW } = input;
  return Math.min(sunFixedPart * (pvW[slot] ?? 0), exportCapW(input, slot) + (buildingW[slot] ?? 0));
}

/** What the grid operator allows to import in a slot, W. */
function operatorCapW(input: PlanInput, slot: number): number {
  const { gridLimit, buildingW, pvW } = input;
  if (!holds(gridLimit, input, slot)) return Number.POSITIVE_INFINITY;
  if (gridLimit.appliesTo === "site") return gridLimit.limitW;
  return gridLimit.limitW + Math.max(0, (buildingW[slot] ?? 0) - (pvW[slot] ?? 0));
}

/** The most that all circuits on the way of an EVSE leave it in a slot when it is alone, W. */
export function roomForW(
  index: number,
  slot: number,
  { input, rooms }: { input: PlanInput; rooms: readonly CircuitRoom[] },
): number {
  const evse = input.evses[index]!;
  let roomW = Number.POSITIVE_INFINITY;
  for (const room of rooms) {
    if (!room.evses.includes(index)) continue;
    for (const phase of evse.phases) roomW = Math.min(roomW, (room.phaseW[phase][slot] ?? 0) * evse.phases.length);
    if (room.sumW) roomW = Math.min(roomW, room.sumW[slot] ?? 0);
  }
  return roomW;
}

/**
 * The most that a car may take on its single phase in a slot when it is alone, W: nothing below its least power there, and nothing
 * where its least current does not fit on all phases. It begins as if it loaded them all, until it has shown that it does not.
 */
export function mostOnePhaseW(
  index: number,
  slot: number,
  { input, rooms }: { input: PlanInput; rooms: readonly CircuitRoom[] },
): number {
  const { onePhase, ceilingW, minPowerW } = input.evses[index]!;
  const importableW = importCapW(input, slot) - (input.buildingW[slot] ?? 0) + (input.pvW[slot] ?? 0);
  if (!onePhase || Math.min(importableW, roomForW(index, slot, { input, rooms })) < minPowerW) return 0;
  let mostW = Math.min(onePhase.maxPowerW, ceilingW?.[slot] ?? Number.POSITIVE_INFINITY);
  for (const room of rooms) {
    if (!room.evses.includes(index)) continue;
    mostW = Math.min(mostW, room.phaseW[onePhase.phase][slot] ?? 0, room.sumW?.[slot] ?? Number.POSITIVE_INFINITY);
  }
  return mostW < onePhase.minPowerW ? 0 : mostW;
}

/** The part of a car's power that loads a phase in a slot, 0..1: all of it on the phase that it is planned on alone. */
export function phaseShare(
  { phases, onePhase }: Pick<PlanEvse, "phases" | "onePhase">,
  planned: Pick<PlanResult["evses"][number], "onePhaseSlots"> | undefined,
  at: { readonly slot: number; readonly phase: PhaseIndex },
): number {
  if (onePhase && planned?.onePhaseSlots?.includes(at.slot)) return at.phase === onePhase.phase ? 1 : 0;
  return phases.includes(at.phase) ? 1 / phases.length : 0;
}

/** The import that is allowed in a slot, W; the building's own load is never refused. Infinity without a limit. */
export function importCapW(input: PlanInput, slot: number): number {
  const root = input.circuits.find((circuit) => circuit.parentId === undefined);
  const limitW = Math.min(
    input.importLimitW ?? Number.POSITIVE_INFINITY,
    root?.limitW ?? Number.POSITIVE_INFINITY,
    operatorCapW(input, slot),
    input.partnerLimitW?.[slot] ?? Number.POSITIVE_INFINITY,
  );
  return Math.max(limitW, input.buildingW[slot] ?? 0);
}

/** The most that a plan gives a car, Wh: its need, and at most one slot at the least power beyond it. */
export function mostEnergyWh(evse: PlanEvse): number {
  return evse.energyNeededWh > 0 ? evse.energyNeededWh + evse.minPowerW / 4 : 0;
}

/** Path of the first number in a plan's input that is not finite, e.g. `buildingW[3]`. */
export function firstUnsoundInput(value: unknown, path = ""): string | undefined {
  if (typeof value === "number") return Number.isFinite(value) ? undefined : path;
  if (typeof value !== "object" || value === null) return undefined;
  for (const [key, child] of Object.entries(value)) {
    const childPath = Array.isArray(value) ? `${path}[${key}]` : path === "" ? key : `${path}.${key}`;
    const found = firstUnsoundInput(child, childPath);
    if (found !== undefined) return found;
  }
  return undefined;
}

/**
 * A plan without a solver: cars in the order of their hurry, each into its cheapest slots before departure, within every
 * limit; batteries rest. Not the best, but always there and always within the limits.
 */
import type { PlanEvse, PlanInput, PlanResult } from "../../core/facts/plan-facts.ts";
import { PHASE_INDEXES, type PhaseIndex } from "../../core/quantity.ts";
import { SLOT_MS } from "../../core/time/slots.ts";
import {
  type CircuitRoom,
  carPowerW,
  chargedWh,
  chargingHours,
  circuitRooms,
  firstUnsoundInput,
  importCapW,
  mostPowerW,
  slotsUntilDeparture,
} from "../input/limits.ts";
import { type Flows, flowsOf } from "../model/flows.ts";

interface Room {
  readonly evses: readonly number[];
  readonly phaseW: readonly number[][];
  readonly sumW?: number[];
}

interface Rooms {
  /** What cars on one or two phases draw by phase and slot, W, and how much they may differ; missing without a rule. */
  readonly uneven?: { readonly drawnW: readonly number[][]; readonly limitW: number };
  readonly circuits: readonly Room[];
  /** Import left by slot, W. */
  readonly importW: number[];
}

function copyOf(room: CircuitRoom): Room {
  const { evses, phaseW, sumW } = room;
  return { evses, phaseW: phaseW.map((series) => [...series]), ...(sumW ? { sumW: [...sumW] } : {}) };
}

function roomsOf(input: PlanInput): Rooms {
  const importW = Array.from({ length: input.slots }, (_, slot) => {
    const sunW = Math.floor(input.pvW[slot] ?? 0);
    return Math.max(0, importCapW(input, slot) - (input.buildingW[slot] ?? 0) + sunW);
  });
  const { unbalanceLimitA, sitePhases, nominalVoltageV } = input;
  const circuits = circuitRooms(input).map(copyOf);
  if (unbalanceLimitA === undefined || sitePhases === 1) return { circuits, importW };
  const drawnW = PHASE_INDEXES.map(() => new Array<number>(input.slots).fill(0));
  return { circuits, importW, uneven: { drawnW, limitW: unbalanceLimitA * nominalVoltageV } };
}

/** Most power that an EVSE can take in a slot within what is left, W. */
function roomW(rooms: Rooms, at: { index: number; evse: PlanEvse; slot: number }): number {
  const { index, evse, slot } = at;
  let mostW = Math.min(mostPowerW(evse, slot), rooms.importW[slot] ?? 0);
  for (const circuit of rooms.circuits) {
    if (!circuit.evses.includes(index)) continue;
    for (const phase of evse.phases) mostW = Math.min(mostW, (circuit.phaseW[phase]?.[slot] ?? 0) * evse.phases.length);
    if (circuit.sumW) mostW = Math.min(mostW, circuit.sumW[slot] ?? 0);
  }
  return Math.floor(Math.min(mostW, unevenRoomW(rooms, at)));
}

/** What a car may draw before its phases differ too much from those that it does not load, W. */
function unevenRoomW({ uneven }: Rooms, { evse, slot }: { evse: PlanEvse; slot: number }): number {
  if (!uneven || evse.phases.length === 3) return Number.POSITIVE_INFINITY;
  const drawnW = (phase: PhaseIndex) => uneven.drawnW[phase]![slot]!;
  const others = PHASE_INDEXES.filter((phase) => !evse.phases.includes(phase)).map(drawnW);
  const roomW = Math.min(...others) + uneven.limitW - Math.max(...evse.phases.map(drawnW));
  return Math.max(0, roomW) * evse.phases.length;
}

function take(rooms: Rooms, at: { index: number; evse: PlanEvse; slot: number }, powerW: number): void {
  const { index, evse, slot } = at;
  rooms.importW[slot] = (rooms.importW[slot] ?? 0) - powerW;
  const less = (series: number[] | undefined, byW: number) => {
    if (series) series[slot] = (series[slot] ?? 0) - byW;
  };
  if (rooms.uneven && evse.phases.length < 3)
    for (const phase of evse.phases) rooms.uneven.drawnW[phase]![slot]! += powerW / evse.phases.length;
  for (const circuit of rooms.circuits) {
    if (!circuit.evses.includes(index)) continue;
    for (const phase of evse.phases as PhaseIndex[]) less(circuit.phaseW[phase], powerW / evse.phases.length);
    less(circuit.sumW, powerW);
  }
}

function slotOrder(evse: PlanEvse, input: PlanInput): number[] {
  const slots = Array.from({ length: slotsUntilDeparture(evse, input) }, (_, slot) => slot);
  if (evse.preference === "fast" || !evse.mayPause) return slots;
  const price = (slot: number) => input.importEurPerKwh[slot] ?? 0;
  return slots.sort((a, b) => price(a) - price(b) || a - b);
}

function fill(index: number, rooms: Rooms, input: PlanInput): number[] {
  const evse = input.evses[index]!;
  const powers = new Array<number>(input.slots).fill(0);
  let leftWh = evse.energyNeededWh;
  for (const slot of slotOrder(evse, input)) {
    if (leftWh <= 0) break;
    const at = { index, evse, slot };
    const hours = chargingHours(evse, slot, input);
    const wantedW = Math.max(evse.minPowerW, Math.ceil(leftWh / hours));
    const powerW = Math.min(wantedW, roomW(rooms, at));
    if (powerW < evse.minPowerW) continue;
    powers[slot] = powerW;
    take(rooms, at, powerW);
    leftWh -= powerW * hours;
  }
  return powers;
}

/** Time to spare, in slots: what is left until departure beyond charging at full power. */
function laxity(evse: PlanEvse, input: PlanInput): number {
  return (evse.departureMs - input.nowMs) / SLOT_MS - (evse.energyNeededWh * 4) / Math.max(1, carPowerW(evse, 1));
}

/** A plan that says nothing of any car, so that fair shares go on. */
function noPlan(detail: string, solveMs: number): PlanResult {
  return {
    status: "rule-based",
    detail,
    evses: [],
    batteries: [],
    importW: [],
    exportW: [],
    pvUsedW: [],
    costEur: 0,
    solveMs,
  };
}

/** Rules look at each quarter-hour by itself: where that changes the import too much, the plan says so. */
function besideRamp({ rampOverW = [] }: Flows): string {
  return rampOverW.some((powerW) => powerW > 0) ? ". It does not keep the limit of how much the import may change" : "";
}

/**
 * The plan by rules. `detail` says why there is no solved one. Holds for every finite input; where the input has a number
 * that is none, the plan is empty: nobody is paused by it, fair shares go on.
 */
export function ruleBasedPlan(input: PlanInput, detail: string, solveMs = 0): PlanResult {
  const unsound = firstUnsoundInput(input);
  if (unsound !== undefined) return noPlan(`${unsound} is not a number. ${detail}`, solveMs);
  const rooms = roomsOf(input);
  const order = input.evses
    .map((evse, index) => ({ index, evse, laxity: laxity(evse, input) }))
    .sort((a, b) => a.laxity - b.laxity || b.evse.priority - a.evse.priority || a.index - b.index);
  const powers = new Map(order.map(({ index }) => [index, fill(index, rooms, input)]));
  const evses = input.evses.map((evse, index) => {
    const powerW = powers.get(index) ?? [];
    const shortfallWh = Math.round(Math.max(0, evse.energyNeededWh - chargedWh(evse, powerW, input)));
    return { evseId: evse.evseId, transactionId: evse.transactionId, powerW, shortfallWh };
  });
  const batteries = input.batteries.map(({ deviceId }) => ({
    deviceId,
    powerW: new Array<number>(input.slots).fill(0),
  }));
  const flows = flowsOf(input, { evses, batteries });
  return { status: "rule-based", detail: `${detail}${besideRamp(flows)}`, evses, batteries, ...flows, solveMs };
}

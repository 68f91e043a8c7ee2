/** Plan inputs for tests and benchmarks: small ones by hand, large ones from a seed. */
import type { PlanBattery, PlanCircuit, PlanEvse, PlanInput } from "../core/facts/plan-facts.ts";
import { SLOT_MS } from "../core/time/slots.ts";
import { binarySlots } from "./input/input.ts";

export const START_MS = 1_750_000_500_000 - (1_750_000_500_000 % SLOT_MS);

/** A car of three phases that needs 11 kWh within the horizon, unless told otherwise. */
export function planEvse(part: Partial<PlanEvse> = {}): PlanEvse {
  return {
    evseId: "evse-1",
    transactionId: 1,
    circuitId: "grid",
    phases: [0, 1, 2],
    minPowerW: 4140,
    maxPowerW: 11040,
    energyNeededWh: 11040,
    departureMs: START_MS + 8 * SLOT_MS,
    priority: 5,
    preference: "regular",
    mayPause: true,
    chargingNow: false,
    connectedSinceMs: START_MS - SLOT_MS,
    ...part,
  };
}

/** A site of 63 A, no load, no sun, 0.30 EUR/kWh, eight slots. */
export function planInput(part: Partial<PlanInput> = {}): PlanInput {
  const slots = part.slots ?? 8;
  const zeros = new Array<number>(slots).fill(0);
  return {
    startMs: START_MS,
    nowMs: START_MS,
    slots,
    nominalVoltageV: 230,
    sitePhases: 3,
    importEurPerKwh: zeros.map(() => 0.3),
    exportEurPerKwh: zeros.map(() => 0.08),
    buildingW: zeros,
    pvW: zeros,
    circuits: [{ circuitId: "grid", limitA: 63 }],
    evses: [],
    batteries: [],
    opportunityEurPerHour: 0,
    binarySlots: 4,
    ...part,
  };
}

export function planBattery(part: Partial<PlanBattery> = {}): PlanBattery {
  return {
    deviceId: "battery",
    capacityWh: 10_000,
    energyWh: 5_000,
    minEnergyWh: 1_000,
    maxChargeW: 5_000,
    maxDischargeW: 5_000,
    efficiency: 0.95,
    wearEurPerKwh: 0.03,
    endValueEurPerKwh: 0.2,
    ...part,
  };
}

/** Numbers from 0 to 1, the same for the same seed (mulberry32, public domain). */
function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

function seededEvse(index: number, random: () => number, circuits: readonly PlanCircuit[]): PlanEvse {
  const single = random() < 0.33;
  const phases: PlanEvse["phases"] = single ? [(index % 3) as 0 | 1 | 2] : [0, 1, 2];
  const stay = 4 + Math.floor(random() * 88);
  const preferences = ["regular", "regular", "cheap", "green", "fast"] as const;
  // Some have got all of what they could, some half, some are not known.
  const gotPart = [0, 0.5, 1, undefined][index % 4];
  const car = planEvse({
    evseId: `evse-${index}`,
    transactionId: index + 1,
    circuitId: circuits[Math.floor(random() * circuits.length)]!.circuitId,
    phases,
    minPowerW: 6 * 230 * phases.length,
    maxPowerW: 16 * 230 * phases.length,
    energyNeededWh: Math.round(random() * 30_000),
    departureMs: START_MS + stay * SLOT_MS + Math.floor(random() * SLOT_MS),
    priority: Math.floor(random() * 10),
    preference: preferences[Math.floor(random() * preferences.length)]!,
    chargingNow: random() < 0.5,
    connectedSinceMs: START_MS - Math.floor(random() * 4) * SLOT_MS,
  });
  if (gotPart === undefined) return car;
  const hours = (START_MS - car.connectedSinceMs) / 3_600_000;
  return { ...car, deliveredWh: Math.round(gotPart * hours * car.maxPowerW) };
}

/** A day of a site with sun, a battery, two circuits below the connection and prices that turn negative at noon. */
export function seededInput(seed: number, evses: number): PlanInput {
  const random = randomFrom(seed);
  const slots = 96;
  const series = (f: (slot: number) => number) => Array.from({ length: slots }, (_, slot) => f(slot));
  const day = (slot: number) => Math.max(0, Math.sin(((slot - 24) / 48) * Math.PI));
  const limitA = 40 + evses * 4;
  const cloudy = random();
  const base = 0.15 + random() * 0.2;
  const buildingW = series(() => Math.round(1000 + random() * 4000));
  const third = buildingW.map((powerW) => Math.round(powerW / 3));
  const circuits: PlanCircuit[] = [
    { circuitId: "grid", limitA, loadW: [third, third, third] },
    { circuitId: "garage", parentId: "grid", limitA: Math.round(limitA * 0.6) },
    { circuitId: "yard", parentId: "grid", limitA: Math.round(limitA * 0.4), limitW: Math.round(limitA * 230) },
  ];
  return planInput({
    slots,
    circuits,
    buildingW,
    importLimitW: limitA * 3 * 230 * 0.9,
    exportLimitW: 20_000,
    pvW: series((slot) => Math.round(day(slot) * 20_000 * cloudy * (0.7 + 0.3 * random()))),
    importEurPerKwh: series(
      (slot) => Math.round((base + 0.1 * Math.cos((slot / 48) * Math.PI * 2) - 0.3 * day(slot) * random()) * 1e4) / 1e4,
    ),
    exportEurPerKwh: series((slot) => Math.round((0.08 - 0.1 * day(slot)) * 1e4) / 1e4),
    evses: Array.from({ length: evses }, (_, index) => seededEvse(index, random, circuits)),
    batteries: [planBattery()],
    elapsed: seed % 3 === 0 ? 0.4 : 0,
    ...(seed % 4 === 0 ? { unbalanceLimitA: 20 } : {}),
    opportunityEurPerHour: seed % 2,
    missedEurPerKwh: 0.5,
    binarySlots: evses === 0 ? 0 : Math.max(1, Math.min(8, Math.floor(160 / evses))),
  });
}

/** The same, each EVSE of several phases switched to one where the plan likes; as many yes-or-no as a site would have. */
export function switchedInput(input: PlanInput): PlanInput {
  const evses = input.evses.map((evse): PlanEvse => {
    const count = evse.phases.length;
    if (count < 2) return evse;
    const [minPowerW, maxPowerW] = [Math.ceil(evse.minPowerW / count), Math.floor(evse.maxPowerW / count)];
    return { ...evse, onePhase: { phase: evse.phases[0]!, minPowerW, maxPowerW } };
  });
  const choices = evses.length + evses.filter(({ onePhase }) => onePhase).length;
  return { ...input, evses, binarySlots: binarySlots(choices, input.slots) };
}

/** The same car, announced for a slot. */
export function announced(evse: PlanEvse, slot: number): PlanEvse {
  return {
    ...evse,
    visitId: `visit-${evse.evseId}`,
    transactionId: -evse.transactionId,
    deliveredWh: 0,
    chargingNow: false,
    connectedSinceMs: START_MS + slot * SLOT_MS,
    departureMs: Math.max(evse.departureMs, START_MS + (slot + 2) * SLOT_MS),
    ceilingW: new Array<number>(slot).fill(0),
  };
}

/** The same, with so many more cars that are announced for later slots. */
export function awaitedInput(input: PlanInput, seed: number, count: number): PlanInput {
  const those = seededInput(seed + 1000, count).evses;
  const visits = those.map((evse, at) => announced(evse, 4 + ((7 * at + seed) % 80)));
  return { ...input, evses: [...input.evses, ...visits] };
}

/** What each circuit carries, and how far that may be believed. */
import { ABSENT_AFTER_MS, STALE_AFTER_MS } from "../../device-quality.ts";
import type { MeterReading } from "../../image.ts";
import {
  mapPhases,
  type PerPhase,
  PHASE_INDEXES,
  type PhaseIndex,
  type Quality,
  qualityOfAge,
} from "../../quantity.ts";
import type { CircuitObservation, ControlInput } from "../control.ts";
import { assumedCurrentA, type EvseObservation } from "../evses/observe-evse.ts";
import type { ControlMemory, DeviceHeat, MeterMemory } from "../memory.ts";
import { GOOD_AFTER_BOOT_MS, GOOD_AFTER_LOSS_MS } from "../thresholds.ts";
import { type CircuitIndex, siteIndex } from "./site-index.ts";
import { heatPoles, UNKNOWN_HEAT } from "./thermal.ts";

export interface CircuitView extends CircuitObservation {
  readonly index: CircuitIndex;
  readonly metered: boolean;
  readonly powerW?: number;
  /** Good for long enough that power may be raised, and no phase above its limit by more than its cars may draw. */
  readonly mayRaise: boolean;
  /** That phase: others load it beyond what the site was configured for, or the meter shows cars where they are not. */
  readonly beyondCars?: PhaseIndex;
  /** Nothing may rise yet because the meter had been lost. */
  readonly recovering: boolean;
  /** Heat of its protective device; missing without a meter. */
  readonly heat?: PerPhase;
  /** How long its meter is absent, ms. */
  readonly absentForMs?: number;
}

/** Phase currents of a reading. Power alone says nothing about phases, but on a one-phase connection. */
function currents(reading: MeterReading | undefined, input: ControlInput): PerPhase | undefined {
  if (!reading) return undefined;
  if (reading.currentA) return reading.currentA;
  if (input.site.phases === 1) return [reading.powerW / input.site.voltageV, 0, 0];
  return undefined;
}

/** A circuit without a meter carries what its EVSEs draw, or may draw, and the most that its other loads can. */
function unmetered(index: CircuitIndex, observed: readonly EvseObservation[], below: ReadonlySet<string>): PerPhase {
  const sum: [number, number, number] = [index.worstLoadA, index.worstLoadA, index.worstLoadA];
  for (const entry of observed) {
    if (!below.has(entry.evse.id)) continue;
    const currentA = Math.max(0, entry.surelyA, entry.measuredA ?? assumedCurrentA(entry));
    for (const phase of entry.phases) sum[phase] += currentA;
  }
  return mapPhases((phase) => sum[phase]);
}

function meterMemory(before: MeterMemory | undefined, quality: Quality, monoMs: number): MeterMemory {
  const wasGood = before !== undefined && Number.isFinite(before.goodMonoMs);
  const afterLoss = before?.afterLoss ?? false;
  if (quality === "good")
    return wasGood && before.absentSinceMonoMs === undefined ? before : { goodMonoMs: monoMs, afterLoss };
  // A short gap only stops raising; after a loss power returns slowly.
  if (quality === "stale") return before ?? { goodMonoMs: Number.POSITIVE_INFINITY, afterLoss };
  return {
    goodMonoMs: Number.POSITIVE_INFINITY,
    afterLoss: afterLoss || wasGood,
    absentSinceMonoMs: before?.absentSinceMonoMs ?? monoMs,
  };
}

const UNKNOWN: PerPhase = [UNKNOWN_HEAT, UNKNOWN_HEAT, UNKNOWN_HEAT];

/** The heat of the circuit's device now; while its meter is lost, that of before. */
function heatOf(
  { circuit }: CircuitIndex,
  currentA: PerPhase | undefined,
  before: DeviceHeat | undefined,
  monoMs: number,
): DeviceHeat {
  if (!before || !currentA) return { poles: before?.poles ?? UNKNOWN, monoMs };
  const device = { protection: circuit.protection, ratingA: circuit.limitA };
  return { poles: heatPoles(before.poles, device, currentA, (monoMs - before.monoMs) / 1000), monoMs };
}

/** A phase that would be above its limit also without its cars. */
function phaseBeyondCars(
  index: CircuitIndex,
  currentA: PerPhase,
  observed: readonly EvseObservation[],
): PhaseIndex | undefined {
  return PHASE_INDEXES.find((phase) => {
    const { limitA } = index.circuit;
    if (currentA[phase] <= limitA) return false;
    const cars = observed.filter(({ evse, phases }) => phases.includes(phase) && evsesBelow(index).has(evse.id));
    const mostA = cars.reduce((sumA, { reservedA, memory }) => sumA + (reservedA ?? memory.limitA), 0);
    return currentA[phase] - mostA > limitA;
  });
}

interface Observing {
  readonly input: ControlInput;
  readonly memory: ControlMemory;
  readonly observed: readonly EvseObservation[];
}

function metered({ input, memory, observed }: Observing, index: CircuitIndex, meterId: string) {
  const { monoMs, meters } = input.image;
  const { circuit } = index;
  const reading = meters.get(meterId);
  const currentA = currents(reading, input);
  const ageMs = reading && currentA ? monoMs - reading.atMonoMs : undefined;
  const quality = qualityOfAge(ageMs, STALE_AFTER_MS, ABSENT_AFTER_MS);
  const meter = meterMemory(memory.meters.get(circuit.id), quality, monoMs);
  const waitMs = meter.afterLoss ? GOOD_AFTER_LOSS_MS : GOOD_AFTER_BOOT_MS;
  const waited = monoMs - meter.goodMonoMs >= waitMs;
  const trusted = quality === "absent" ? undefined : currentA;
  const heat = heatOf(index, trusted, memory.heat.get(circuit.id), monoMs);
  const beyondCars = trusted && phaseBeyondCars(index, trusted, observed);
  const view: CircuitView = {
    index,
    circuitId: circuit.id,
    limitA: circuit.limitA,
    metered: true,
    quality,
    mayRaise:
      quality === "good" && waited && beyondCars === undefined && input.image.cautions?.get(meterId) !== "unproven",
    ...(beyondCars === undefined ? {} : { beyondCars }),
    recovering: meter.afterLoss && !waited,
    heat: heat.poles,
    ...(trusted ? { currentA: trusted } : {}),
    ...(reading && quality !== "absent" ? { powerW: reading.powerW } : {}),
    ...(meter.absentSinceMonoMs === undefined ? {} : { absentForMs: monoMs - meter.absentSinceMonoMs }),
  };
  return { view, meter, heat };
}

const belowCache = new WeakMap<CircuitIndex, ReadonlySet<string>>();

function evsesBelow(index: CircuitIndex): ReadonlySet<string> {
  const known = belowCache.get(index) ?? new Set(index.circuit.evseIds);
  belowCache.set(index, known);
  return known;
}

/** Views of all circuits, parents first, since when each meter is good, and the heat of each metered device. */
export function observeCircuits(
  input: ControlInput,
  memory: ControlMemory,
  observed: readonly EvseObservation[],
): {
  readonly views: readonly CircuitView[];
  readonly meters: ControlMemory["meters"];
  readonly heat: ControlMemory["heat"];
} {
  const meters = new Map<string, MeterMemory>();
  const heats = new Map<string, DeviceHeat>();
  const views = siteIndex(input.site).circuits.map((index): CircuitView => {
    const { circuit } = index;
    if (circuit.meterId !== undefined) {
      const { view, meter, heat } = metered({ input, memory, observed }, index, circuit.meterId);
      meters.set(circuit.id, meter);
      heats.set(circuit.id, heat);
      return view;
    }
    return {
      index,
      circuitId: circuit.id,
      limitA: circuit.limitA,
      metered: false,
      assumed: true,
      quality: "good",
      mayRaise: true,
      recovering: false,
      currentA: unmetered(index, observed, evsesBelow(index)),
    };
  });
  return { views, meters, heat: heats };
}

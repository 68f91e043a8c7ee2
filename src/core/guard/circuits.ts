/** What each circuit carries, and how far that may be believed. */

import type { CircuitObservation, ControlInput } from "../control/control.ts";
import { ABSENT_AFTER_MS, STALE_AFTER_MS } from "../device-quality.ts";
import type { MeterReading } from "../image.ts";
import { mapPhases, type PerPhase, qualityOfAge } from "../quantity.ts";
import type { CircuitModel } from "../site-model.ts";
import type { ControlMemory } from "./memory.ts";
import type { EvseObservation } from "./observe-evse.ts";
import { GOOD_AFTER_BOOT_MS, GOOD_AFTER_LOSS_MS } from "./thresholds.ts";

export interface CircuitView extends CircuitObservation {
  readonly circuit: CircuitModel;
  readonly metered: boolean;
  readonly powerW?: number;
  /** Good for long enough that power may be raised. */
  readonly mayRaise: boolean;
}

/** Phase currents of a reading. Power alone says nothing about phases, but on a one-phase connection. */
function currents(reading: MeterReading | undefined, input: ControlInput): PerPhase | undefined {
  if (!reading) return undefined;
  if (reading.currentA) return reading.currentA;
  if (input.site.phases === 1) return [reading.powerW / input.site.voltageV, 0, 0];
  return undefined;
}

/** A circuit without a meter carries what its EVSEs may draw and the most that its other loads can. */
function unmetered(circuit: CircuitModel, observed: readonly EvseObservation[]): PerPhase {
  const below = observed.filter((entry) => circuit.evseIds.includes(entry.evse.id) && entry.session);
  return mapPhases((phase) =>
    below.reduce(
      (sum, entry) => sum + (entry.phases.includes(phase) ? Math.max(entry.surelyA, entry.measuredA ?? 0) : 0),
      circuit.worstBuildingLoadA,
    ),
  );
}

type GoodSince = ControlMemory["goodSince"];

function goodSince(before: GoodSince, circuit: CircuitModel, quality: string, monoMs: number) {
  const entry = before.get(circuit.id);
  if (quality === "good")
    return entry && Number.isFinite(entry.monoMs) ? entry : { monoMs, afterLoss: entry?.afterLoss ?? false };
  // A short gap only stops raising; after a loss power returns slowly.
  if (quality === "stale") return entry ?? { monoMs: Number.POSITIVE_INFINITY, afterLoss: false };
  return {
    monoMs: Number.POSITIVE_INFINITY,
    afterLoss: entry !== undefined && (entry.afterLoss || Number.isFinite(entry.monoMs)),
  };
}

/** Views of all circuits, parents first, and since when each meter is good. */
export function observeCircuits(
  input: ControlInput,
  memory: ControlMemory,
  observed: readonly EvseObservation[],
): { readonly views: readonly CircuitView[]; readonly goodSince: GoodSince } {
  const { monoMs, meters } = input.image;
  const since = new Map<string, { monoMs: number; afterLoss: boolean }>();
  const views = input.site.circuits.map((circuit): CircuitView => {
    if (circuit.meterId === undefined) {
      return {
        circuit,
        circuitId: circuit.id,
        limitA: circuit.limitA,
        metered: false,
        quality: "good",
        mayRaise: true,
        currentA: unmetered(circuit, observed),
      };
    }
    const reading = meters.get(circuit.meterId);
    const currentA = currents(reading, input);
    const ageMs = reading && currentA ? monoMs - reading.atMonoMs : undefined;
    const quality = qualityOfAge(ageMs, STALE_AFTER_MS, ABSENT_AFTER_MS);
    const good = goodSince(memory.goodSince, circuit, quality, monoMs);
    since.set(circuit.id, good);
    const wait = good.afterLoss ? GOOD_AFTER_LOSS_MS : GOOD_AFTER_BOOT_MS;
    return {
      circuit,
      circuitId: circuit.id,
      limitA: circuit.limitA,
      metered: true,
      quality,
      mayRaise: quality === "good" && monoMs - good.monoMs >= wait,
      ...(currentA && quality !== "absent" ? { currentA } : {}),
      ...(reading && quality !== "absent" ? { powerW: reading.powerW } : {}),
    };
  });
  return { views, goodSince: since };
}

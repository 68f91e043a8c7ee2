/** Where meters are mounted: how many phases one has to measure, and at which voltage. */
import { GRID_CIRCUIT_ID, type SiteConfiguration } from "./site.ts";
import { siteModel } from "./site-model.ts";

/** A meter's place: on how many phases it guards fuses, and phase to neutral, V. */
export interface MeterMounting {
  readonly fusePhases: 1 | 3;
  readonly nominalVoltageV: number;
}

/**
 * By device. A fuse of three is guarded at a connection of three phases, and where an EVSE below a circuit is on L2 or L3:
 * what a one-phase meter measures counts as L1.
 */
export function mountings(configuration: SiteConfiguration): (deviceId: string) => MeterMounting {
  const { circuits, evseById, phases, voltageV: nominalVoltageV } = siteModel(configuration);
  const isOnL1 = (evseId: string) => evseById.get(evseId)!.phases.every((phase) => phase === 0);
  const isOfThree = circuits.filter(({ id, evseIds }) => id === GRID_CIRCUIT_ID || !evseIds.every(isOnL1));
  const ofThree = new Set(phases === 1 ? [] : isOfThree.map(({ meterId }) => meterId));
  return (deviceId) => ({ fusePhases: ofThree.has(deviceId) ? 3 : 1, nominalVoltageV });
}

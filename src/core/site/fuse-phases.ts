/** How many phases a meter has to measure. */
import { GRID_CIRCUIT_ID, type SiteConfiguration } from "./site.ts";
import { siteModel } from "./site-model.ts";

/**
 * By device, on how many phases it guards fuses: 3 at a connection of three phases, and where an EVSE below one of its
 * circuits is on L2 or L3. What a one-phase meter measures counts as L1.
 */
export function fusePhases(configuration: SiteConfiguration): (deviceId: string) => 1 | 3 {
  const { circuits, evseById, phases } = siteModel(configuration);
  const isOnL1 = (evseId: string) => evseById.get(evseId)!.phases.every((phase) => phase === 0);
  const isOfThree = circuits.filter(({ id, evseIds }) => id === GRID_CIRCUIT_ID || !evseIds.every(isOnL1));
  const ofThree = new Set(phases === 1 ? [] : isOfThree.map(({ meterId }) => meterId));
  return (deviceId) => (ofThree.has(deviceId) ? 3 : 1);
}

/** Positions instead of names, worked out once for each site model: the control step runs every second. */

import { GRID_CIRCUIT_ID } from "../../site/site.ts";
import type { CircuitModel, SiteModel } from "../../site/site-model.ts";

export interface CircuitIndex {
  readonly circuit: CircuitModel;
  /** Worst load, A, of everything but the EVSEs on it and below it. */
  readonly worstLoadA: number;
  /** Keys of its constraints: one a phase, one for power, one for the grid operator's limit. */
  readonly phaseKeys: readonly [string, string, string];
  readonly powerKey: string;
  readonly operatorKey: string;
}

export interface SiteIndex {
  /** As `site.circuits`: parents first. */
  readonly circuits: readonly CircuitIndex[];
  /** By position of the EVSE: positions of the circuits on its way to the grid connection. */
  readonly paths: readonly (readonly number[])[];
  readonly positionOf: ReadonlyMap<string, number>;
}

/** The grid connection's worst load includes everything; a nested circuit's is its own, those below come on top. */
function worstLoadA(circuit: CircuitModel, circuits: readonly CircuitModel[]): number {
  if (circuit.id === GRID_CIRCUIT_ID) return circuit.worstBuildingLoadA;
  const below = circuits.filter((other) => other.parentId === circuit.id);
  return below.reduce((sum, other) => sum + worstLoadA(other, circuits), circuit.worstBuildingLoadA);
}

function build(site: SiteModel): SiteIndex {
  const position = new Map(site.circuits.map((circuit, index) => [circuit.id, index]));
  return {
    circuits: site.circuits.map((circuit) => ({
      circuit,
      worstLoadA: worstLoadA(circuit, site.circuits),
      phaseKeys: [`${circuit.id}/0`, `${circuit.id}/1`, `${circuit.id}/2`],
      powerKey: `${circuit.id}/W`,
      operatorKey: `${circuit.id}/operator`,
    })),
    paths: site.evses.map((evse) => evse.circuitPath.map((id) => position.get(id)!)),
    positionOf: new Map(site.evses.map((evse, index) => [evse.id, index])),
  };
}

const cache = new WeakMap<SiteModel, SiteIndex>();

/** The index of a site model; built at its first use. */
export function siteIndex(site: SiteModel): SiteIndex {
  const known = cache.get(site);
  if (known) return known;
  const index = build(site);
  cache.set(site, index);
  return index;
}

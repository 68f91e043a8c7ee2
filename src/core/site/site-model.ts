/** The configured site as the core walks it: circuits as a tree, EVSEs with their path to the grid connection. */
import { type PhaseIndex, phaseIndex } from "../quantity.ts";
import {
  type ChargePointConfiguration,
  type DeviceConfiguration,
  type EvseConfiguration,
  GRID_CIRCUIT_ID,
  type Protection,
  type SiteConfiguration,
} from "./site.ts";

import type { StandingDeparture } from "./site-departures.ts";
import type { DischargeConfiguration } from "./site-discharge.ts";

export interface CircuitModel {
  readonly id: string;
  readonly parentId?: string;
  /** A per phase. */
  readonly limitA: number;
  readonly limitW?: number;
  readonly protection: Protection;
  /** Part of what the device bears above its rating that may be used before cars are limited, 0 to 1. */
  readonly usableCurve: number;
  readonly meterId?: string;
  readonly worstBuildingLoadA: number;
  /** Ids of the EVSEs on it or anywhere below it. */
  readonly evseIds: readonly string[];
}

export interface EvseModel {
  readonly id: string;
  readonly name: string;
  readonly chargePointId: string;
  readonly connector: number;
  /** Circuits from its own up to the grid connection. */
  readonly circuitPath: readonly string[];
  /** Grid phase of the EVSE's own L1, L2, L3. */
  readonly phases: readonly PhaseIndex[];
  readonly minCurrentA: number;
  readonly maxCurrentA: number;
  readonly safeCurrentA: number;
  readonly priority: number;
  readonly leaseMs: number;
  /** False where a plan charges in one go. */
  readonly mayPause: boolean;
  /** It may be told to give its car a single phase, and all of them again. */
  readonly phaseSwitching: boolean;
  /** Its cars may give energy back; missing: no. */
  readonly discharge?: DischargeConfiguration;
  /** When its cars usually leave, as the installer wrote it down; missing: nobody did. */
  readonly departures?: readonly StandingDeparture[];
}

export interface SiteModel {
  readonly configuration: SiteConfiguration;
  readonly voltageV: number;
  readonly phases: 1 | 3;
  /** The grid connection first, parents before children. */
  readonly circuits: readonly CircuitModel[];
  readonly circuitById: ReadonlyMap<string, CircuitModel>;
  readonly evses: readonly EvseModel[];
  readonly evseById: ReadonlyMap<string, EvseModel>;
  readonly chargePoints: readonly ChargePointConfiguration[];
  /** When drivers usually leave, by token in lower case. */
  readonly departuresByToken: ReadonlyMap<string, readonly StandingDeparture[]>;
  readonly gridMeterId: string;
  readonly pvIds: readonly string[];
  readonly batteries: readonly DeviceConfiguration[];
  /** Highest allowed difference between phases, A; missing where the country has no such rule. */
  readonly unbalanceLimitA?: number;
}

/** VDE-AR-N 4100 5.5: 4.6 kVA (20 A); TAEV and Werkvorschriften CH: 3.7 kVA (16 A). */
const UNBALANCE_LIMIT_A: Readonly<Record<string, number>> = { DE: 20, AT: 16, CH: 16 };

function pathToGrid(circuitId: string, configuration: SiteConfiguration): string[] {
  const path: string[] = [];
  let id = circuitId;
  while (id !== GRID_CIRCUIT_ID) {
    const circuit = configuration.circuits.find((candidate) => candidate.id === id);
    if (!circuit || path.includes(id)) throw new Error(`Circuit ${id} has no way to the grid connection`);
    path.push(id);
    id = circuit.parent;
  }
  return [...path, GRID_CIRCUIT_ID];
}

function evseModel(
  evse: EvseConfiguration,
  chargePoint: ChargePointConfiguration,
  configuration: SiteConfiguration,
): EvseModel {
  const onlyPhase = configuration.gridConnection.phases === 1;
  return {
    id: evse.id,
    name: evse.name ?? evse.id,
    chargePointId: chargePoint.id,
    connector: evse.connector,
    circuitPath: pathToGrid(evse.circuit, configuration),
    phases: onlyPhase ? [0] : evse.phases.map(phaseIndex),
    minCurrentA: evse.minCurrentA,
    maxCurrentA: evse.maxCurrentA,
    safeCurrentA: evse.safeCurrentA,
    priority: evse.priority,
    mayPause: evse.mayPause ?? true,
    phaseSwitching: evse.phaseSwitching === true && !onlyPhase && evse.phases.length > 1,
    leaseMs: chargePoint.leaseSeconds * 1000,
    ...(evse.discharge ? { discharge: evse.discharge } : {}),
    ...(evse.departures ? { departures: evse.departures } : {}),
  };
}

/** Devices of households end at 63 A. Where nothing is told, the more sensitive of the usual kinds is assumed. */
const HOUSEHOLD_A = 63;

function protectionOf(configuration: SiteConfiguration, circuitId: string, ratingA: number): Protection {
  if (ratingA > HOUSEHOLD_A) return "gG";
  if (circuitId !== GRID_CIRCUIT_ID) return "B";
  return configuration.site.country === "DE" ? "SLS-E" : "gG";
}

function circuitModels(configuration: SiteConfiguration, evses: readonly EvseModel[]): CircuitModel[] {
  const below = (id: string) => evses.filter((evse) => evse.circuitPath.includes(id)).map((evse) => evse.id);
  const grid = configuration.gridConnection;
  const root: CircuitModel = {
    id: GRID_CIRCUIT_ID,
    limitA: grid.mainFuseA,
    ...(grid.importLimitW === undefined ? {} : { limitW: grid.importLimitW }),
    protection: grid.protection ?? protectionOf(configuration, GRID_CIRCUIT_ID, grid.mainFuseA),
    usableCurve: (grid.usableCurvePercent ?? 0) / 100,
    meterId: grid.meter,
    worstBuildingLoadA: grid.worstBuildingLoadA,
    evseIds: below(GRID_CIRCUIT_ID),
  };
  const nested = configuration.circuits.map((circuit) => ({
    id: circuit.id,
    parentId: circuit.parent,
    limitA: circuit.fuseA,
    ...(circuit.limitW === undefined ? {} : { limitW: circuit.limitW }),
    protection: circuit.protection ?? protectionOf(configuration, circuit.id, circuit.fuseA),
    usableCurve: (circuit.usableCurvePercent ?? 0) / 100,
    ...(circuit.meter === undefined ? {} : { meterId: circuit.meter }),
    worstBuildingLoadA: circuit.worstBuildingLoadA,
    evseIds: below(circuit.id),
  }));
  const depth = (circuit: CircuitModel) => pathToGrid(circuit.id, configuration).length;
  return [root, ...nested.sort((a, b) => depth(a) - depth(b))];
}

/**
 * Indexes a checked configuration. Throws on a circuit without a way to the grid connection: `checkSite` refuses
 * such a configuration before.
 */
export function siteModel(configuration: SiteConfiguration): SiteModel {
  const evses = configuration.chargePoints.flatMap((chargePoint) =>
    chargePoint.evses.map((evse) => evseModel(evse, chargePoint, configuration)),
  );
  const circuits = circuitModels(configuration, evses);
  const unbalanceLimitA = configuration.site.unbalanceLimitA ?? UNBALANCE_LIMIT_A[configuration.site.country];
  const hasRole = (...roles: string[]) => configuration.devices.filter((device) => roles.includes(device.role));
  return {
    configuration,
    voltageV: configuration.gridConnection.nominalVoltageV,
    phases: configuration.gridConnection.phases,
    circuits,
    circuitById: new Map(circuits.map((circuit) => [circuit.id, circuit])),
    evses,
    evseById: new Map(evses.map((evse) => [evse.id, evse])),
    chargePoints: configuration.chargePoints,
    departuresByToken: new Map(
      configuration.charging.tokens.flatMap(({ token, departures }) =>
        departures ? [[token.toLowerCase(), departures] as const] : [],
      ),
    ),
    gridMeterId: configuration.gridConnection.meter,
    pvIds: hasRole("pv", "hybrid").map((device) => device.id),
    batteries: hasRole("battery", "hybrid").filter((device) => device.battery !== undefined),
    ...(unbalanceLimitA === undefined ? {} : { unbalanceLimitA }),
  };
}

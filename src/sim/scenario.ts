/** A scenario: a wired site, what its building, sun and market did slot by slot, and the cars that came. Data only. */
import type { PhaseIndex } from "../core/quantity.ts";
import type { SiteConfiguration } from "../core/site/site.ts";
import { SLOT_MS } from "../core/time/slots.ts";

export interface ScenarioEvse {
  readonly id: string;
  /** Circuit ids from its own up to `grid`. */
  readonly circuitPath: readonly string[];
  /** Grid phase of the EVSE's own L1, L2, L3. */
  readonly phases: readonly PhaseIndex[];
  readonly minCurrentA: number;
  readonly maxCurrentA: number;
  /** It gives its car a single phase when it is told so. */
  readonly phaseSwitching?: boolean;
  /** Its cars may give energy back. */
  readonly discharge?: {
    readonly maxPowerW: number;
    readonly capacityWh: number;
    readonly minSocPercent: number;
    readonly efficiencyPercent: number;
    readonly wearEurPerKwh: number;
  };
}

export interface ScenarioCircuit {
  readonly id: string;
  /** A per phase. */
  readonly limitA: number;
  /** Of the sum of the phases, W. */
  readonly limitW?: number;
}

export interface ScenarioBattery {
  readonly capacityWh: number;
  readonly maxChargeW: number;
  readonly maxDischargeW: number;
  readonly minEnergyWh: number;
  readonly startEnergyWh: number;
  /** One way, 0..1. */
  readonly efficiency: number;
  readonly wearEurPerKwh: number;
}

/** A car that was really there. The driver's word may be wrong; what the car takes and when it leaves is not. */
export interface ScenarioSession {
  readonly id: string;
  readonly evseId: string;
  readonly arrivalMs: number;
  readonly departureMs: number;
  /** What the car takes before it is full, Wh. */
  readonly energyWh: number;
  /** What its on-board charger takes at most, A per phase, and on how many. */
  readonly maxCurrentA: number;
  readonly phases: 1 | 2 | 3;
  /** Missing where the driver shows none. */
  readonly token?: string;
  /** As the driver stated them. */
  readonly requestedWh?: number;
  readonly statedDepartureMs?: number;
}

/** One value a slot of the period, and of some days beyond it; `undefined` is unknown. */
export type ScenarioSeries = readonly (number | undefined)[];

/** A flexibility order: what the site may import from a time to another, and when it hears of that. */
export interface ScenarioOrder {
  readonly startMs: number;
  readonly endMs: number;
  readonly importLimitW: number;
  readonly toldMs: number;
}

export interface Scenario {
  readonly name: string;
  readonly seed: number;
  readonly timeZone: string;
  /** Begin of the first slot and end of the last, epoch ms. */
  readonly startMs: number;
  readonly endMs: number;
  readonly voltageV: number;
  readonly sitePhases: 1 | 3;
  /** The grid connection first. */
  readonly circuits: readonly ScenarioCircuit[];
  /** By how much cars may load one phase more than another; missing where there is no such limit, or one phase. */
  readonly unbalanceLimitA?: number;
  readonly exportLimitW?: number;
  /** The controller may hold the sun back. */
  readonly mayHoldSun?: boolean;
  readonly evses: readonly ScenarioEvse[];
  readonly battery?: ScenarioBattery;
  readonly pvPeakW: number;
  /** What really flowed; where nobody knows it, what the reader put there (and counted). */
  readonly loadW: readonly number[];
  readonly pvW: readonly number[];
  /** As the controller may know them; and as they are billed, without holes. EUR/kWh. */
  readonly importEurPerKwh: ScenarioSeries;
  readonly billedImportEurPerKwh: readonly number[];
  readonly exportEurPerKwh: readonly number[];
  /** Whether prices come from a market that says tomorrow's in the early afternoon; others are known at any time. */
  readonly isDayAhead: boolean;
  /** Of the grid's energy, g/kWh: as the controller may know it; and as it is counted, without holes. */
  readonly co2GramsPerKwh?: ScenarioSeries;
  readonly emittedGramsPerKwh?: readonly number[];
  readonly orders?: readonly ScenarioOrder[];
  /** By arrival. */
  readonly sessions: readonly ScenarioSession[];
  /** The site as the controller is configured. */
  readonly configuration: SiteConfiguration;
}

/** Slots of the period. */
export function slotsOf(scenario: Pick<Scenario, "startMs" | "endMs">): number {
  return Math.round((scenario.endMs - scenario.startMs) / SLOT_MS);
}

/** Index of the slot that contains `atMs`; below 0 before the period. */
export function slotIndexOf(scenario: Pick<Scenario, "startMs">, atMs: number): number {
  return Math.floor((atMs - scenario.startMs) / SLOT_MS);
}

/** What the site may import at `atMs` by its contract and its orders, W. Infinity without either. */
export function importLimitW({ circuits, orders = [] }: Pick<Scenario, "circuits" | "orders">, atMs: number): number {
  const inForce = orders.filter(({ startMs, endMs }) => startMs <= atMs && atMs < endMs);
  const contractW = circuits[0]?.limitW ?? Number.POSITIVE_INFINITY;
  return Math.min(contractW, ...inForce.map((order) => order.importLimitW));
}

/** The same for a quarter-hour: the lowest of it. */
export function slotImportLimitW(scenario: Pick<Scenario, "circuits" | "orders" | "startMs">, slot: number): number {
  const beginMs = scenario.startMs + slot * SLOT_MS;
  const begins = (scenario.orders ?? []).map(({ startMs }) => startMs);
  const within = begins.filter((atMs) => atMs > beginMs && atMs < beginMs + SLOT_MS);
  return Math.min(...[beginMs, ...within].map((atMs) => importLimitW(scenario, atMs)));
}

/** Most power of a session's car at its EVSE, W. */
export function sessionPowerW(scenario: Scenario, session: ScenarioSession, evse: ScenarioEvse): number {
  const currentA = Math.min(session.maxCurrentA, evse.maxCurrentA);
  return currentA * Math.min(session.phases, evse.phases.length) * scenario.voltageV;
}

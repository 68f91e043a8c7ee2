/**
 * The process image: everything measured, frozen at the beginning of a tick. Decisions read it and nothing else.
 * Values are quantised at the edge (0.1 A, 1 W, 1 Wh), so that the tape holds exactly what the core saw.
 */
import type { PerPhase } from "./quantity.ts";

/** A grid or circuit meter. Currents are signed: export is negative. Missing values were not measured. */
export interface MeterReading {
  readonly deviceId: string;
  readonly atMonoMs: number;
  readonly powerW: number;
  readonly currentA?: PerPhase;
  readonly voltageV?: PerPhase;
  readonly importWh?: number;
  readonly exportWh?: number;
}

/** A PV inverter. Production is positive. */
export interface PvReading {
  readonly deviceId: string;
  readonly atMonoMs: number;
  readonly powerW: number;
  readonly energyWh?: number;
}

/** A stationary battery. Charging is positive. */
export interface BatteryReading {
  readonly deviceId: string;
  readonly atMonoMs: number;
  readonly powerW: number;
  readonly socPercent?: number;
}

/** What an EVSE's own meter says; phases are those of the EVSE, not of the grid. Missing values were not told. */
export interface EvseValues {
  readonly currentA?: PerPhase;
  readonly powerW?: number;
  /** Registers of what it took and of what it gave back, Wh. */
  readonly energyWh?: number;
  readonly exportWh?: number;
  readonly socPercent?: number;
  /** Current that the EVSE offers to the car, A. */
  readonly offeredA?: number;
}

export interface EvseReading extends EvseValues {
  readonly evseId: string;
  readonly atMonoMs: number;
}

/** Signs of life of the ways that the grid operator's limits come in by. */
export interface GridLinks {
  /** Since when anybody listens, and when each source was heard of last; monotonic. */
  readonly sinceMonoMs: number;
  readonly heardMonoMs: ReadonlyMap<string, number>;
  /** Whether each digital input was closed at its last reading, and since when. */
  readonly inputs: ReadonlyMap<string, { readonly closed: boolean; readonly sinceMonoMs: number }>;
}

/**
 * `unproven`: it has not shown any car yet, and shows less than the cars draw: nothing rises by what it says. `suspect`: it showed
 * too little before a restart, and has not shown a car since: what it shows is the least that flows. `strayed`: that too, and it
 * showed a phase above its rating, and no car on it that could be the cause: what it shows may be cars on any.
 */
export type MeterCaution = "unproven" | "suspect" | "strayed";

export interface ProcessImage {
  /** Wall clock, epoch ms, and whether it may be believed. */
  readonly nowMs: number;
  readonly monoMs: number;
  readonly wallTrusted: boolean;
  readonly meters: ReadonlyMap<string, MeterReading>;
  readonly pvs: ReadonlyMap<string, PvReading>;
  readonly batteries: ReadonlyMap<string, BatteryReading>;
  /** What was measured, and nothing else; of an EVSE with an untold car only its registers. */
  readonly evses: ReadonlyMap<string, EvseReading>;
  /**
   * EVSEs at which a car may draw without anybody having been told, and since when (monotonic). Nothing of it is measured:
   * it is for the guard to leave room, and for people to be told that it is assumed.
   */
  readonly untoldCars?: ReadonlyMap<string, number>;
  /** Meters that are not to be believed in all that they show. */
  readonly cautions?: ReadonlyMap<string, MeterCaution>;
  readonly gridLinks?: GridLinks;
  /** Import and export price of the running slot, EUR/kWh, where known. */
  readonly importEurPerKwh?: number;
  readonly exportEurPerKwh?: number;
}

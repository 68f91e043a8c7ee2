/** What a run of a scenario came to: money, energy, peaks, limits. The same books for the controller and its rivals. */
import type { PhaseIndex } from "../core/quantity.ts";
import { SLOT_MS } from "../core/time/slots.ts";
import type { WiredSite } from "./models/site.ts";
import { type Scenario, type ScenarioSession, slotIndexOf, slotsOf } from "./scenario.ts";

export interface ScenarioTotals {
  readonly sessions: number;
  readonly energyAskedWh: number;
  readonly energyDeliveredWh: number;
  /** By session id. */
  readonly deliveredWh: ReadonlyMap<string, number>;
  /** Import less export; without wear. */
  readonly costEur: number;
  readonly wearEur: number;
  readonly importWh: number;
  readonly exportWh: number;
  readonly pvWh: number;
  /** Production that was used on the site, 0..1; missing without sun. */
  readonly selfConsumption?: number;
  /** Of the imported energy; missing without a series. */
  readonly co2Kg?: number;
  /** Highest import of a quarter-hour. */
  readonly peakW: number;
  /** Highest current on a phase of the grid connection. */
  readonly peakA: number;
  /** Seconds in which a circuit, or the difference between phases, was above its limit by more than the meter's tolerance. */
  readonly secondsAboveLimit: number;
  /** How often that lasted longer than a meter and a car need to react. */
  readonly overloads: number;
  /** Seconds in which a circuit was above its limit while neither car nor battery took anything: nobody can help that. */
  readonly secondsOfBuilding: number;
  readonly batteryCycles?: number;
  /** Stored at the end, Wh. */
  readonly batteryEndWh?: number;
  /** Mean import (+) or export (-) of each quarter-hour, and what the cars drew, W. */
  readonly gridW: readonly number[];
  readonly evsesW: readonly number[];
  readonly batteryW: readonly number[];
}

/** Two per cent and half an ampere: what a class 1 meter may not see. */
const TOLERANCE_PART = 1.02;
const TOLERANCE_A = 0.5;
/** A reading a second, an answer of the charge point, and up to 5 s of the car (IEC 61851-1). */
const REACTION_S = 10;
/** What stands by, W: a car that is plugged in, a battery at rest. */
const TAKES_W = 50;

export class ScenarioBooks {
  readonly #scenario: Scenario;
  readonly #gridWs: Float64Array;
  readonly #evsesWs: Float64Array;
  readonly #batteryWs: Float64Array;
  readonly #delivered = new Map<string, number>();
  readonly #givenWh = new Map<string, number>();
  #cost = 0;
  #wear = 0;
  #import = 0;
  #export = 0;
  #pv = 0;
  #pvExport = 0;
  #co2Grams = 0;
  #discharged = 0;
  #peakA = 0;
  #above = 0;
  #aboveNow = 0;
  #overloads = 0;
  #ofBuilding = 0;

  constructor(scenario: Scenario) {
    this.#scenario = scenario;
    const slots = slotsOf(scenario);
    this.#gridWs = new Float64Array(slots);
    this.#evsesWs = new Float64Array(slots);
    this.#batteryWs = new Float64Array(slots);
  }

  /** Books `seconds` from `fromMs` on, which lie in one slot. */
  count(wired: WiredSite, fromMs: number, seconds: number): void {
    const slot = slotIndexOf(this.#scenario, fromMs);
    if (slot < 0 || slot >= this.#gridWs.length) return;
    const { powerW, currentA } = wired.meter("grid");
    const gridW = powerW[0] + powerW[1] + powerW[2];
    this.#gridWs[slot]! += gridW * seconds;
    this.#evsesWs[slot]! += wired.evsesW * seconds;
    this.#batteryWs[slot]! += wired.batteryW * seconds;
    this.#money(slot, gridW, seconds);
    this.#pv += (wired.pvW * seconds) / 3600;
    // What a battery sells is not the sun of that hour.
    this.#pvExport += (Math.min(wired.pvW, Math.max(0, -gridW)) * seconds) / 3600;
    this.#wear += this.#wearEur(wired.batteryW, seconds) + this.#carsWearEur(wired);
    this.#discharged += (Math.max(0, -wired.batteryW) * seconds) / 3600;
    this.#peakA = Math.max(this.#peakA, currentA[0], currentA[1], currentA[2]);
    const above = this.#isUneven(wired) || this.#isAbove(wired);
    const takes = wired.evsesW > TAKES_W || wired.batteryW > TAKES_W;
    if (above && !takes) this.#ofBuilding += seconds;
    this.#limits(above && takes ? seconds : 0);
  }

  #money(slot: number, gridW: number, seconds: number): void {
    const { billedImportEurPerKwh, exportEurPerKwh, emittedGramsPerKwh } = this.#scenario;
    const wh = (gridW * seconds) / 3600;
    if (wh > 0) {
      this.#import += wh;
      this.#cost += (wh / 1000) * billedImportEurPerKwh[slot]!;
      this.#co2Grams += (wh / 1000) * (emittedGramsPerKwh?.[slot] ?? 0);
    } else {
      this.#export -= wh;
      this.#cost += (wh / 1000) * exportEurPerKwh[slot]!;
    }
  }

  #wearEur(batteryW: number, seconds: number): number {
    const wear = this.#scenario.battery?.wearEurPerKwh ?? 0;
    return ((Math.abs(batteryW) * seconds) / 3_600_000) * (wear / 2);
  }

  /** Of what cars gave back since the last look. */
  #carsWearEur(wired: WiredSite): number {
    let eur = 0;
    for (const { id, discharge } of this.#scenario.evses) {
      if (!discharge) continue;
      const exportWh = wired.exportWh(id);
      eur += ((exportWh - (this.#givenWh.get(id) ?? 0)) / 1000) * discharge.wearEurPerKwh;
      this.#givenWh.set(id, exportWh);
    }
    return eur;
  }

  #limits(aboveS: number): void {
    const before = this.#aboveNow;
    this.#above += aboveS;
    this.#aboveNow = aboveS > 0 ? before + aboveS : 0;
    if (before <= REACTION_S && this.#aboveNow > REACTION_S) this.#overloads++;
  }

  /** Cars load one phase more than another, by more than they may. */
  #isUneven(wired: WiredSite): boolean {
    const { evses, unbalanceLimitA } = this.#scenario;
    if (unbalanceLimitA === undefined) return false;
    const carsA: [number, number, number] = [0, 0, 0];
    for (const { id, phases } of evses) {
      const own = wired.evseCurrentA(id);
      for (const [wire, phase] of phases.entries()) carsA[phase] += own[wire as PhaseIndex];
    }
    return Math.max(...carsA) - Math.min(...carsA) > unbalanceLimitA * TOLERANCE_PART + TOLERANCE_A;
  }

  #isAbove(wired: WiredSite): boolean {
    for (const { id, limitA, limitW } of this.#scenario.circuits) {
      const { powerW, currentA } = wired.meter(id);
      const mostA = limitA * TOLERANCE_PART + TOLERANCE_A;
      if (currentA[0] > mostA || currentA[1] > mostA || currentA[2] > mostA) return true;
      const sumW = powerW[0] + powerW[1] + powerW[2];
      // A contract for power counts by the quarter-hour, which the peak shows.
      if (limitW !== undefined && id !== "grid" && sumW > limitW * TOLERANCE_PART) return true;
    }
    return false;
  }

  delivered(session: ScenarioSession, wh: number): void {
    this.#delivered.set(session.id, wh);
  }

  totals(batteryEndWh: number | undefined): ScenarioTotals {
    const { sessions, battery, emittedGramsPerKwh } = this.#scenario;
    const perSlot = (sums: Float64Array) => Array.from(sums, (ws) => Math.round(ws / (SLOT_MS / 1000)));
    const gridW = perSlot(this.#gridWs);
    const usableWh = battery ? battery.capacityWh - battery.minEnergyWh : 0;
    return {
      sessions: sessions.length,
      energyAskedWh: Math.round(sessions.reduce((sum, session) => sum + session.energyWh, 0)),
      energyDeliveredWh: Math.round([...this.#delivered.values()].reduce((sum, wh) => sum + wh, 0)),
      deliveredWh: this.#delivered,
      costEur: cents(this.#cost),
      wearEur: cents(this.#wear),
      importWh: Math.round(this.#import),
      exportWh: Math.round(this.#export),
      pvWh: Math.round(this.#pv),
      ...(this.#pv > 0 ? { selfConsumption: 1 - this.#pvExport / this.#pv } : {}),
      ...(emittedGramsPerKwh ? { co2Kg: Math.round(this.#co2Grams / 100) / 10 } : {}),
      peakW: Math.max(0, ...gridW),
      peakA: Math.round(this.#peakA * 10) / 10,
      secondsAboveLimit: Math.round(this.#above),
      overloads: this.#overloads,
      secondsOfBuilding: Math.round(this.#ofBuilding),
      ...(battery && batteryEndWh !== undefined
        ? { batteryCycles: Math.round((10 * this.#discharged) / usableWh) / 10, batteryEndWh: Math.round(batteryEndWh) }
        : {}),
      gridW,
      evsesW: perSlot(this.#evsesWs),
      batteryW: perSlot(this.#batteryWs),
    };
  }
}

function cents(eur: number): number {
  return Math.round(eur * 1e4) / 1e4;
}
